//! Whoever speaks chat, over models of any maker on Bedrock.

mod fields;

use crate::chat;
use crate::converse;
use crate::definition::{Definition, Joined, Work};

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_converse",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &converse::SERVED,
        adapt: None,
    }),
};
