//! Codex, and whoever else speaks Responses, over models of any maker on Bedrock.

mod fields;

use crate::converse;
use crate::definition::{Definition, Joined, Work};
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "responses_to_converse",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &responses::CALLER,
        upstream: &converse::SERVED,
        adapt: None,
    }),
};
