//! Reads a Responses body into the neutral request: one pass over the top level, items borrowed.

mod body;
mod items;
mod settings;
mod tools;

use serde_json::value::RawValue;
use wire::Protocol;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{self, StringOr, Text};
use crate::neutral::{Part, Request, Role, Turn};
use body::Body;
#[cfg(test)]
pub(crate) use body::KNOWN_FIELDS;
use items::Items;

/// What is not sent again but named: nobody else has it.
const STORED: &str = "answers are not kept for this model; send the whole conversation in `input`";

/// Reads a request.
pub(crate) fn read_request<'a>(
    body: &'a str,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) -> Result<Request<'a>, TranslateError> {
    let broken = |error: serde_json::Error| TranslateError::request(Protocol::Responses, &error);
    let mut body: Body<'a> = json::read(body).map_err(broken)?;
    refuse_what_is_elsewhere(&body)?;
    for name in &body.without_peer {
        dropped.note_foreign(name);
    }
    let mut request = Request {
        stream: body.stream.unwrap_or(false),
        parallel_tool_calls: body.parallel_tool_calls,
        max_output_tokens: body.max_output_tokens,
        ..Request::default()
    };
    settings::read(&body, &mut request, dropped).map_err(broken)?;
    if let Some(instructions) = text(body.instructions) {
        let part = Part::text(instructions);
        request.turns.push(Turn::new(Role::System, vec![part]));
    }
    let mut declared = tools::Declared::default();
    for raw in &body.tools {
        declared.add(raw).map_err(broken)?;
    }
    match body.input.take() {
        Some(StringOr::Text(text)) => {
            let part = Part::text(text);
            request.turns.push(Turn::new(Role::User, vec![part]));
        }
        Some(StringOr::List(list)) => Items {
            context,
            request: &mut request,
            declared: &mut declared,
        }
        .read(list)?,
        None => {}
    }
    request.tools = declared.tools;
    request.tool_choice = tools::choice(body.tool_choice, dropped).map_err(broken)?;
    request.echo = body.echo;
    Ok(request)
}

/// What points at something that only another provider holds.
fn refuse_what_is_elsewhere(body: &Body<'_>) -> Result<(), TranslateError> {
    let refuse = |field, why| Err(TranslateError::NotTranslatable { field, why });
    if body.previous_response_id.is_some() {
        return refuse("previous_response_id", STORED);
    }
    if body.conversation.is_some() {
        return refuse("conversation", STORED);
    }
    if body.prompt.is_some() {
        return refuse(
            "prompt",
            "the template is stored at another provider; send its text in `input`",
        );
    }
    if body.background.is_some_and(|raw| raw.get() == "true") {
        return refuse(
            "background",
            "this model answers only while its caller waits; leave it out",
        );
    }
    Ok(())
}

/// The string that a value is.
fn text(raw: Option<&RawValue>) -> Option<Text<'_>> {
    raw.and_then(|raw| Text::of(raw.get()))
        .filter(|text| !text.is_empty())
}
