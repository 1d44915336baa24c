//! What becomes of each field of a messages request that goes to Gemini.

use crate::fields::{Field, carried, dropped, mapped};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped(
        "messages",
        "`contents`; consecutive turns of one role are joined, each call's result stands right after it, and the user speaks first and last",
    ),
    mapped(
        "messages[].role=system",
        "at the beginning `systemInstruction`, later the user's words where it stands",
    ),
    mapped(
        "messages[].output_config.effort",
        "the effort of the turn that it stands in",
    ),
    carried("messages[].content[].text", "a text part"),
    mapped(
        "messages[].content[].image",
        "`inlineData`, or `fileData` with its URL; words in its place where the model takes none",
    ),
    mapped(
        "messages[].content[].document",
        "`inlineData` or `fileData` under its title; text as text",
    ),
    carried(
        "messages[].content[].tool_use",
        "`functionCall` with its id and signature; from Gemini 3 on the first call of a step that has none gets the provider's own word for that",
    ),
    mapped(
        "messages[].content[].tool_result",
        "`functionResponse` by id and name, the text as `output` or `error`; images in it, or behind it before Gemini 3",
    ),
    mapped(
        "messages[].content[].thinking",
        "Gemini's own, where it is signed; else left out",
    ),
    mapped(
        "messages[].content[].redacted_thinking",
        "left out: only Anthropic reads it",
    ),
    mapped(
        "messages[].content[].cache_control",
        "nothing: Gemini caches by itself",
    ),
    mapped("system", "`systemInstruction`"),
    mapped(
        "max_tokens",
        "`maxOutputTokens`, cut to what the model takes",
    ),
    mapped("stream", "the path"),
    carried(
        "tools[]",
        "`functionDeclarations`; the schema as it was written, as `parametersJsonSchema`",
    ),
    dropped("tools[].strict", "Gemini promises nothing of a schema"),
    dropped("tools[].input_examples", "Gemini has no place for them"),
    mapped(
        "tool_choice",
        "`functionCallingConfig`: `AUTO`, `ANY`, `NONE`, or `ANY` of the one function",
    ),
    dropped(
        "tool_choice.disable_parallel_tool_use",
        "Gemini has no word for it; named `parallel_tool_calls`",
    ),
    mapped(
        "thinking",
        "`thinkingConfig`: a budget for Gemini 2.5, a level from Gemini 3 on; summaries are asked for with it",
    ),
    mapped("thinking.display", "`omitted`: no summaries are asked for"),
    mapped(
        "output_config.effort",
        "the level, or the budget that stands for it; dropped where the model does not think",
    ),
    mapped(
        "output_config.format",
        "`responseJsonSchema`; beside tools before Gemini 3, words in the system instruction",
    ),
    dropped(
        "output_config.task_budget",
        "Gemini has no budget over several calls",
    ),
    carried("stop_sequences", "`stopSequences`, the first five"),
    carried(
        "temperature",
        "dropped for Gemini 3.6 and later, which take no notice of it, unless it is 1",
    ),
    carried("top_p", "`topP`; dropped as `temperature`"),
    carried("top_k", "`topK`; dropped as `temperature`"),
    mapped("metadata.user_id", "nothing"),
    mapped("service_tier", "nothing: both mean the standard tier"),
    mapped("cache_control", "nothing: Gemini caches by itself"),
];
