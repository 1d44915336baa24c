//! A tool call as a block with a name and an object, which Anthropic's messages and Converse have in common.

use crate::json::{self, Object, Text};
use crate::names::{self, NameRule};
use crate::neutral::{Input, ToolCall};

/// Writes `name` and `input`.
pub(crate) fn write(out: &mut Object<'_>, call: &ToolCall<'_>) {
    let space = call.namespace.as_ref().map(Text::decoded);
    let name = call.name.decoded();
    out.str(
        "name",
        &names::shown(NameRule::STRICT, space.as_deref(), &name),
    );
    match &call.input {
        Input::Object(json) => write_input(out, json),
        Input::Encoded(text) => write_input(out, &text.decoded()),
        Input::Free(text) => out.object("input").text(names::FREE_INPUT, text),
    }
}

/// Only an object is taken; whatever else a model once wrote is told as what it is.
fn write_input(out: &mut Object<'_>, input: &str) {
    let input = input.trim();
    if input.is_empty() {
        out.raw("input", "{}");
    } else if json::is_object(input) && json::read::<serde::de::IgnoredAny>(input).is_ok() {
        out.raw("input", input);
    } else {
        out.object("input").str("invalid_json", input);
    }
}
