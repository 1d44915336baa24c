//! The one item that is open.

use super::call::Call;
use super::message::{Kind, Message};
use super::numbered::Numbered;
use super::reasoning::Thoughts;
use crate::json::Text;
use crate::responses::output::{Called, Status};
use crate::state::PairState;

/// An open item.
#[derive(Debug)]
pub(super) enum Open {
    Message(Message),
    Reasoning(Thoughts),
    Call(Call),
}

impl Open {
    /// A message or reasoning.
    pub(super) fn words_of(kind: Kind, index: u64, state: &PairState) -> Self {
        match kind {
            Kind::Thinking => Self::Reasoning(Thoughts::new(
                format!("rs_{}_{index}", state.call_id),
                index,
            )),
            Kind::Text | Kind::Refusal => Self::Message(Message::new(
                format!("msg_{}_{index}", state.call_id),
                index,
            )),
        }
    }

    pub(super) fn call(key: u32, index: u64, called: Called) -> Self {
        Self::Call(Call::new(key, index, called))
    }

    /// Whether such words belong into it.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        match self {
            Self::Message(_) => kind != Kind::Thinking,
            Self::Reasoning(_) => kind == Kind::Thinking,
            Self::Call(_) => false,
        }
    }

    /// Whether nothing more can come for it: words may always end, a call only when it is complete.
    pub(super) fn may_close(&self) -> bool {
        match self {
            Self::Call(call) => call.may_close(),
            _ => true,
        }
    }

    pub(super) fn begin(&self, events: Numbered<'_>) {
        match self {
            Self::Message(message) => message.begin(events),
            Self::Reasoning(thoughts) => thoughts.begin(events),
            Self::Call(call) => call.begin(events),
        }
    }

    /// More words.
    pub(super) fn words(&mut self, kind: Kind, piece: &Text<'_>, events: Numbered<'_>) {
        match self {
            Self::Message(message) => message.words(kind, piece, events),
            Self::Reasoning(thoughts) => thoughts.words(piece, events),
            Self::Call(_) => {}
        }
    }

    /// Ends it, and adds it to what the answer's end tells again. True where it is a call whose input is not complete.
    pub(super) fn close(self, status: Status, events: Numbered<'_>, output: &mut Vec<u8>) -> bool {
        match self {
            Self::Message(message) => message.close(status, events, output),
            Self::Reasoning(thoughts) => thoughts.close(events, output),
            Self::Call(call) => return call.close(events, output),
        }
        false
    }
}
