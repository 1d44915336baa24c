//! Whoever speaks chat, over OpenAI's Responses.

mod fields;

use crate::chat;
use crate::definition::{Definition, Joined, Work};
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_responses",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &responses::SERVED,
        adapt: None,
    }),
};
