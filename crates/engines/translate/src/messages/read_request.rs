//! Reads a messages body into the neutral request: one pass over the top level, blocks borrowed.

mod body;
mod parts;
mod settings;
mod tools;

use wire::Protocol;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json;
use crate::neutral::{Request, Role, Turn};
#[cfg(test)]
pub(crate) use body::KNOWN_FIELDS;
use body::{Body, Message};
use parts::Parts;

/// Claude Code's first system block says which build of it asks; nobody but Anthropic bills by it, and it would spoil
/// other providers' prompt caches.
const ATTRIBUTION: &str = "x-anthropic-billing-header:";

/// Reads a request.
pub(crate) fn read_request<'a>(
    body: &'a str,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) -> Result<Request<'a>, TranslateError> {
    let broken = |error: serde_json::Error| TranslateError::request(Protocol::Messages, &error);
    let mut body: Body<'a> = json::read(body).map_err(broken)?;
    for name in &body.without_peer {
        dropped.note_foreign(name);
    }
    let mut request = Request {
        stream: body.stream.unwrap_or(false),
        parallel_tool_calls: body.parallel(),
        max_output_tokens: body.max_tokens,
        stop: body.stop_sequences.take().unwrap_or_default(),
        service_tier: body.service_tier(),
        ..Request::default()
    };
    settings::read(&body, &mut request, dropped);

    let mut parts = Parts::new(context);
    let mut turns = Vec::with_capacity(body.messages.len() + 1);
    if let Some(system) = body.system.take() {
        let mut system = parts.content(system)?;
        system.retain(|part| !is_attribution(part));
        turns.push(Turn::new(Role::System, system));
    }
    let first = turns.len();
    let last_user = body.messages.iter().rposition(Message::is_user);
    for (index, message) in std::mem::take(&mut body.messages).into_iter().enumerate() {
        // Shown for one turn only, and that turn is over.
        if message.is_cleared() && last_user.is_some_and(|user| index < user) {
            continue;
        }
        let role = message.role();
        let read = match message.content {
            Some(content) => parts.content(content)?,
            None => Vec::new(),
        };
        // What a compaction sums up is no longer shown to the model.
        if std::mem::take(&mut parts.compacted) {
            turns.truncate(first);
        }
        turns.push(Turn::new(role, read));
    }
    request.turns = turns;
    let changes = parts.changes;
    request.tools = tools::read(&body.tools, &changes, dropped).map_err(broken)?;
    request.tool_choice = body.tool_choice.and_then(body::Choice::read);
    Ok(request)
}

fn is_attribution(part: &crate::neutral::Part<'_>) -> bool {
    matches!(part, crate::neutral::Part::Text(text) if text.text.starts_with(ATTRIBUTION))
}
