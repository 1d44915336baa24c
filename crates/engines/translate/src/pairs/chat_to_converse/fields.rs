//! What becomes of each field of a chat request that goes to Converse.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped(
        "messages",
        "`system` and `messages`; consecutive turns of one role are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "messages[].role=system",
        "`system`; after the user or the assistant has spoken, the user's words where it stands. `developer` likewise",
    ),
    dropped(
        "messages[].name",
        "Converse knows one user and one assistant",
    ),
    carried("messages[].content[].text", "a `text` block"),
    mapped(
        "messages[].content[].image_url",
        "an `image` block of a data URL; words in its place where the model takes none such",
    ),
    mapped(
        "messages[].content[].file",
        "a `document` block behind its title; words in its place for other types",
    ),
    refused(
        "messages[].content[].file.file_id",
        "the file is stored at OpenAI",
    ),
    refused(
        "messages[].content[].input_audio",
        "Converse takes no sound",
    ),
    mapped(
        "messages[].content[].cache_control",
        "nothing: which models take marks is not known here",
    ),
    mapped(
        "messages[].content[].prompt_cache_breakpoint",
        "nothing: which models take marks is not known here",
    ),
    carried(
        "messages[].refusal",
        "the assistant's text; so are parts of that type",
    ),
    mapped(
        "messages[].tool_calls[]",
        "`toolUse` blocks; ids and names cut to what all models take",
    ),
    mapped(
        "messages[].tool_calls[].custom",
        "a `toolUse` block with its text as `input`",
    ),
    mapped(
        "messages[].function_call",
        "a `toolUse` block under an id of ours",
    ),
    mapped(
        "messages[].role=tool",
        "a `toolResult` block in the user's turn; `function` likewise",
    ),
    mapped(
        "messages[].reasoning_content",
        "left out: few of these models take any back",
    ),
    mapped("messages[].reasoning_details[]", "left out, likewise"),
    refused(
        "messages[].audio",
        "what the assistant said aloud is stored at OpenAI",
    ),
    mapped("stream", "the operation that is called"),
    mapped(
        "stream_options.include_usage",
        "whether the stream ends with usage; Bedrock always reports it",
    ),
    carried(
        "tools[].function",
        "`toolConfig.tools`; the schema as it was written",
    ),
    dropped(
        "tools[].function.strict",
        "not every model here knows such a promise; named `tools[].strict`",
    ),
    mapped(
        "tools[].custom",
        "a tool of one string, whose description names the grammar; its calls come back as custom calls",
    ),
    mapped(
        "tool_choice",
        "`toolConfig.toolChoice`; `none` is dropped, for a conversation with calls must declare its tools",
    ),
    dropped(
        "tool_choice.allowed_tools",
        "all of them may be called; named `tool_choice`",
    ),
    mapped("parallel_tool_calls", "nothing; named where it is false"),
    mapped(
        "functions",
        "tools; the answer's call comes back as `function_call`",
    ),
    mapped("function_call", "as `tool_choice`"),
    mapped(
        "max_completion_tokens",
        "`inferenceConfig.maxTokens`, cut to what the model takes",
    ),
    carried("temperature", "`inferenceConfig.temperature`"),
    carried("top_p", "`inferenceConfig.topP`"),
    dropped("top_k", "each maker has a word of its own"),
    refused("n", "these models give one answer; 1 is no loss"),
    mapped("stop", "`inferenceConfig.stopSequences`"),
    dropped("seed", "Converse has none"),
    dropped("frequency_penalty", "Converse has none; 0 is no loss"),
    dropped("presence_penalty", "Converse has none; 0 is no loss"),
    dropped("logit_bias", "Converse has none"),
    dropped("logprobs", "Converse tells none"),
    dropped("top_logprobs", "Converse tells none"),
    mapped(
        "response_format",
        "words in the system prompt; named by its type",
    ),
    mapped(
        "reasoning_effort",
        "nothing: each maker has words of its own; named `effort`",
    ),
    mapped("reasoning", "nothing, as `reasoning_effort`"),
    mapped("thinking", "nothing, as `reasoning_effort`"),
    dropped("verbosity", "Converse has no such setting"),
    refused(
        "modalities",
        "these models answer in text; `text` is no loss",
    ),
    mapped("user", "nothing: Bedrock does not ask"),
    mapped("safety_identifier", "nothing: Bedrock does not ask"),
    mapped(
        "prompt_cache_key",
        "nothing: which models take marks is not known here",
    ),
    mapped(
        "prompt_cache_options",
        "nothing: which models take marks is not known here",
    ),
    mapped("prompt_cache_retention", "nothing, likewise"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped(
        "service_tier",
        "`serviceTier` for `flex` and `priority`; others are dropped",
    ),
    mapped("store", "nothing: Bedrock keeps no answers"),
    dropped("audio", "these models do not speak"),
    dropped("prediction", "OpenAI's own"),
    dropped(
        "web_search_options",
        "OpenAI's own; a search tool of the gateway's MCP endpoint serves any model",
    ),
    dropped("moderation", "OpenAI's own"),
];
