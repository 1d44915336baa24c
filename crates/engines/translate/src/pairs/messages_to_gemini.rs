//! Claude Code, and whoever else speaks messages, over Gemini.

mod fields;
#[cfg(test)]
mod tests;

use crate::definition::{Definition, Joined, Work};
use crate::gemini;
use crate::messages;

pub(super) static PAIR: Definition = Definition {
    name: "messages_to_gemini",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &messages::CALLER,
        upstream: &gemini::SERVED,
        adapt: None,
    }),
};
