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
    carried("input[].content[].output_text", "text of the assistant's"),
    mapped("input[].content[].refusal", "text of the assistant's"),
    mapped(
        "input[].content[].input_image",
        "an `image` block; words in its place where the model takes none such",
    ),
    mapped(
        "input[].content[].input_file",
        "a `document` block behind its title; words in its place for other types",
    ),
    mapped("input[].content[].input_audio", "words in its place"),
    refused(
        "input[].content[].file_id",
        "the file is stored at another provider",
    ),
    carried(
        "input[].function_call",
        "a `toolUse` block; ids and names cut to what all models take",
    ),
    mapped(
        "input[].function_call.namespace",
        "before the name, joined by `__`; `functions` stands for none",
    ),
    mapped(
        "input[].custom_tool_call",
        "a `toolUse` block with its text as `input`",
    ),
    mapped("input[].function_call_output", "a `toolResult` block"),
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
        "left out: few of these models take any back",
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
        "Bedrock compacts no conversations",
    ),
    dropped(
        "input[].web_search_call",
        "no other provider knows OpenAI's own tools; named by its type, as are all of their calls and results",
    ),
    mapped(
        "input[].content[].prompt_cache_breakpoint",
        "nothing: which models take marks is not known here",
    ),
    mapped("stream", "the operation that is called"),
    mapped("stream_options", "nothing: the deltas are not padded"),
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
        "`toolConfig.toolChoice`; `none` is dropped, for a conversation with calls must declare its tools",
    ),
    dropped(
        "tool_choice.allowed_tools",
        "all of them may be called; named `tool_choice`",
    ),
    mapped("parallel_tool_calls", "nothing; dropped where it is false"),
    dropped(
        "max_tool_calls",
        "it counts calls of tools that OpenAI runs",
    ),
    mapped(
        "reasoning.effort",
        "nothing: each maker has words of its own; named `effort`",
    ),
    mapped("reasoning.summary", "nothing"),
    mapped("reasoning.context", "nothing"),
    dropped("reasoning.mode", "named unless it is `standard`"),
    mapped(
        "text.format",
        "words in the system prompt; named `response_format`",
    ),
    dropped("text.verbosity", "Converse has no such setting"),
    mapped(
        "include",
        "encrypted reasoning comes in any case; log probabilities are dropped",
    ),
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
