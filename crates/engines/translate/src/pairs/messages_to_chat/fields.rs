//! What becomes of each field of a messages request that goes to a chat server.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped(
        "messages",
        "`messages`; consecutive turns of one role are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "messages[].role=system",
        "a `system` message where it stands; to other servers than OpenAI and DeepSeek, the user's words",
    ),
    mapped(
        "messages[].clear_at",
        "a system message whose turn is over is left out",
    ),
    mapped(
        "messages[].output_config.effort",
        "the effort of the turn that it stands in",
    ),
    carried(
        "messages[].content[].text",
        "text; several are joined by a blank line where a message is text alone",
    ),
    mapped(
        "messages[].content[].text.citations",
        "left out: the text itself stays",
    ),
    mapped(
        "messages[].content[].image",
        "an `image_url` part, base64 as a data URL; words in its place where the model takes none (DeepSeek)",
    ),
    mapped(
        "messages[].content[].document",
        "a PDF as a `file` part, text as text under its title; words in its place at DeepSeek",
    ),
    refused(
        "messages[].content[].document.source.url",
        "chat servers fetch no documents",
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
        "`tool_calls[]`; the input as it was written, ids and names cut to what all servers take",
    ),
    mapped(
        "messages[].content[].tool_result",
        "a `tool` message; images follow in a message of the user's, `is_error` as the word `Error:`",
    ),
    mapped(
        "messages[].content[].thinking",
        "DeepSeek: `reasoning_content`; other servers: their own reasoning, in the field it came in; else left out",
    ),
    mapped(
        "messages[].content[].redacted_thinking",
        "back to the server that made it, else left out",
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
        "nothing: chat servers cache by themselves",
    ),
    mapped("system", "the first `system` message"),
    dropped(
        "system[].x-anthropic-billing-header",
        "Claude Code's attribution block, which only Anthropic reads; not named",
    ),
    mapped(
        "max_tokens",
        "`max_completion_tokens` at OpenAI, else `max_tokens`; cut to what the model takes",
    ),
    carried("stream", "with `stream_options.include_usage`"),
    carried("tools[]", "functions; the schema as it was written"),
    mapped(
        "tools[].strict",
        "`strict` at OpenAI where the schema leaves nothing open, else dropped",
    ),
    mapped(
        "tools[].defer_loading",
        "a deferred tool is shown from where a search found it, or always where only the provider could search",
    ),
    dropped("tools[].input_examples", "chat has no place for them"),
    dropped(
        "tools[].type",
        "a tool that Anthropic runs or knows without a schema; named by its type",
    ),
    mapped("tool_choice", "`auto`, `required`, `none` or the function"),
    mapped(
        "tool_choice.disable_parallel_tool_use",
        "`parallel_tool_calls`",
    ),
    mapped(
        "thinking",
        "an effort: up to 4,096 tokens low, up to 16,384 medium, else high; DeepSeek: `thinking.type` too",
    ),
    mapped(
        "thinking.display",
        "`omitted`: the text travels inside the signature",
    ),
    mapped(
        "output_config.effort",
        "`reasoning_effort`; dropped where the model is not known to take one",
    ),
    mapped(
        "output_config.format",
        "`response_format`; at DeepSeek JSON, with the schema in the system message",
    ),
    mapped("output_format", "as `output_config.format`"),
    dropped(
        "output_config.task_budget",
        "chat has no budget over several calls",
    ),
    carried(
        "stop_sequences",
        "`stop`, the first four (DeepSeek: 16); dropped for OpenAI's reasoning models",
    ),
    carried(
        "temperature",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    carried(
        "top_p",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    dropped("top_k", "not in OpenAI's protocol"),
    mapped(
        "metadata.user_id",
        "OpenAI: `safety_identifier`, and the session in it as `prompt_cache_key`; else nothing",
    ),
    mapped(
        "service_tier",
        "OpenAI: `auto`, or `default` for `standard_only`; else dropped",
    ),
    mapped("cache_control", "nothing: chat servers cache by themselves"),
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
