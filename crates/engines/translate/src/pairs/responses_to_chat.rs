//! Codex, and whoever else speaks Responses, over a server that speaks chat.

mod fields;

use crate::chat;
use crate::definition::{Definition, Joined, Work};
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "responses_to_chat",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &responses::CALLER,
        upstream: &chat::SERVED,
        adapt: None,
    }),
};
