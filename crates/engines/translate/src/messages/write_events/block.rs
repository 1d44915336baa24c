//! The one block that is open, and its deltas. Deltas are the bulk of every stream, so they are written without any
//! detour.

use super::super::write_answer::write_name;
use super::event;
use crate::dialect::Origin;
use crate::json::{Balance, Object, Text};
use crate::neutral::{Bind, Bound};
use crate::state::PairState;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Thinking,
    Redacted,
    /// The call of that key.
    Tool(u32),
}

/// An open block.
#[derive(Debug)]
pub(super) struct Open {
    pub kind: Kind,
    index: u64,
    /// The call's id, or the redacted text.
    id: String,
    name: Text<'static>,
    balance: Balance,
    /// Some input has come.
    filled: bool,
    /// The upstream has ended the call.
    pub ended: bool,
    /// Thinking that its caller does not want to see, escaped.
    pub hidden: Option<String>,
}

impl Open {
    /// Text or thinking.
    pub(super) fn words_of(kind: Kind, hide_thinking: bool) -> Self {
        let hidden = hide_thinking && kind == Kind::Thinking;
        Self {
            hidden: hidden.then(String::new),
            ..Self::new(kind, String::new(), Text::EMPTY)
        }
    }

    pub(super) fn tool(key: u32, id: String, name: Text<'static>) -> Self {
        Self::new(Kind::Tool(key), id, name)
    }

    /// Anthropic's own withheld thinking; nothing else becomes such a block.
    pub(super) fn redacted(bound: &Bound<'_>) -> Option<Self> {
        let is_redacted = bound.origin == Origin::Anthropic && bound.bind == Bind::Redacted;
        is_redacted.then(|| {
            let data = bound.data.decoded().into_owned();
            Self::new(Kind::Redacted, data, Text::EMPTY)
        })
    }

    fn new(kind: Kind, id: String, name: Text<'static>) -> Self {
        Self {
            kind,
            index: 0,
            id,
            name,
            balance: Balance::default(),
            filled: false,
            ended: false,
            hidden: None,
        }
    }

    pub(super) fn is_tool(&self) -> bool {
        matches!(self.kind, Kind::Tool(_))
    }

    /// Whether nothing more can come for it: words may always end, a call only when it is complete.
    pub(super) fn may_close(&self) -> bool {
        !self.is_tool() || self.ended || self.balance.is_complete()
    }

    /// A call whose input is not complete.
    pub(super) fn is_cut(&self) -> bool {
        self.is_tool() && self.filled && !self.balance.is_complete()
    }

    pub(super) fn begin(&mut self, index: u64, state: &PairState, out: &mut Vec<u8>) {
        self.index = index;
        event(out, "content_block_start", |event| {
            event.number("index", index);
            let mut block = event.object("content_block");
            self.write_beginning(&mut block, state);
        });
    }

    fn write_beginning(&self, block: &mut Object<'_>, state: &PairState) {
        match self.kind {
            Kind::Text => {
                block.str("type", "text");
                block.str("text", "");
                block.null("citations");
            }
            Kind::Thinking => {
                block.str("type", "thinking");
                block.str("thinking", "");
                block.str("signature", "");
            }
            Kind::Redacted => {
                block.str("type", "redacted_thinking");
                block.str("data", &self.id);
            }
            Kind::Tool(_) => {
                block.str("type", "tool_use");
                block.str("id", &self.id);
                write_name(block, &self.name, state);
                block.raw("input", "{}");
            }
        }
    }

    /// More text or thinking.
    pub(super) fn words(&mut self, piece: &Text<'_>, out: &mut Vec<u8>) {
        if let Some(hidden) = &mut self.hidden {
            hidden.push_str(&piece.escaped());
            return;
        }
        let head = match self.kind {
            Kind::Thinking => &br#""thinking_delta","thinking":""#[..],
            _ => br#""text_delta","text":""#,
        };
        self.delta(head, piece, out);
    }

    pub(super) fn signature(&mut self, signature: &Text<'_>, out: &mut Vec<u8>) {
        self.delta(br#""signature_delta","signature":""#, signature, out);
    }

    /// More of a call's input.
    pub(super) fn input(&mut self, piece: &Text<'_>, out: &mut Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        self.filled = true;
        self.balance.push(piece);
        self.delta(br#""input_json_delta","partial_json":""#, piece, out);
    }

    fn delta(&self, head: &[u8], piece: &Text<'_>, out: &mut Vec<u8>) {
        out.reserve(piece.len() + 160);
        out.extend_from_slice(
            b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":",
        );
        out.extend_from_slice(itoa::Buffer::new().format(self.index).as_bytes());
        out.extend_from_slice(b",\"delta\":{\"type\":");
        out.extend_from_slice(head);
        piece.write(out);
        out.extend_from_slice(b"\"}}\n\n");
    }

    /// Ends it. A call without input gets its empty object: clients run a call without any delta all the same.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        if self.is_tool() && !self.filled {
            self.input(&Text::Raw("{}"), out);
        }
        if let Some(hidden) = self.hidden.take().filter(|hidden| !hidden.is_empty()) {
            // Nothing binds it, so nobody will want it back: then it may as well be seen.
            self.words(&Text::Raw(&hidden), out);
        }
        event(out, "content_block_stop", |event| {
            event.number("index", self.index);
        });
    }
}
