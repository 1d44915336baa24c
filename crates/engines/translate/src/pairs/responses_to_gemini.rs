//! Codex, and whoever else speaks Responses, over Gemini.

mod fields;

use crate::definition::{Definition, Joined, Work};
use crate::gemini;
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "responses_to_gemini",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &responses::CALLER,
        upstream: &gemini::SERVED,
        adapt: None,
    }),
};
