//! Chunks, which all begin alike. Deltas are the bulk of every stream, so they are written without any detour.

use kernel::Usage;

use crate::chat::usage;
use crate::chat::write_answer::completion_id;
use crate::json::{Object, Text};
use crate::state::PairState;

/// What ends a chunk that is not the last.
const TAIL: &[u8] = b"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";

/// What follows the beginning in all chunks with a choice, up to the delta's inside.
const CHOICE: &[u8] = b",\"choices\":[{\"index\":0,\"delta\":{";

/// The chunks of one stream.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// `data: ` and all that stands before `choices`.
    beginning: Vec<u8>,
}

impl Chunks {
    /// Fixes how all chunks begin.
    pub(super) fn begin(
        &mut self,
        model: Option<&Text<'_>>,
        created_s: Option<u64>,
        state: &PairState,
    ) {
        self.beginning.extend_from_slice(b"data: ");
        let mut object = Object::new(&mut self.beginning);
        object.str("id", &completion_id(state));
        object.str("object", "chat.completion.chunk");
        object.number("created", created_s.unwrap_or(state.now_s));
        match model {
            Some(model) => object.text("model", model),
            None => object.str("model", &state.model),
        }
        drop(object);
        // The brace that closed it: more follows in every chunk.
        self.beginning.pop();
    }

    /// A chunk with a piece of one of the message's texts.
    pub(super) fn words(&self, key: &[u8], piece: &Text<'_>, out: &mut Vec<u8>) {
        out.reserve(self.beginning.len() + piece.len() + 128);
        self.head(out);
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":\"");
        piece.write(out);
        out.push(b'"');
        out.extend_from_slice(TAIL);
    }

    /// A chunk with a piece of a call's arguments.
    pub(super) fn arguments(&self, index: u32, piece: &Text<'_>, out: &mut Vec<u8>) {
        out.reserve(self.beginning.len() + piece.len() + 160);
        self.head(out);
        out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
        out.extend_from_slice(b",\"function\":{\"arguments\":\"");
        piece.write(out);
        out.extend_from_slice(b"\"}}]");
        out.extend_from_slice(TAIL);
    }

    /// A chunk with any delta.
    pub(super) fn delta(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
        self.head(out);
        // The delta's own brace stands in the head already.
        out.pop();
        {
            let mut delta = Object::new(out);
            write(&mut delta);
        }
        out.pop();
        out.extend_from_slice(TAIL);
    }

    /// The last chunk with a choice.
    pub(super) fn finish(&self, reason: &str, out: &mut Vec<u8>) {
        self.head(out);
        out.extend_from_slice(b"},\"logprobs\":null,\"finish_reason\":\"");
        out.extend_from_slice(reason.as_bytes());
        out.extend_from_slice(b"\"}]}\n\n");
    }

    /// The chunk without a choice that tells what it cost.
    pub(super) fn usage(&self, usage: &Usage, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.beginning);
        out.extend_from_slice(b",\"choices\":[],");
        let mark = out.len();
        {
            let mut object = Object::new(out);
            usage::write(&mut object, usage);
        }
        // Without its brace, for it stands within the chunk.
        out.remove(mark);
        out.extend_from_slice(b"\n\n");
    }

    fn head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.beginning);
        out.extend_from_slice(CHOICE);
    }
}
