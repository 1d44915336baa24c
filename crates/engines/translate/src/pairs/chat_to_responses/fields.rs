//! What becomes of each field of a chat request that goes to OpenAI's Responses.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped(
        "messages",
        "`instructions` and `input`; consecutive turns of one role are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "messages[].role=system",
        "`instructions` where it stands first, else a `developer` message where it stands. `developer` likewise",
    ),
    dropped("messages[].name", "Responses has no place for it"),
    carried(
        "messages[].content[].text",
        "`input_text`, `output_text` of the assistant",
    ),
    carried(
        "messages[].content[].image_url",
        "`input_image` with its `detail`",
    ),
    carried(
        "messages[].content[].file",
        "`input_file`; text as text under its name",
    ),
    refused(
        "messages[].content[].file.file_id",
        "the file is stored with its caller's own key",
    ),
    refused(
        "messages[].content[].input_audio",
        "OpenAI takes sound over chat alone",
    ),
    mapped(
        "messages[].content[].cache_control",
        "nothing: OpenAI caches by itself; `prompt_cache_breakpoint` likewise",
    ),
    mapped(
        "messages[].refusal",
        "the assistant's text; so are parts of that type",
    ),
    carried(
        "messages[].tool_calls[]",
        "`function_call` and `custom_tool_call` items; ids and names cut to what all servers take",
    ),
    mapped(
        "messages[].function_call",
        "a `function_call` item under an id of ours",
    ),
    mapped(
        "messages[].role=tool",
        "`function_call_output` and `custom_tool_call_output` items; `function` likewise",
    ),
    mapped(
        "messages[].reasoning_content",
        "the summary of the reasoning that `reasoning_details` carries; alone it is left out",
    ),
    carried(
        "messages[].reasoning_details[]",
        "`reasoning` items where OpenAI encrypted them, else left out",
    ),
    refused(
        "messages[].audio",
        "what the assistant said aloud is stored with its caller's own key",
    ),
    carried("stream", "as it is"),
    mapped(
        "stream_options.include_usage",
        "whether the stream ends with usage; it is always reported",
    ),
    carried(
        "tools[].function",
        "functions; the schema as it was written, `strict` said where it was not",
    ),
    carried(
        "tools[].custom",
        "custom tools, the grammar as Responses writes it",
    ),
    carried(
        "tool_choice",
        "`auto`, `required`, `none`, the tool, or `allowed_tools`",
    ),
    carried("parallel_tool_calls", "as it is"),
    mapped(
        "functions",
        "functions; the answer's call comes back as `function_call`",
    ),
    mapped("function_call", "`tool_choice`"),
    mapped(
        "max_completion_tokens",
        "`max_output_tokens`, at least 16, cut to what the model takes",
    ),
    carried(
        "temperature",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    carried(
        "top_p",
        "dropped for OpenAI's reasoning models, unless it is 1",
    ),
    dropped("top_k", "not in OpenAI's protocols"),
    refused("n", "Responses gives one answer; 1 is no loss"),
    mapped("stop", "dropped: Responses has no stop sequences"),
    dropped("seed", "Responses has none"),
    dropped("frequency_penalty", "Responses has none; 0 is no loss"),
    dropped("presence_penalty", "Responses has none; 0 is no loss"),
    dropped("logit_bias", "Responses has none"),
    dropped("logprobs", "they are not put into chat's form"),
    dropped("top_logprobs", "they are not put into chat's form"),
    mapped("response_format", "`text.format`"),
    mapped("reasoning_effort", "`reasoning.effort`"),
    mapped(
        "reasoning",
        "as clients of OpenRouter write it: `effort`, `max_tokens` as an effort, `enabled`, `exclude`; a summary is asked for where thinking is switched on or `exclude` is false",
    ),
    mapped(
        "thinking",
        "as clients of DeepSeek and Claude write it: an effort",
    ),
    mapped("verbosity", "`text.verbosity`"),
    refused("modalities", "Responses answers in text; `text` is no loss"),
    mapped(
        "user",
        "`safety_identifier`, where that is not set; left out where it is longer than 64 bytes",
    ),
    carried(
        "safety_identifier",
        "left out where it is longer than 64 bytes",
    ),
    carried(
        "prompt_cache_key",
        "left out where it is longer than 64 bytes",
    ),
    mapped("prompt_cache_options", "nothing: OpenAI's defaults hold"),
    mapped("prompt_cache_retention", "nothing: OpenAI's defaults hold"),
    carried("metadata", "as it is"),
    carried("service_tier", "as it is"),
    carried("store", "false where it is not said"),
    dropped("audio", "Responses does not speak"),
    dropped("prediction", "chat's own"),
    dropped(
        "web_search_options",
        "a search tool of the gateway's MCP endpoint serves any model",
    ),
    dropped(
        "moderation",
        "named, because its scores are not put into chat's form",
    ),
];
