//! What several pairs do about schemas.

use crate::dropped::Dropped;
use crate::neutral::{Format, Request, Tool, ToolKind, is_closed_schema};

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
