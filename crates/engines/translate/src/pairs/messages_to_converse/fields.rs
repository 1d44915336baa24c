//! What becomes of each field of a messages request that goes to Converse.

use crate::fields::{Field, carried, dropped, mapped};

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
    mapped("messages[].output_config.effort", "nothing, as `thinking`"),
    carried("messages[].content[].text", "a `text` block"),
    mapped(
        "messages[].content[].image",
        "an `image` block; words in its place where the model takes none such",
    ),
    mapped(
        "messages[].content[].document",
        "a `document` block behind its title; text as text; words in its place for other types",
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
        "messages[].content[].cache_control",
        "nothing: which models take marks is not known here",
    ),
    mapped("system", "`system`"),
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
    dropped("tools[].input_examples", "Converse has no place for them"),
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
];
