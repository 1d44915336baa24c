//! Whoever speaks chat, over Gemini.

mod fields;

use crate::chat;
use crate::definition::{Definition, Joined, Work};
use crate::gemini;

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_gemini",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &gemini::SERVED,
        adapt: None,
    }),
};
