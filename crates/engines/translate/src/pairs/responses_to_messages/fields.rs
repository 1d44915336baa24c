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
    carried("input[].content[].output_text", "text of the assistant's"),
    mapped("input[].content[].refusal", "text of the assistant's"),
    mapped(
        "input[].content[].input_image",
        "an image block, a data URL as base64; `detail` is left out",
    ),
    mapped(
        "input[].content[].input_file",
        "a document block: PDF in base64 or by its URL, text as text; words in its place for other types",
    ),
    refused("input[].content[].input_audio", "Claude does not hear"),
    refused(
        "input[].content[].file_id",
        "the file is stored at another provider",
    ),
    carried(
        "input[].function_call",
        "a `tool_use` block; arguments as they were written, ids and names cut to what Claude takes",
    ),
    mapped(
        "input[].function_call.namespace",
        "before the name, joined by `__`; `functions` stands for none",
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
        "input[].custom_tool_call_output",
        "as `function_call_output`",
    ),
    mapped(
        "input[].local_shell_call",
        "a call of a tool of that name, as are `shell_call`, `apply_patch_call` and `tool_search_call`, with their results",
    ),
    mapped(
        "input[].reasoning",
        "a `thinking` or `redacted_thinking` block where Claude made it, else left out",
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
        "Claude's provider compacts otherwise",
    ),
    dropped(
        "input[].web_search_call",
        "no other provider knows OpenAI's own tools; named by its type, as are all of their calls and results",
    ),
    mapped(
        "input[].content[].prompt_cache_breakpoint",
        "`cache_control`, an hour for `12h`, of more than four the last ones; where nobody marks anything, requests with tools are marked as Claude Code marks them",
    ),
    carried("stream", "as it is"),
    mapped("stream_options", "nothing: the deltas are not padded"),
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
        "tools[].namespace",
        "its tools, the namespace before their names; its description is left out",
    ),
    mapped(
        "tools[].custom",
        "a tool of one string, the grammar in its description; nobody enforces it",
    ),
    mapped(
        "tools[].defer_loading",
        "nothing: every tool is shown, because only the provider could search",
    ),
    dropped("tools[].type", "a tool that OpenAI runs; named by its type"),
    mapped(
        "tool_choice",
        "`auto`, `any`, `none` or the tool; a tool that OpenAI runs is dropped",
    ),
    dropped("tool_choice.allowed_tools", "`auto` or `any` of all tools"),
    mapped(
        "parallel_tool_calls",
        "`tool_choice.disable_parallel_tool_use`",
    ),
    dropped(
        "max_tool_calls",
        "it counts calls of tools that OpenAI runs",
    ),
    mapped(
        "reasoning.effort",
        "`output_config.effort` and adaptive thinking, or a thinking budget, as the model takes it; `none` is thinking disabled",
    ),
    mapped(
        "reasoning.summary",
        "`thinking.display`; where one is asked for and no effort, the model thinks as it sees fit",
    ),
    mapped("reasoning.context", "nothing"),
    dropped("reasoning.mode", "named unless it is `standard`"),
    mapped(
        "text.format",
        "`output_config.format` where the schema can be enforced; else, and for `json_object`, words in the system prompt",
    ),
    dropped("text.verbosity", "Claude has no such setting"),
    mapped(
        "include",
        "encrypted reasoning comes in any case; log probabilities are dropped",
    ),
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
