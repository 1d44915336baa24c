//! Claude Code, and whoever else speaks messages, over a server that speaks chat.

mod fields;

use crate::chat;
use crate::context::RequestContext;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::neutral::Request;
use crate::pairs::structure;

pub(super) static PAIR: Definition = Definition {
    name: "messages_to_chat",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &messages::CALLER,
        upstream: &chat::SERVED,
        adapt: Some(adapt),
    }),
};

fn adapt(
    request: &mut Request<'_>,
    _dialect: Dialect,
    _context: &RequestContext<'_>,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    structure::loosen(request, dropped);
    Ok(())
}
