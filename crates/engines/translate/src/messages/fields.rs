//! What becomes of the fields of a messages request that fare alike over every upstream.

use crate::fields::{Field, dropped, mapped, refused};

pub(crate) const FIELDS: &[Field] = &[
    mapped(
        "messages[].clear_at",
        "a system message whose turn is over is left out",
    ),
    mapped(
        "messages[].content[].text.citations",
        "left out: the text itself stays",
    ),
    refused(
        "messages[].content[].source.file_id",
        "the file is stored at Anthropic",
    ),
    mapped(
        "messages[].content[].search_result",
        "text under its title and source",
    ),
    mapped(
        "messages[].content[].tool_reference",
        "words: the tool is available now",
    ),
    mapped(
        "messages[].content[].tool_addition",
        "the tool stands in `tools`",
    ),
    mapped(
        "messages[].content[].tool_removal",
        "the tool is left out of `tools`",
    ),
    mapped(
        "messages[].content[].compaction",
        "its summary; what came before is left out, as Anthropic does",
    ),
    dropped(
        "messages[].content[].server_tool_use",
        "no other provider knows Anthropic's own tools; named by its type, as are their results",
    ),
    dropped(
        "system[].x-anthropic-billing-header",
        "Claude Code's attribution block, which only Anthropic reads; not named",
    ),
    mapped(
        "tools[].defer_loading",
        "a deferred tool is shown from where a search found it, or always where only the provider could search",
    ),
    dropped(
        "tools[].type",
        "a tool that Anthropic runs or knows without a schema; named by its type",
    ),
    mapped("output_format", "as `output_config.format`"),
    dropped("speed", "another provider's speeds have other prices"),
    dropped("container", "Anthropic's own"),
    dropped(
        "context_management",
        "Anthropic edits the conversation itself; other providers get it whole",
    ),
    dropped("compaction", "Anthropic's own"),
    dropped(
        "mcp_servers",
        "Anthropic calls them itself; the gateway's own MCP endpoint serves any model",
    ),
    dropped("inference_geo", "routes decide where a call goes"),
    dropped("diagnostics", "Anthropic's own"),
    dropped("fallbacks", "routes decide what is asked next"),
    dropped("fallback_credit_token", "Anthropic's own"),
    dropped("billing_policy", "Anthropic's own"),
    dropped("thread", "Anthropic's own"),
    dropped("user_profile_id", "Anthropic's own"),
    dropped("workspace_id", "Anthropic's own"),
];
