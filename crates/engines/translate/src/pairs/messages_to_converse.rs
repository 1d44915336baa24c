//! Claude Code, and whoever else speaks messages, over models of any maker on Bedrock.

mod fields;

use crate::converse;
use crate::definition::{Definition, Joined, Work};
use crate::messages;

pub(super) static PAIR: Definition = Definition {
    name: "messages_to_converse",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &messages::CALLER,
        upstream: &converse::SERVED,
        adapt: None,
    }),
};
