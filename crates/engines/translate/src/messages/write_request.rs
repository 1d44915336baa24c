//! Writes the neutral request as a messages body, for Claude wherever it is served.

mod blocks;
mod format;
mod marks;
mod model;
mod schema;
mod settings;
mod system;
mod thinking;
mod tools;
mod turns;

use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::Object;
use crate::names::Names;
use crate::neutral::Request;
use model::Model;

/// Writes a request; its turns are used up.
pub(crate) fn write_request(
    request: &mut Request<'_>,
    _dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let model = Model::of(context);
    let hints = Hints {
        ours: !marks::bound(request),
        agent: !request.tools.is_empty(),
    };
    let turns = std::mem::take(&mut request.turns);
    let room: usize = turns.iter().map(|turn| turn.parts.len() * 256).sum();
    let conversation = turns::settled(turns);
    let thinking = thinking::Decided::of(request, &conversation, model, context, dropped);
    let called = conversation.called();
    let mut body = Vec::with_capacity(4_096 + room);
    {
        let mut object = Object::new(&mut body);
        object.str("model", context.model);
        object.number("max_tokens", thinking.max_tokens);
        tools::write(&mut object, request, &called, model, hints, names, dropped);
        let format = format::decide(request.format.as_ref(), model, dropped);
        system::write(&mut object, conversation.system, &format, hints, dropped)?;
        turns::write(&mut object, conversation.turns, model, hints, dropped)?;
        settings::write(&mut object, request, &thinking, &format, model, dropped);
        if request.stream {
            object.flag("stream", true);
        }
    }
    Ok(body)
}

/// Where the provider shall cache the prompt. Most callers cannot say it, and without it nothing is cached: then the
/// tools, the system prompt and the last two of the user's turns are marked. The second of these is where the request
/// before this one ended, so an agent's next step reads all that its last one wrote. A single question without tools
/// is not marked: nobody will read it again, and writing costs more than reading.
#[derive(Debug, Clone, Copy)]
struct Hints {
    /// The caller said nothing about caching.
    ours: bool,
    /// Tools are declared, so more steps will follow.
    agent: bool,
}

#[cfg(test)]
mod tests;
