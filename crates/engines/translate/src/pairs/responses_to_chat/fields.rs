//! What becomes of each field of a Responses request that goes to a chat server.

use crate::fields::{Field, carried, dropped, mapped, refused};

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
    carried("input[].content[].output_text", "text of the assistant's"),
    mapped("input[].content[].refusal", "text of the assistant's"),
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
    refused(
        "input[].content[].file_id",
        "the file is stored at another provider",
    ),
    carried(
        "input[].function_call",
        "`tool_calls[]`; arguments as they were written, ids and names cut to what all servers take",
    ),
    mapped(
        "input[].function_call.namespace",
        "before the name, joined by `__`; `functions` stands for none",
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
        "input[].custom_tool_call_output",
        "as `function_call_output`",
    ),
    mapped(
        "input[].local_shell_call",
        "a call of a tool of that name, as are `shell_call`, `apply_patch_call` and `tool_search_call`, with their results",
    ),
    mapped(
        "input[].reasoning",
        "DeepSeek: `reasoning_content`; other servers: their own reasoning, in the field it came in; else left out",
    ),
    mapped(
        "input[].additional_tools",
        "as `tools`, in the order of the conversation; a tool that is declared again is replaced",
    ),
    mapped(
        "input[].configuration_update",
        "the effort and the format of the whole request",
    ),
    refused("input[].item_reference", "answers are not kept"),
    refused(
        "input[].compaction",
        "it is encrypted for another provider's models, and stands for all that came before",
    ),
    refused(
        "input[].compaction_trigger",
        "chat servers compact no conversations",
    ),
    dropped(
        "input[].web_search_call",
        "no other provider knows OpenAI's own tools; named by its type, as are all of their calls and results",
    ),
    mapped(
        "input[].prompt_cache_breakpoint",
        "nothing: chat servers cache by themselves",
    ),
    carried("stream", "with `stream_options.include_usage`"),
    mapped("stream_options", "nothing: the deltas are not padded"),
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
        "tools[].namespace",
        "its tools, the namespace before their names; its description is left out",
    ),
    mapped(
        "tools[].custom",
        "a function of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tools[].defer_loading",
        "nothing: every tool is shown, because only the provider could search",
    ),
    dropped("tools[].type", "a tool that OpenAI runs; named by its type"),
    mapped(
        "tool_choice",
        "`auto`, `required`, `none` or the function; a tool that OpenAI runs is dropped",
    ),
    mapped(
        "tool_choice.allowed_tools",
        "the same at OpenAI; else dropped",
    ),
    carried("parallel_tool_calls", "as it is"),
    dropped(
        "max_tool_calls",
        "it counts calls of tools that OpenAI runs",
    ),
    mapped(
        "reasoning.effort",
        "`reasoning_effort`, DeepSeek: `thinking.type` too; dropped where the model is not known to take one",
    ),
    mapped(
        "reasoning.summary",
        "nothing: what the server shows of its reasoning is the summary",
    ),
    mapped("reasoning.context", "nothing"),
    dropped("reasoning.mode", "named unless it is `standard`"),
    mapped(
        "text.format",
        "`response_format`; at DeepSeek JSON, with the schema in the system message",
    ),
    carried("text.verbosity", "`verbosity` at OpenAI, else dropped"),
    mapped(
        "include",
        "encrypted reasoning comes in any case; log probabilities are dropped",
    ),
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
    mapped("client_metadata", "nothing: it is for OpenAI's records"),
    refused(
        "previous_response_id",
        "answers are not kept; the whole conversation has to be sent",
    ),
    refused("conversation", "conversations are kept at OpenAI"),
    refused("prompt", "templates are kept at OpenAI"),
    refused("background", "refused where it is true"),
    dropped("truncation", "named unless it is `disabled`"),
    dropped("top_logprobs", "named unless it is 0"),
    dropped(
        "context_management",
        "OpenAI compacts the conversation itself; other providers get it whole",
    ),
    dropped("moderation", "OpenAI's own"),
    dropped("image", "OpenAI's own"),
    dropped("access_programs", "OpenAI's own"),
];
