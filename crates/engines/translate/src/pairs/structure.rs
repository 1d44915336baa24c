//! What several pairs do about schemas.

use crate::dropped::Dropped;
use crate::json::Text;
use crate::neutral::{Format, Part, Request, Role, Tool, ToolKind, Turn, is_closed_schema};

/// Anthropic's strictness allows optional properties, OpenAI's does not and refuses such a schema: tools and formats
/// stay strict where theirs fits.
pub(super) fn loosen(request: &mut Request<'_>, dropped: &mut Dropped) {
    for tool in &mut request.tools {
        loosen_tool(tool, dropped);
    }
    if let Some(Format::Schema { schema, strict, .. }) = &mut request.format {
        *strict = is_closed_schema(schema.get()).then_some(true);
    }
}

fn loosen_tool(tool: &mut Tool<'_>, dropped: &mut Dropped) {
    if let ToolKind::Function { schema, strict } = &mut tool.kind
        && *strict == Some(true)
        && !schema.is_some_and(|schema| is_closed_schema(schema.get()))
    {
        *strict = None;
        dropped.note("tools[].strict");
    }
}

/// Tells the model the schema of its answer in words, where the upstream knows JSON but no schemas.
pub(super) fn tell_schema(request: &mut Request<'_>) {
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
