//! Whoever speaks chat, over OpenAI's Responses.

mod fields;

use crate::chat;
use crate::context::RequestContext;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::neutral::Request;
use crate::pairs::sound;
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_responses",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &responses::SERVED,
        adapt: Some(adapt),
    }),
};

fn adapt(
    request: &mut Request<'_>,
    _dialect: Dialect,
    _context: &RequestContext<'_>,
    _dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    sound::refuse(
        request,
        "messages[].content[].input_audio",
        "OpenAI takes sound over chat alone; send a transcript",
    )
}
