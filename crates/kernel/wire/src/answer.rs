//! What a whole answer says about itself: model, usage and the rest that its price depends on. Reads only.

mod anthropic;
mod openai;

pub(crate) use anthropic::{Message, Stop};
pub(crate) use openai::{ResponseObject, count_tool};

use kernel::{Failure, Kind, Reported};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Protocol, lean, scan};

/// An answer that promised success is no JSON object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the upstream's {protocol} answer is not valid JSON: {reason}")]
pub struct AnswerError {
    /// The protocol it was read as.
    pub protocol: Protocol,
    /// What the reader stumbled over.
    pub reason: String,
}

impl Failure for AnswerError {
    fn kind(&self) -> Kind {
        Kind::Upstream
    }

    fn code(&self) -> &'static str {
        "UPSTREAM_INVALID_JSON"
    }
}

/// Reads the body of a successful answer that is no stream.
pub fn read_answer(protocol: Protocol, body: &[u8]) -> Result<Reported, AnswerError> {
    let read = match protocol {
        Protocol::Chat | Protocol::Embeddings => parse(body, openai::ChatAnswer::report),
        Protocol::Responses => parse(body, |response: ResponseObject| {
            let mut reported = Reported::default();
            response.report(&mut reported);
            reported
        }),
        Protocol::Messages => parse(body, Message::report),
    };
    read.map_err(|error| AnswerError {
        protocol,
        reason: error.to_string(),
    })
}

/// The quick reader's word where it has one, else that of the thorough one.
fn parse<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    report: impl FnOnce(T) -> Reported,
) -> serde_json::Result<Reported> {
    match lean::read(body) {
        Some(answer) => Ok(report(answer)),
        None => serde_json::from_slice(body).map(report),
    }
}

/// Bytes of text, reasoning and tool arguments in a whole answer, as they are escaped: what an estimate goes by where
/// the answer reports no usage.
#[must_use]
pub fn output_bytes(protocol: Protocol, body: &[u8]) -> u64 {
    let mut bytes = 0;
    let mut keys = scan::keys(body);
    while let Some(key) = keys.next() {
        bytes += match (protocol, key.name) {
            (Protocol::Embeddings, _) => 0,
            // A tool's arguments come as an object: all of it counts.
            (Protocol::Messages, b"input") if key.depth == 3 => {
                scan::parse::<&RawValue>(keys.value()).map_or(0, |input| input.get().len())
            }
            (Protocol::Messages, b"text" | b"thinking") if key.depth == 3 => {
                keys.string().map_or(0, <[u8]>::len)
            }
            (Protocol::Chat, b"content" | b"reasoning_content" | b"reasoning" | b"refusal")
                if key.depth == 4 =>
            {
                keys.string().map_or(0, <[u8]>::len)
            }
            (Protocol::Chat, b"arguments") => keys.string().map_or(0, <[u8]>::len),
            // Only below `output`: items stand at depth 3, their parts at 5.
            (Protocol::Responses, b"arguments" | b"input") if key.depth == 3 => {
                keys.string().map_or(0, <[u8]>::len)
            }
            (Protocol::Responses, b"text" | b"refusal") if key.depth == 5 => {
                keys.string().map_or(0, <[u8]>::len)
            }
            _ => 0,
        };
    }
    bytes as u64
}

#[cfg(test)]
mod tests;
