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
        "messages[].output_config.effort",
        "the effort of the turn that it stands in",
    ),
    carried(
        "messages[].content[].text",
        "text; several are joined by a blank line where a message is text alone",
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
        "messages[].content[].cache_control",
        "nothing: chat servers cache by themselves",
    ),
    mapped("system", "the first `system` message"),
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
    dropped("tools[].input_examples", "chat has no place for them"),
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
];
