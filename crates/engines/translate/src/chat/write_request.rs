//! Writes the neutral request as a chat completions body, in the dialect that the upstream speaks.

mod assistant;
mod content;
mod dialect;
mod settings;
mod tools;
mod turns;

use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Object, Text};
use crate::names::Names;
use crate::neutral::{Format, Part, Request, Role, Turn};
use dialect::Rules;

/// Writes a request; its turns are used up.
pub(crate) fn write_request(
    request: &mut Request<'_>,
    dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    if dialect == Dialect::DeepSeek {
        tell_schema(request);
    }
    let rules = Rules::of(dialect, context.facts);
    let turns = std::mem::take(&mut request.turns);
    let room: usize = turns.iter().map(|turn| turn.parts.len() * 256).sum();
    let mut body = Vec::with_capacity(4_096 + room);
    {
        let mut object = Object::new(&mut body);
        object.str("model", context.model);
        turns::write(&mut object, turns, &request.thinking, rules, dropped)?;
        tools::write(&mut object, request, rules, names, dropped);
        settings::write(&mut object, request, rules, context, dropped);
        if request.stream {
            object.flag("stream", true);
            // Also where the caller does not want to see it: what a call cost must be known.
            object.object("stream_options").flag("include_usage", true);
        }
    }
    Ok(body)
}

/// Tells the model the schema of its answer in words, where the server knows JSON but no schemas.
fn tell_schema(request: &mut Request<'_>) {
    let Some(Format::Schema { schema, .. }) = &request.format else {
        return;
    };
    let told = format!(
        "Answer with one JSON object that fits this JSON Schema, and nothing else:\n{}",
        schema.get()
    );
    let part = Part::text(Text::plain(told));
    match request.turns.first_mut() {
        Some(turn) if turn.role == Role::System => turn.parts.push(part),
        _ => request.turns.insert(0, Turn::new(Role::System, vec![part])),
    }
}
