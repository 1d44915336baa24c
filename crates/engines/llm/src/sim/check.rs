//! What the simulated provider refuses: requests whose few fields that every provider reads are missing or of a wrong
//! kind, told as the real provider tells it. What it does not read passes.

use serde_json::Value;
use wire::Protocol;

const CHAT_ROLES: &[&str] = &[
    "system",
    "assistant",
    "user",
    "function",
    "tool",
    "developer",
];
const INPUT_ROLES: &[&str] = &["assistant", "system", "developer", "user"];
const MESSAGES_ROLES: &[&str] = &["user", "assistant", "system"];

/// With one of these a response needs no input of its own.
const INSTEAD_OF_INPUT: [&str; 3] = ["previous_response_id", "prompt", "conversation"];

/// Letters of a wrong value that are told back at most.
const MAX_QUOTED: usize = 64;

/// Why a request is refused. Anthropic's shape shows the message alone, which names the field there.
pub(super) struct Fault {
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
}

impl Fault {
    /// One that no field is to blame for.
    pub const fn plain(code: Option<&'static str>, message: String) -> Self {
        Self {
            code,
            param: None,
            message,
        }
    }
}

/// Checks what a request must hold; `counts` is one that only counts tokens.
pub(super) fn check(protocol: Protocol, counts: bool, request: &Value) -> Result<(), Fault> {
    let words = if protocol == Protocol::Messages {
        Words::Anthropic
    } else {
        Words::OpenAi
    };
    match protocol {
        Protocol::Chat => turns(words, request, CHAT_ROLES)?,
        Protocol::Responses => input(request)?,
        Protocol::Embeddings => embedded(request)?,
        Protocol::Messages => {
            if !counts {
                required(words, request, "max_tokens", Sort::Whole)?;
            }
            turns(words, request, MESSAGES_ROLES)?;
        }
    }
    for (field, sort) in [
        ("temperature", Sort::Number),
        ("top_p", Sort::Number),
        ("max_tokens", Sort::Whole),
        ("max_completion_tokens", Sort::Whole),
        ("max_output_tokens", Sort::Whole),
        ("tools", Sort::Objects),
    ] {
        // Null is as good as nothing.
        if let Some(value) = request.get(field).filter(|value| !value.is_null())
            && !sort.fits(value)
        {
            return Err(words.unfit(field, sort, value));
        }
    }
    Ok(())
}

/// A field that must be there.
fn required<'a>(
    words: Words,
    request: &'a Value,
    field: &str,
    sort: Sort,
) -> Result<&'a Value, Fault> {
    match request.get(field) {
        None => Err(words.missing(field)),
        Some(value) if sort.fits(value) => Ok(value),
        Some(value) => Err(words.unfit(field, sort, value)),
    }
}

/// The turns of a conversation: objects, each with a role that there is.
fn turns(words: Words, request: &Value, roles: &[&str]) -> Result<(), Fault> {
    let turns = required(words, request, "messages", Sort::Objects)?;
    for (index, turn) in items(turns).enumerate() {
        let at = words.item("messages", index);
        if !turn.is_object() {
            return Err(words.unfit(&at, Sort::Object, turn));
        }
        let at = format!("{at}.role");
        let Some(role) = turn.get("role") else {
            return Err(words.missing(&at));
        };
        known_role(words, &at, role, roles)?;
    }
    Ok(())
}

fn known_role(words: Words, at: &str, role: &Value, known: &[&str]) -> Result<(), Fault> {
    match role.as_str() {
        Some(name) if known.contains(&name) => Ok(()),
        Some(name) => Err(words.choice(at, name, known)),
        None => Err(words.unfit(at, Sort::Text, role)),
    }
}

/// A text, or items of which only messages have a role.
fn input(request: &Value) -> Result<(), Fault> {
    let words = Words::OpenAi;
    let Some(input) = request.get("input").filter(|input| !input.is_null()) else {
        if INSTEAD_OF_INPUT
            .iter()
            .any(|field| !request[*field].is_null())
        {
            return Ok(());
        }
        return Err(Fault {
            message: "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided."
                .to_owned(),
            ..words.missing("input")
        });
    };
    if !Sort::Input.fits(input) {
        return Err(words.unfit("input", Sort::Input, input));
    }
    for (index, item) in items(input).enumerate() {
        let at = words.item("input", index);
        if !item.is_object() {
            return Err(words.unfit(&at, Sort::Object, item));
        }
        let is_message = item.get("type").is_none_or(|kind| kind == "message");
        if let Some(role) = item.get("role").filter(|_| is_message) {
            known_role(words, &format!("{at}.role"), role, INPUT_ROLES)?;
        }
    }
    Ok(())
}

/// Texts or tokens, one or several.
fn embedded(request: &Value) -> Result<(), Fault> {
    let words = Words::OpenAi;
    let input = required(words, request, "input", Sort::Embedded)?;
    for (index, item) in items(input).enumerate() {
        if !(item.is_string() || item.is_number() || item.is_array()) {
            return Err(words.unfit(&words.item("input", index), Sort::Embedded, item));
        }
    }
    Ok(())
}

/// The items of a list; none of anything else.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a field must be.
#[derive(Clone, Copy)]
enum Sort {
    Text,
    Number,
    Whole,
    Object,
    Objects,
    /// What a response begins with.
    Input,
    /// What is embedded.
    Embedded,
}

impl Sort {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Whole => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Object => value.is_object(),
            Self::Objects => value.is_array(),
            Self::Input | Self::Embedded => value.is_string() || value.is_array(),
        }
    }

    const fn for_openai(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a decimal",
            Self::Whole => "an integer",
            Self::Object => "an object",
            Self::Objects => "an array of objects",
            Self::Input => "one of an array of objects or string",
            Self::Embedded => "one of a string or an array of strings or tokens",
        }
    }

    const fn for_anthropic(self) -> &'static str {
        match self {
            Self::Text => "a valid string",
            Self::Number => "a valid number",
            Self::Whole => "a valid integer",
            Self::Object => "a valid dictionary",
            Self::Objects | Self::Input | Self::Embedded => "a valid list",
        }
    }
}

/// Whose words an error is told in.
#[derive(Clone, Copy)]
enum Words {
    OpenAi,
    Anthropic,
}

impl Words {
    fn item(self, list: &str, index: usize) -> String {
        match self {
            Self::OpenAi => format!("{list}[{index}]"),
            Self::Anthropic => format!("{list}.{index}"),
        }
    }

    fn missing(self, field: &str) -> Fault {
        let message = match self {
            Self::OpenAi => format!("Missing required parameter: '{field}'."),
            Self::Anthropic => format!("{field}: Field required"),
        };
        fault("missing_required_parameter", field, message)
    }

    fn unfit(self, field: &str, sort: Sort, got: &Value) -> Fault {
        let message = match self {
            Self::OpenAi => format!(
                "Invalid type for '{field}': expected {}, but got {} instead.",
                sort.for_openai(),
                found(got)
            ),
            Self::Anthropic => format!("{field}: Input should be {}", sort.for_anthropic()),
        };
        fault("invalid_type", field, message)
    }

    fn choice(self, field: &str, got: &str, known: &[&str]) -> Fault {
        let names: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
        let message = match self {
            Self::OpenAi => {
                let got: String = got.chars().take(MAX_QUOTED).collect();
                format!(
                    "Invalid value: '{got}'. Supported values are: {}.",
                    listed(&names, ", and ")
                )
            }
            Self::Anthropic => format!("{field}: Input should be {}", listed(&names, " or ")),
        };
        fault("invalid_value", field, message)
    }
}

fn fault(code: &'static str, field: &str, message: String) -> Fault {
    Fault {
        code: Some(code),
        param: Some(field.to_owned()),
        message,
    }
}

fn listed(names: &[String], before_last: &str) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => {
            format!("{}{before_last}{last}", first.join(", "))
        }
        _ => names.concat(),
    }
}

/// The kind of a value, as OpenAI names it.
fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
