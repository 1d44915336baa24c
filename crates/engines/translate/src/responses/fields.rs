//! What becomes of the fields of a Responses request that fare alike over every upstream.

use crate::fields::{Field, carried, dropped, mapped, refused};

pub(crate) const FIELDS: &[Field] = &[
    carried("input[].content[].output_text", "text of the assistant's"),
    mapped("input[].content[].refusal", "text of the assistant's"),
    refused(
        "input[].content[].file_id",
        "the file is stored at another provider",
    ),
    mapped(
        "input[].function_call.namespace",
        "before the name, joined by `__`; `functions` stands for none",
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
    dropped(
        "input[].web_search_call",
        "no other provider knows OpenAI's own tools; named by its type, as are all of their calls and results",
    ),
    mapped("stream_options", "nothing: the deltas are not padded"),
    mapped(
        "tools[].namespace",
        "its tools, the namespace before their names; its description is left out",
    ),
    mapped(
        "tools[].defer_loading",
        "nothing: every tool is shown, because only the provider could search",
    ),
    dropped("tools[].type", "a tool that OpenAI runs; named by its type"),
    dropped(
        "max_tool_calls",
        "it counts calls of tools that OpenAI runs",
    ),
    mapped("reasoning.context", "nothing"),
    dropped("reasoning.mode", "named unless it is `standard`"),
    mapped(
        "include",
        "encrypted reasoning comes in any case; log probabilities are dropped",
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
