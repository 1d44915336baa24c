//! Codex, and whoever else speaks Responses, over a server that speaks chat.

mod fields;

use crate::chat;
use crate::context::RequestContext;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::neutral::Request;
use crate::pairs::structure;
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "responses_to_chat",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &responses::CALLER,
        upstream: &chat::SERVED,
        adapt: Some(adapt),
    }),
};

fn adapt(
    request: &mut Request<'_>,
    dialect: Dialect,
    _context: &RequestContext<'_>,
    _dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    if dialect == Dialect::DeepSeek {
        structure::tell_schema(request);
    }
    Ok(())
}
