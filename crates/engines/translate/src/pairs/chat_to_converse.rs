//! Whoever speaks chat, over models of any maker on Bedrock.

mod fields;

use crate::chat;
use crate::context::RequestContext;
use crate::converse;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::neutral::Request;
use crate::pairs::sound;

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_converse",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &converse::SERVED,
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
        "Converse takes no sound; send a transcript",
    )
}
