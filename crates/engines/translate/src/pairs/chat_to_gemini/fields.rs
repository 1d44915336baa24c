//! What becomes of each field of a chat request that goes to Gemini.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id, in the path"),
    mapped(
        "messages",
        "`contents`; consecutive turns of one role are joined, each call's result stands right after it, and the user speaks first and last",
    ),
    mapped(
        "messages[].role=system",
        "at the beginning `systemInstruction`, later the user's words where it stands. `developer` likewise",
    ),
    dropped("messages[].name", "Gemini knows one user and one model"),
    carried("messages[].content[].text", "a text part"),
    mapped(
        "messages[].content[].image_url",
        "`inlineData`, or `fileData` with its URL; `detail` is left out; words in its place where the model takes none",
    ),
    mapped(
        "messages[].content[].file",
        "`inlineData` or `fileData` under its name; text as text",
    ),
    refused(
        "messages[].content[].file.file_id",
        "the file is stored at OpenAI",
    ),
    mapped("messages[].content[].input_audio", "`inlineData`"),
    mapped(
        "messages[].content[].cache_control",
        "nothing: Gemini caches by itself; `prompt_cache_breakpoint` likewise",
    ),
    carried(
        "messages[].refusal",
        "the model's text; so are parts of that type",
    ),
    carried(
        "messages[].tool_calls[]",
        "`functionCall` with its id; the arguments as they were written",
    ),
    carried(
        "messages[].tool_calls[].extra_content.google.thought_signature",
        "`thoughtSignature`. Clients that leave it out lose nothing while the gateway keeps it; from Gemini 3 on a first call that has none gets the provider's own word for that",
    ),
    mapped(
        "messages[].tool_calls[].custom",
        "a `functionCall` with its text as `input`",
    ),
    mapped(
        "messages[].function_call",
        "a `functionCall` under an id of ours",
    ),
    mapped(
        "messages[].role=tool",
        "`functionResponse` by id and name; images in it, or behind it before Gemini 3; `function` likewise",
    ),
    mapped(
        "messages[].reasoning_content",
        "left out: Gemini wants its thoughts back by their signatures alone",
    ),
    carried(
        "messages[].reasoning_details[]",
        "`thoughtSignature` where Gemini made it, else left out",
    ),
    refused(
        "messages[].audio",
        "what the assistant said aloud is stored at OpenAI",
    ),
    mapped("stream", "the path"),
    mapped(
        "stream_options.include_usage",
        "whether the stream ends with usage; Gemini always reports it",
    ),
    carried(
        "tools[].function",
        "`functionDeclarations`; the schema as it was written, as `parametersJsonSchema`",
    ),
    dropped(
        "tools[].function.strict",
        "Gemini promises nothing of a schema; named `tools[].strict`",
    ),
    mapped(
        "tools[].custom",
        "a function of one string, whose description names the grammar; its calls come back as custom calls",
    ),
    mapped(
        "tool_choice",
        "`functionCallingConfig`: `AUTO`, `ANY`, `NONE`, or `ANY` of the one function",
    ),
    mapped(
        "tool_choice.allowed_tools",
        "`allowedFunctionNames`, mode `ANY` or `VALIDATED`",
    ),
    mapped(
        "parallel_tool_calls",
        "nothing: several at once is what Gemini does; `false` is dropped",
    ),
    mapped(
        "functions",
        "functions; the answer's call comes back as `function_call`",
    ),
    mapped("function_call", "`functionCallingConfig`"),
    mapped(
        "max_completion_tokens",
        "`maxOutputTokens`, cut to what the model takes",
    ),
    carried(
        "temperature",
        "dropped for Gemini 3.6 and later, which take no notice of it, unless it is 1",
    ),
    carried("top_p", "`topP`; dropped as `temperature`"),
    carried("top_k", "`topK`; dropped as `temperature`"),
    refused("n", "one answer to a request; 1 is no loss"),
    carried("stop", "`stopSequences`, the first five"),
    carried("seed", "where it fits 32 bits, else dropped"),
    dropped(
        "frequency_penalty",
        "Gemini's newer models refuse it; 0 is no loss",
    ),
    dropped(
        "presence_penalty",
        "Gemini's newer models refuse it; 0 is no loss",
    ),
    dropped("logit_bias", "Gemini has none"),
    dropped("logprobs", "Gemini tells them in another form"),
    dropped("top_logprobs", "Gemini tells them in another form"),
    mapped(
        "response_format",
        "`responseJsonSchema`, or `responseMimeType` alone for `json_object`; beside tools before Gemini 3, words in the system instruction",
    ),
    mapped(
        "reasoning_effort",
        "`thinkingConfig`: a budget for Gemini 2.5, a level from Gemini 3 on; summaries are asked for with it",
    ),
    mapped(
        "reasoning",
        "as clients of OpenRouter write it: `effort`, `max_tokens`, `enabled`; `exclude` asks for no summaries",
    ),
    mapped(
        "thinking",
        "as clients of DeepSeek and Claude write it: `type`, `budget_tokens`",
    ),
    dropped("verbosity", "Gemini has no such setting"),
    refused("modalities", "answers are text; `text` is no loss"),
    mapped("user", "nothing"),
    mapped("safety_identifier", "nothing"),
    mapped("prompt_cache_key", "nothing: Gemini caches by itself"),
    mapped("prompt_cache_options", "nothing: Gemini caches by itself"),
    mapped("prompt_cache_retention", "nothing: Gemini caches by itself"),
    mapped("metadata", "nothing: it is kept nowhere"),
    mapped(
        "service_tier",
        "`flex` and `priority`; `auto` and `default` are what Gemini does anyway; else dropped",
    ),
    mapped("store", "nothing: no answers are kept"),
    dropped("audio", "answers are text"),
    dropped("prediction", "OpenAI's own"),
    dropped(
        "web_search_options",
        "OpenAI's own; a search tool of the gateway's MCP endpoint serves any model",
    ),
    dropped("moderation", "OpenAI's own"),
];
