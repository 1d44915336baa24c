//! What becomes of each field of a messages request that goes to OpenAI's Responses.

use crate::fields::{Field, carried, dropped, mapped};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped(
        "messages",
        "`input`; consecutive turns of one role are joined, and each tool call's result stands right after it",
    ),
    mapped(
        "messages[].role=system",
        "a `developer` message where it stands",
    ),
    mapped(
        "messages[].output_config.effort",
        "the effort of the turn that it stands in",
    ),
    carried(
        "messages[].content[].text",
        "`input_text` and `output_text` parts",
    ),
    mapped(
        "messages[].content[].image",
        "an `input_image` part, base64 as a data URL",
    ),
    mapped(
        "messages[].content[].document",
        "an `input_file` part, text as text under its title",
    ),
    carried(
        "messages[].content[].tool_use",
        "a `function_call` item; the input as it was written, ids and names cut to what OpenAI takes",
    ),
    mapped(
        "messages[].content[].tool_result",
        "a `function_call_output` item with its images, `is_error` as the word `Error:`",
    ),
    mapped(
        "messages[].content[].thinking",
        "a `reasoning` item where OpenAI made it, else left out",
    ),
    mapped(
        "messages[].content[].redacted_thinking",
        "left out: only Anthropic reads it",
    ),
    mapped(
        "messages[].content[].cache_control",
        "nothing: OpenAI caches by itself",
    ),
    mapped("system", "`instructions`"),
    mapped(
        "max_tokens",
        "`max_output_tokens`, at least 16; cut to what the model takes",
    ),
    carried("stream", "as it is"),
    carried("tools[]", "functions; the schema as it was written"),
    mapped(
        "tools[].strict",
        "`strict` where the schema leaves nothing open, else dropped",
    ),
    dropped("tools[].input_examples", "OpenAI has no place for them"),
    mapped("tool_choice", "`auto`, `required`, `none` or the function"),
    mapped(
        "tool_choice.disable_parallel_tool_use",
        "`parallel_tool_calls`",
    ),
    mapped(
        "thinking",
        "an effort: up to 4,096 tokens low, up to 16,384 medium, else high; a summary is asked for, and the reasoning itself comes encrypted",
    ),
    mapped("thinking.display", "`omitted`: no summary is asked for"),
    mapped(
        "output_config.effort",
        "`reasoning.effort`; dropped where the model is known to take none",
    ),
    mapped("output_config.format", "`text.format`"),
    dropped(
        "output_config.task_budget",
        "OpenAI has no budget over several calls",
    ),
    dropped("stop_sequences[]", "Responses has none; named as `stop`"),
    carried(
        "temperature",
        "dropped for reasoning models, unless it is 1",
    ),
    carried("top_p", "dropped for reasoning models, unless it is 1"),
    dropped("top_k", "not in OpenAI's protocol"),
    mapped(
        "metadata.user_id",
        "`safety_identifier`, and the session in it as `prompt_cache_key`",
    ),
    mapped("service_tier", "`auto`, or `default` for `standard_only`"),
    mapped("cache_control", "nothing: OpenAI caches by itself"),
];
