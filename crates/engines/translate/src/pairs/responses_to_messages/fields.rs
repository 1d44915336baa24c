//! What becomes of each field of a Responses request that goes to Claude.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped("instructions", "the first block of `system`"),
    mapped(
        "input",
        "`system` and `messages`; items of one speaker are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "input[].message.role=developer",
        "`system`; after the user or the assistant has spoken, the user's words where it stands",
    ),
    carried("input[].content[].input_text", "a text block"),
    mapped(
        "input[].content[].input_image",
        "an image block, a data URL as base64; `detail` is left out",
    ),
    mapped(
        "input[].content[].input_file",
        "a document block: PDF in base64 or by its URL, text as text; words in its place for other types",
    ),
    refused("input[].content[].input_audio", "Claude does not hear"),
    carried(
        "input[].function_call",
        "a `tool_use` block; arguments as they were written, ids and names cut to what Claude takes",
    ),
    mapped(
        "input[].custom_tool_call",
        "a `tool_use` block with its text as `input`",
    ),
    mapped(
        "input[].function_call_output",
        "a `tool_result` block with its images in the user's turn",
    ),
    mapped(
        "input[].reasoning",
        "a `thinking` or `redacted_thinking` block where Claude made it, else left out",
    ),
    refused(
        "input[].compaction_trigger",
        "Claude's provider compacts otherwise",
    ),
    mapped(
        "input[].content[].prompt_cache_breakpoint",
        "`cache_control`, an hour for `12h`, of more than four the last ones; where nobody marks anything, requests with tools are marked as Claude Code marks them",
    ),
    carried("stream", "as it is"),
    mapped(
        "max_output_tokens",
        "`max_tokens`, cut to what the model takes; the protocol wants one, so there is a default",
    ),
    mapped(
        "temperature",
        "at most 1; dropped where the model takes none and while it thinks, unless it is 1",
    ),
    mapped(
        "top_p",
        "dropped where the model takes none, while it thinks, and beside a temperature, unless it is 1",
    ),
    carried("tools[]", "tools; the schema as it was written"),
    mapped(
        "tools[].strict",
        "`strict` where Claude's provider can enforce the schema, else dropped",
    ),
    mapped(
        "tools[].custom",
        "a tool of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tool_choice",
        "`auto`, `any`, `none` or the tool; a tool that OpenAI runs is dropped",
    ),
    dropped("tool_choice.allowed_tools", "`auto` or `any` of all tools"),
    mapped(
        "parallel_tool_calls",
        "`tool_choice.disable_parallel_tool_use`",
    ),
    mapped(
        "reasoning.effort",
        "`output_config.effort` and adaptive thinking, or a thinking budget, as the model takes it; `none` is thinking disabled",
    ),
    mapped(
        "reasoning.summary",
        "`thinking.display`; where one is asked for and no effort, the model thinks as it sees fit",
    ),
    mapped(
        "text.format",
        "`output_config.format` where the schema can be enforced; else, and for `json_object`, words in the system prompt",
    ),
    dropped("text.verbosity", "Claude has no such setting"),
    mapped("store", "nothing: Claude's provider keeps no answers"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped("user", "as `safety_identifier`, where that is not set"),
    mapped("safety_identifier", "`metadata.user_id`"),
    mapped(
        "prompt_cache_key",
        "nothing: Claude's cache is found by the prompt alone",
    ),
    mapped(
        "prompt_cache_retention",
        "nothing: marks say what is cached, and for how long",
    ),
    mapped(
        "prompt_cache_options",
        "nothing: marks say what is cached, and for how long",
    ),
    mapped(
        "service_tier",
        "`auto`, or `standard_only` for `default`; else dropped",
    ),
];
