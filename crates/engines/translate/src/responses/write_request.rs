//! Writes the neutral request as a Responses body. The conversation is sent whole every time and nothing is kept at
//! the provider, so reasoning travels encrypted.

mod content;
mod input;
mod settings;
mod tools;

use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::Object;
use crate::names::Names;
use crate::neutral::Request;

/// Writes a request; its turns are used up.
pub(crate) fn write_request(
    request: &mut Request<'_>,
    _dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let mut body = beginning(request);
    {
        let mut object = Object::new(&mut body);
        object.str("model", context.model);
        let turns = std::mem::take(&mut request.turns);
        input::write(&mut object, turns, dropped)?;
        tools::write(&mut object, request, names, dropped);
        settings::write(&mut object, request, context, dropped);
        if request.stream {
            object.flag("stream", true);
        }
    }
    Ok(body)
}

/// Writes a request for a count of its tokens; its turns are used up. What does not count is not sent: the endpoint
/// takes nothing else.
pub(crate) fn write_count(
    request: &mut Request<'_>,
    _dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let mut body = beginning(request);
    {
        let mut object = Object::new(&mut body);
        object.str("model", context.model);
        let turns = std::mem::take(&mut request.turns);
        input::write(&mut object, turns, dropped)?;
        tools::write(&mut object, request, names, dropped);
        settings::write_counted(&mut object, request, context, dropped);
    }
    Ok(body)
}

fn beginning(request: &Request<'_>) -> Vec<u8> {
    let parts: usize = request.turns.iter().map(|turn| turn.parts.len()).sum();
    Vec::with_capacity(4_096 + parts * 256)
}
