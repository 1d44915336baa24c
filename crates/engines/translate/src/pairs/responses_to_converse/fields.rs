//! What becomes of each field of a Responses request that goes to Converse.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped("instructions", "the first part of `system`"),
    mapped(
        "input",
        "`messages`; items of one speaker are joined, each call's result stands right after it, and the user speaks first and last",
    ),
    mapped(
        "input[].message.role=developer",
        "`system`; after the user or the assistant has spoken, the user's words where it stands",
    ),
    carried("input[].content[].input_text", "a `text` block"),
    mapped(
        "input[].content[].input_image",
        "an `image` block; words in its place where the model takes none such",
    ),
    mapped(
        "input[].content[].input_file",
        "a `document` block behind its title; words in its place for other types",
    ),
    refused("input[].content[].input_audio", "Converse takes no sound"),
    carried(
        "input[].function_call",
        "a `toolUse` block; ids and names cut to what all models take",
    ),
    mapped(
        "input[].custom_tool_call",
        "a `toolUse` block with its text as `input`",
    ),
    mapped("input[].function_call_output", "a `toolResult` block"),
    mapped(
        "input[].reasoning",
        "left out: few of these models take any back",
    ),
    refused(
        "input[].compaction_trigger",
        "Bedrock compacts no conversations",
    ),
    mapped(
        "input[].content[].prompt_cache_breakpoint",
        "nothing: which models take marks is not known here",
    ),
    mapped("stream", "the operation that is called"),
    mapped(
        "max_output_tokens",
        "`inferenceConfig.maxTokens`, cut to what the model takes",
    ),
    carried("temperature", "`inferenceConfig.temperature`"),
    carried("top_p", "`inferenceConfig.topP`"),
    carried(
        "tools[]",
        "`toolConfig.tools`; the schema as it was written",
    ),
    dropped(
        "tools[].strict",
        "not every model here knows such a promise",
    ),
    mapped(
        "tools[].custom",
        "a function of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tool_choice",
        "`toolConfig.toolChoice`; `none` is dropped, for a conversation with calls must declare its tools",
    ),
    dropped(
        "tool_choice.allowed_tools",
        "all of them may be called; named `tool_choice`",
    ),
    mapped("parallel_tool_calls", "nothing; dropped where it is false"),
    mapped(
        "reasoning.effort",
        "nothing: each maker has words of its own; named `effort`",
    ),
    mapped("reasoning.summary", "nothing"),
    mapped(
        "text.format",
        "words in the system prompt; named `response_format`",
    ),
    dropped("text.verbosity", "Converse has no such setting"),
    mapped("store", "nothing: Bedrock keeps no answers"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped("user", "nothing: Bedrock does not ask"),
    mapped("safety_identifier", "nothing: Bedrock does not ask"),
    mapped(
        "prompt_cache_key",
        "nothing: which models take marks is not known here",
    ),
    mapped(
        "prompt_cache_retention",
        "nothing: which models take marks is not known here",
    ),
    mapped(
        "prompt_cache_options",
        "nothing: which models take marks is not known here",
    ),
    mapped(
        "service_tier",
        "`serviceTier` for `flex` and `priority`; others are dropped",
    ),
];
