//! What is particular to messages over chat.

use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::json::Text;
use crate::neutral::{Format, Part, Request, Role, Tool, ToolKind, Turn, is_closed_schema};

/// Adapts a request before it is written.
pub(super) fn adapt(request: &mut Request<'_>, dialect: Dialect, dropped: &mut Dropped) {
    // Anthropic's strictness allows optional properties, OpenAI's does not and refuses such a schema.
    for tool in &mut request.tools {
        loosen(tool, dropped);
    }
    if let Some(Format::Schema { schema, strict, .. }) = &mut request.format {
        *strict = is_closed_schema(schema.get()).then_some(true);
        if dialect == Dialect::DeepSeek {
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
    }
}

fn loosen(tool: &mut Tool<'_>, dropped: &mut Dropped) {
    if let ToolKind::Function { schema, strict } = &mut tool.kind
        && *strict == Some(true)
        && !schema.is_some_and(|schema| is_closed_schema(schema.get()))
    {
        *strict = None;
        dropped.note("tools[].strict");
    }
}
