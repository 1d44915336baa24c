//! What becomes of each field of a chat request that goes to Claude.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped(
        "messages",
        "`system` and `messages`; consecutive turns of one role are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "messages[].role=system",
        "`system`; after the user or the assistant has spoken, the user's words where it stands. `developer` likewise",
    ),
    dropped("messages[].name", "Claude knows one user and one assistant"),
    carried("messages[].content[].text", "a text block"),
    mapped(
        "messages[].content[].image_url",
        "an image block, a data URL as base64; `detail` is left out",
    ),
    mapped(
        "messages[].content[].file",
        "a document block: PDF in base64, text as text; words in its place for other types",
    ),
    refused(
        "messages[].content[].file.file_id",
        "the file is stored at OpenAI",
    ),
    refused("messages[].content[].input_audio", "Claude does not hear"),
    mapped(
        "messages[].content[].cache_control",
        "`cache_control` of the block; also of a message and of a tool; of more than four the last ones. Where nobody marks anything, requests with tools are marked as Claude Code marks them",
    ),
    mapped(
        "messages[].content[].prompt_cache_breakpoint",
        "`cache_control` of the block, an hour for `12h`",
    ),
    carried(
        "messages[].refusal",
        "the assistant's text; so are parts of that type",
    ),
    mapped(
        "messages[].tool_calls[]",
        "`tool_use` blocks; the arguments as they were written, ids and names cut to what Claude takes",
    ),
    mapped(
        "messages[].tool_calls[].custom",
        "a `tool_use` block with its text as `input`",
    ),
    mapped(
        "messages[].function_call",
        "a `tool_use` block under an id of ours",
    ),
    mapped(
        "messages[].role=tool",
        "a `tool_result` block in the user's turn; `function` likewise",
    ),
    mapped(
        "messages[].reasoning_content",
        "the thinking that `reasoning_details` binds; alone it is left out, for Claude takes none without a signature",
    ),
    carried(
        "messages[].reasoning_details[]",
        "`thinking` and `redacted_thinking` blocks where Claude made them, else left out",
    ),
    refused(
        "messages[].audio",
        "what the assistant said aloud is stored at OpenAI",
    ),
    carried("stream", "as it is"),
    mapped(
        "stream_options.include_usage",
        "whether the stream ends with usage; Claude always reports it",
    ),
    carried("tools[].function", "tools; the schema as it was written"),
    mapped(
        "tools[].function.strict",
        "`strict` where Claude's provider can enforce the schema, else dropped",
    ),
    mapped(
        "tools[].custom",
        "a tool of one string, whose description names the grammar; its calls come back as custom calls",
    ),
    mapped("tool_choice", "`auto`, `any`, `none` or the tool"),
    dropped("tool_choice.allowed_tools", "`auto` or `any` of all tools"),
    mapped(
        "parallel_tool_calls",
        "`tool_choice.disable_parallel_tool_use`",
    ),
    mapped(
        "functions",
        "tools; the answer's call comes back as `function_call`",
    ),
    mapped("function_call", "`tool_choice`"),
    mapped(
        "max_completion_tokens",
        "`max_tokens`, cut to what the model takes; the protocol wants one, so there is a default",
    ),
    mapped(
        "temperature",
        "`temperature`, at most 1; dropped where the model takes none and while it thinks, unless it is 1",
    ),
    mapped(
        "top_p",
        "`top_p`; dropped where the model takes none, while it thinks, and beside a temperature, unless it is 1",
    ),
    mapped(
        "top_k",
        "`top_k`; dropped where the model takes none and while it thinks",
    ),
    refused("n", "Claude gives one answer; 1 is no loss"),
    mapped(
        "stop",
        "`stop_sequences`; those of white space alone are dropped",
    ),
    dropped("seed", "Claude's sampling has none"),
    dropped("frequency_penalty", "Claude has none; 0 is no loss"),
    dropped("presence_penalty", "Claude has none; 0 is no loss"),
    dropped("logit_bias", "Claude has none"),
    dropped("logprobs", "Claude tells none"),
    dropped("top_logprobs", "Claude tells none"),
    mapped(
        "response_format",
        "`output_config.format` where the schema can be enforced; else, and for `json_object`, words in the system prompt",
    ),
    mapped(
        "reasoning_effort",
        "`output_config.effort` and adaptive thinking, or a thinking budget, as the model takes it; `none` is thinking disabled",
    ),
    mapped(
        "reasoning",
        "as clients of OpenRouter write it: `effort`, `max_tokens`, `enabled`; `exclude` is `thinking.display`",
    ),
    mapped(
        "thinking",
        "as clients of DeepSeek and Claude write it: `type`, `budget_tokens`",
    ),
    dropped("verbosity", "Claude has no such setting"),
    refused("modalities", "Claude answers in text; `text` is no loss"),
    mapped("user", "`metadata.user_id`"),
    mapped("safety_identifier", "`metadata.user_id`, before `user`"),
    mapped(
        "prompt_cache_key",
        "nothing: Claude's cache is found by the prompt alone",
    ),
    mapped(
        "prompt_cache_options",
        "nothing: marks say what is cached, and for how long",
    ),
    mapped("prompt_cache_retention", "nothing, likewise"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped(
        "service_tier",
        "`auto`, or `standard_only` for `default`; else dropped",
    ),
    mapped("store", "nothing: Claude's provider keeps no answers"),
    dropped("audio", "Claude does not speak"),
    dropped("prediction", "OpenAI's own"),
    dropped(
        "web_search_options",
        "OpenAI's own; a search tool of the gateway's MCP endpoint serves any model",
    ),
    dropped("moderation", "OpenAI's own"),
];
