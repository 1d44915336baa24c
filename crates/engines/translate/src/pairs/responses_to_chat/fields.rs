//! What becomes of each field of a Responses request that goes to a chat server.

use crate::fields::{Field, carried, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped("instructions", "the first `system` message"),
    mapped(
        "input",
        "`messages`; items of one speaker are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "input[].message.role=developer",
        "a `system` message where it stands; to other servers than OpenAI and DeepSeek, the user's words once the conversation has begun",
    ),
    carried(
        "input[].content[].input_text",
        "text; several are joined by a blank line where a message is text alone",
    ),
    carried(
        "input[].content[].input_image",
        "an `image_url` part with its `detail`; words in its place where the model takes none (DeepSeek)",
    ),
    mapped(
        "input[].content[].input_file",
        "a `file` part; words in its place at DeepSeek",
    ),
    refused(
        "input[].content[].input_file.file_url",
        "chat servers fetch no documents",
    ),
    carried(
        "input[].function_call",
        "`tool_calls[]`; arguments as they were written, ids and names cut to what all servers take",
    ),
    mapped(
        "input[].custom_tool_call",
        "a call whose arguments are `{\"input\": …}`",
    ),
    mapped(
        "input[].function_call_output",
        "a `tool` message; images follow in a message of the user's",
    ),
    mapped(
        "input[].reasoning",
        "DeepSeek: `reasoning_content`; other servers: their own reasoning, in the field it came in; else left out",
    ),
    refused(
        "input[].compaction_trigger",
        "chat servers compact no conversations",
    ),
    mapped(
        "input[].prompt_cache_breakpoint",
        "nothing: chat servers cache by themselves",
    ),
    carried("stream", "with `stream_options.include_usage`"),
    mapped(
        "max_output_tokens",
        "`max_completion_tokens` at OpenAI, else `max_tokens`; cut to what the model takes",
    ),
    carried(
        "temperature",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    carried(
        "top_p",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    carried("tools[]", "functions; the schema as it was written"),
    mapped("tools[].strict", "`strict` at OpenAI, else nothing"),
    mapped(
        "tools[].custom",
        "a function of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tool_choice",
        "`auto`, `required`, `none` or the function; a tool that OpenAI runs is dropped",
    ),
    mapped(
        "tool_choice.allowed_tools",
        "the same at OpenAI; else dropped",
    ),
    carried("parallel_tool_calls", "as it is"),
    mapped(
        "reasoning.effort",
        "`reasoning_effort`, DeepSeek: `thinking.type` too; dropped where the model is not known to take one",
    ),
    mapped(
        "reasoning.summary",
        "nothing: what the server shows of its reasoning is the summary",
    ),
    mapped(
        "text.format",
        "`response_format`; at DeepSeek JSON, with the schema in the system message",
    ),
    carried("text.verbosity", "`verbosity` at OpenAI, else dropped"),
    carried("store", "at OpenAI, else nothing"),
    carried("metadata", "at OpenAI, else nothing"),
    mapped("user", "as `safety_identifier`, where that is not set"),
    carried("safety_identifier", "at OpenAI, else nothing"),
    carried("prompt_cache_key", "at OpenAI, else nothing"),
    mapped(
        "prompt_cache_retention",
        "nothing: chat servers cache by themselves",
    ),
    mapped(
        "prompt_cache_options",
        "nothing: chat servers cache by themselves",
    ),
    carried("service_tier", "at OpenAI, else dropped"),
];
