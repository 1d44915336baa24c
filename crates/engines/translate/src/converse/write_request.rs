//! Writes the neutral request as a `Converse` body. Model and streaming stand in the path, not in here. What differs from
//! maker to maker (`additionalModelRequestFields`) is left out: a field that a model does not know costs the whole call.

mod content;
mod settings;
mod tools;

use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::Object;
use crate::names::Names;
use crate::neutral::{Conversation, Keep, Request};

/// Writes a request; its turns are used up.
pub(crate) fn write_request(
    request: &mut Request<'_>,
    _dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let turns = std::mem::take(&mut request.turns);
    let room: usize = turns.iter().map(|turn| turn.parts.len() * 256).sum();
    // Few of these models take reasoning back, and which do is not known here.
    let keep = Keep {
        reasoning: &|_| false,
        late_system: false,
    };
    let conversation = Conversation::of(turns, &keep);
    let called = conversation.called();
    let mut body = Vec::with_capacity(4_096 + room);
    {
        let mut object = Object::new(&mut body);
        let words = settings::words(request, dropped);
        content::write(&mut object, conversation, words, context.facts, dropped)?;
        tools::write(&mut object, request, &called, names, dropped);
        settings::write(&mut object, request, context, dropped);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
