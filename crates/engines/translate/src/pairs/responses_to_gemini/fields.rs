//! What becomes of each field of a Responses request that goes to Gemini.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped("instructions", "the first part of `systemInstruction`"),
    mapped(
        "input",
        "`contents`; items of one speaker are joined, each call's result stands right after it, and the user speaks first and last",
    ),
    mapped(
        "input[].message.role=developer",
        "`systemInstruction`; after the user or the assistant has spoken, the user's words where it stands",
    ),
    carried("input[].content[].input_text", "a text part"),
    mapped(
        "input[].content[].input_image",
        "`inlineData`, or `fileData` with its URL; words in its place where the model takes none",
    ),
    mapped(
        "input[].content[].input_file",
        "`inlineData` or `fileData` under its title; text as text",
    ),
    mapped("input[].content[].input_audio", "`inlineData`"),
    carried(
        "input[].function_call",
        "`functionCall` with its id and signature; from Gemini 3 on the first call of a step that has none gets the provider's own word for that",
    ),
    mapped(
        "input[].custom_tool_call",
        "a `functionCall` with its text as `input`",
    ),
    mapped(
        "input[].function_call_output",
        "`functionResponse` by id and name, the text as `output`; images in it, or behind it before Gemini 3",
    ),
    mapped(
        "input[].reasoning",
        "Gemini's own, where it is signed; else left out",
    ),
    refused(
        "input[].compaction_trigger",
        "Gemini compacts no conversations",
    ),
    mapped(
        "input[].content[].prompt_cache_breakpoint",
        "nothing: Gemini caches by itself",
    ),
    mapped("stream", "the method that is called"),
    mapped(
        "max_output_tokens",
        "`maxOutputTokens`, cut to what the model takes",
    ),
    carried(
        "temperature",
        "dropped where the model takes none, unless it is 1",
    ),
    carried(
        "top_p",
        "dropped where the model takes none, unless it is 1",
    ),
    carried(
        "tools[]",
        "function declarations; the schema as it was written",
    ),
    dropped("tools[].strict", "Gemini knows no such promise"),
    mapped(
        "tools[].custom",
        "a function of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tool_choice",
        "`functionCallingConfig`; a tool that OpenAI runs is dropped",
    ),
    mapped("tool_choice.allowed_tools", "`allowedFunctionNames`"),
    mapped("parallel_tool_calls", "nothing; dropped where it is false"),
    mapped(
        "reasoning.effort",
        "`thinkingLevel` or `thinkingBudget`, as the model takes it",
    ),
    mapped("reasoning.summary", "`includeThoughts`"),
    mapped(
        "text.format",
        "`responseJsonSchema`; words in the system prompt where the model refuses it beside tools",
    ),
    dropped("text.verbosity", "Gemini has no such setting"),
    mapped("store", "nothing: Gemini keeps no answers"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped("user", "nothing: Gemini does not ask"),
    mapped("safety_identifier", "nothing: Gemini does not ask"),
    mapped("prompt_cache_key", "nothing: Gemini caches by itself"),
    mapped("prompt_cache_retention", "nothing: Gemini caches by itself"),
    mapped("prompt_cache_options", "nothing: Gemini caches by itself"),
    mapped("service_tier", "`flex` and `priority`; others are dropped"),
];
