//! Whoever speaks chat, over Claude.

mod fields;

use crate::chat;
use crate::context::RequestContext;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::neutral::Request;

pub(super) static PAIR: Definition = Definition {
    name: "chat_to_messages",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &chat::CALLER,
        upstream: &messages::SERVED,
        adapt: Some(adapt),
    }),
};

fn adapt(
    request: &mut Request<'_>,
    _dialect: Dialect,
    _context: &RequestContext<'_>,
    _dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    // Servers that speak chat show what their models think, so that is what their clients expect.
    request.thinking.summary.get_or_insert(true);
    Ok(())
}
