//! Tool names that the upstream must not see as they are, and the way back. Only names that change are kept, so that
//! for most calls the table is empty.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{self, Text};

/// Joins a namespace and a tool's name.
const JOINT: &str = "__";

/// What an upstream takes as a tool name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameRule {
    /// Longest name.
    pub max_bytes: usize,
    /// Characters beside letters and digits.
    pub others: &'static [u8],
}

impl NameRule {
    /// Chat, Responses and Anthropic's older models.
    pub(crate) const STRICT: Self = Self {
        max_bytes: 64,
        others: b"_-",
    };

    fn takes(self, name: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || self.others.contains(&byte);
        !name.is_empty() && name.len() <= self.max_bytes && name.bytes().all(fits)
    }
}

/// A tool as its caller declared it, where that differs from what the upstream sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Renamed {
    /// What the upstream knows it as.
    pub upstream: String,
    /// The namespace it stands in.
    pub namespace: Option<String>,
    /// Its name there.
    pub name: String,
    /// It takes free text: the upstream sees a function of one string.
    pub custom: bool,
}

/// The renamed tools of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    renamed: Vec<Renamed>,
}

impl Names {
    /// What the upstream is told for a tool, which is remembered where it differs. The same tool gets the same name
    /// in every request, so that prompt caches hold.
    pub(crate) fn declare<'n>(
        &mut self,
        rule: NameRule,
        namespace: Option<&str>,
        name: &'n str,
        custom: bool,
    ) -> Cow<'n, str> {
        let shown = shown(rule, namespace, name);
        if (custom || shown != name) && self.restore(&shown).is_none() {
            self.renamed.push(Renamed {
                upstream: shown.clone().into_owned(),
                namespace: namespace.map(str::to_owned),
                name: name.to_owned(),
                custom,
            });
        }
        shown
    }

    /// The tool that the upstream means, where its name was changed.
    pub(crate) fn restore(&self, upstream: &str) -> Option<&Renamed> {
        self.renamed.iter().find(|tool| tool.upstream == upstream)
    }
}

/// A tool's name as an upstream of that rule sees it; the same wherever it is asked.
pub(crate) fn shown<'n>(rule: NameRule, namespace: Option<&str>, name: &'n str) -> Cow<'n, str> {
    let joined = match namespace {
        None => Cow::Borrowed(name),
        // Some namespaces carry the joint themselves.
        Some(space) if space.ends_with(JOINT) => Cow::Owned(format!("{space}{name}")),
        Some(space) => Cow::Owned(format!("{space}{JOINT}{name}")),
    };
    if rule.takes(&joined) {
        return joined;
    }
    let hash = fingerprint(&joined);
    let kept: String = joined
        .bytes()
        .map(|byte| {
            let fits = byte.is_ascii_alphanumeric() || rule.others.contains(&byte);
            if fits { char::from(byte) } else { '_' }
        })
        .take(rule.max_bytes.saturating_sub(9))
        .collect();
    Cow::Owned(format!("{kept}_{hash:08x}"))
}

/// The one parameter of a function that stands for a tool of free text.
pub(crate) const FREE_INPUT: &str = "input";

/// The schema of such a function.
pub(crate) const FREE_SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// Longer grammars are not shown to the model.
const MAX_GRAMMAR_BYTES: usize = 32 << 10;

/// What the model is told of such a function: the tool's own words, and its grammar, which nobody enforces.
pub(crate) fn free_description(
    description: Option<&Text<'_>>,
    format: Option<&RawValue>,
) -> String {
    let mut told = description.map_or_else(String::new, |text| text.decoded().into_owned());
    if !told.is_empty() {
        told.push_str("\n\n");
    }
    told.push_str("Put the whole input, as it is, into the string `input`.");
    if let Some(format) = format.filter(|format| format.get().len() <= MAX_GRAMMAR_BYTES)
        && json::is_object(format.get())
    {
        told.push_str(" It must follow this format: ");
        told.push_str(format.get());
    }
    told
}

/// The free text in what such a function was called with, which is JSON text. What a model wrote beside the schema
/// stays readable: its only string, or all of it.
pub(crate) fn free_input(json: &str) -> Cow<'_, str> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Free<'a> {
        #[serde(borrow)]
        input: Option<Text<'a>>,
    }
    let trimmed = json.trim_ascii();
    if let Some(Text::Raw(_)) = Text::of(trimmed)
        && let Ok(text) = json::read::<Text<'_>>(trimmed)
    {
        return text.into_decoded();
    }
    if let Ok(Free { input: Some(text) }) = json::read::<Free<'_>>(trimmed) {
        return text.into_decoded();
    }
    // Cut off in the middle of the string.
    let closed = format!("{trimmed}\"}}");
    if let Ok(Free { input: Some(text) }) = json::read::<Free<'_>>(&closed) {
        return Cow::Owned(text.decoded().into_owned());
    }
    if let Ok(object) = serde_json::from_str::<serde_json::Map<String, Value>>(trimmed)
        && object.len() <= 1
    {
        match object.into_iter().next() {
            None => return Cow::Borrowed(""),
            Some((_, Value::String(text))) => return Cow::Owned(text),
            Some(_) => {}
        }
    }
    Cow::Borrowed(json)
}

/// An id that every upstream takes for a tool call: letters, digits, `_` and `-`, at most 64 of them.
pub(crate) fn call_id(id: &str) -> Cow<'_, str> {
    shown(NameRule::STRICT, None, id)
}

/// FNV-1a, folded: the same name gives the same end everywhere.
fn fingerprint(text: &str) -> u32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let bytes = hash.to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        ^ u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: NameRule = NameRule::STRICT;

    #[test]
    fn plain_names_leave_no_trace() {
        let mut names = Names::default();
        assert!(matches!(
            names.declare(RULE, None, "Bash", false),
            Cow::Borrowed("Bash")
        ));
        assert!(names.restore("Bash").is_none());
    }

    #[test]
    fn long_names_are_cut_apart_from_one_another() {
        let mut names = Names::default();
        let first = "mcp__a_server_with_a_rather_long_name__a_tool_with_an_even_longer_name_one";
        let second = "mcp__a_server_with_a_rather_long_name__a_tool_with_an_even_longer_name_two";
        let one = names.declare(RULE, None, first, false).into_owned();
        let two = names.declare(RULE, None, second, false).into_owned();
        assert_ne!(one, two);
        assert!(one.len() <= 64 && RULE.takes(&one));
        assert_eq!(names.restore(&one).unwrap().name, first);
        assert_eq!(names.restore(&two).unwrap().name, second);
    }

    #[test]
    fn namespaces_are_joined_and_custom_tools_are_remembered() {
        let mut names = Names::default();
        assert_eq!(
            names.declare(RULE, Some("mcp__git"), "status", false),
            "mcp__git__status"
        );
        assert_eq!(
            names.declare(RULE, Some("mcp__fs__"), "read", false),
            "mcp__fs__read"
        );
        names.declare(RULE, None, "apply_patch", true);
        let known = names.restore("mcp__git__status").unwrap();
        assert_eq!(known.namespace.as_deref(), Some("mcp__git"));
        assert!(names.restore("apply_patch").unwrap().custom);
    }

    #[test]
    fn free_text_is_taken_out_of_what_the_model_wrote() {
        let cases = [
            (r#" {"input":"a\n\"b\""} "#, "a\n\"b\""),
            (r#"{"input":"é😀","more":1}"#, "é😀"),
            (r#"{"code":"x = 1"}"#, "x = 1"),
            (r#""all of it""#, "all of it"),
            ("{}", ""),
            ("", ""),
            (r#"{"input":5}"#, r#"{"input":5}"#),
            ("*** Begin Patch\n", "*** Begin Patch\n"),
            (r#"{"input":"cut"#, "cut"),
            (r#"{"inp"#, r#"{"inp"#),
        ];
        for (json, text) in cases {
            assert_eq!(free_input(json), text, "{json}");
        }
    }

    #[test]
    fn call_ids_fit_every_upstream() {
        assert_eq!(call_id("call_1"), "call_1");
        let odd = call_id("functions.Bash:0");
        assert!(odd.starts_with("functions_Bash_0_") && RULE.takes(&odd));
    }
}
