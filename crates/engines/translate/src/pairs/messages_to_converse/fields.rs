//! What becomes of each field of a messages request that goes to Converse.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped(
        "messages",
        "`messages`; consecutive turns of one role are joined, each call's result stands right after it, and the user speaks first and last",
    ),
    mapped(
        "messages[].role=system",
        "at the beginning `system`, later the user's words where it stands",
    ),
    mapped(
        "messages[].clear_at",
        "a system message whose turn is over is left out",
    ),
    mapped("messages[].output_config.effort", "nothing, as `thinking`"),
    carried("messages[].content[].text", "a `text` block"),
    mapped(
        "messages[].content[].text.citations",
        "left out: the text itself stays",
    ),
    mapped(
        "messages[].content[].image",
        "an `image` block; words in its place where the model takes none such",
    ),
    mapped(
        "messages[].content[].document",
        "a `document` block behind its title; text as text; words in its place for other types",
    ),
    refused(
        "messages[].content[].source.file_id",
        "the file is stored at Anthropic",
    ),
    mapped(
        "messages[].content[].search_result",
        "text under its title and source",
    ),
    carried(
        "messages[].content[].tool_use",
        "a `toolUse` block; ids and names cut to what all models take",
    ),
    mapped(
        "messages[].content[].tool_result",
        "a `toolResult` block; `is_error` as its `status`",
    ),
    mapped(
        "messages[].content[].thinking",
        "left out: few of these models take any back",
    ),
    mapped(
        "messages[].content[].redacted_thinking",
        "left out: only Anthropic reads it",
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
    mapped(
        "messages[].content[].cache_control",
        "nothing: which models take marks is not known here",
    ),
    mapped("system", "`system`"),
    dropped(
        "system[].x-anthropic-billing-header",
        "Claude Code's attribution block, which only Anthropic reads; not named",
    ),
    mapped(
        "max_tokens",
        "`inferenceConfig.maxTokens`, cut to what the model takes",
    ),
    mapped("stream", "the path"),
    carried(
        "tools[]",
        "`toolConfig.tools`; the schema as it was written",
    ),
    dropped(
        "tools[].strict",
        "not every model here knows such a promise",
    ),
    mapped(
        "tools[].defer_loading",
        "a deferred tool is shown from where a search found it, or always where only the provider could search",
    ),
    dropped("tools[].input_examples", "Converse has no place for them"),
    dropped(
        "tools[].type",
        "a tool that Anthropic runs or knows without a schema; named by its type",
    ),
    mapped(
        "tool_choice",
        "`toolConfig.toolChoice`; `none` is dropped, for a conversation with calls must declare its tools",
    ),
    dropped(
        "tool_choice.disable_parallel_tool_use",
        "Converse has no word for it; named `parallel_tool_calls`",
    ),
    mapped(
        "thinking",
        "nothing: each maker has words of its own; named `effort`",
    ),
    mapped("thinking.display", "nothing"),
    mapped("output_config.effort", "nothing, as `thinking`"),
    mapped(
        "output_config.format",
        "words in the system prompt; named `response_format.json_schema`",
    ),
    mapped("output_format", "as `output_config.format`"),
    dropped(
        "output_config.task_budget",
        "Converse has no budget over several calls",
    ),
    carried("stop_sequences", "`inferenceConfig.stopSequences`"),
    carried("temperature", "`inferenceConfig.temperature`"),
    carried("top_p", "`inferenceConfig.topP`"),
    dropped("top_k", "each maker has a word of its own"),
    mapped("metadata.user_id", "nothing"),
    mapped("service_tier", "nothing: both mean the standard tier"),
    mapped(
        "cache_control",
        "nothing: which models take marks is not known here",
    ),
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
