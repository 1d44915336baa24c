//! The shape that an assistant's message has in chat answers and, piece by piece, in chunks; open to what compatible
//! servers make of it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::detail::Detail;
use crate::dialect::{Dialect, Origin};
use crate::json::{self, StringOr, Text};
use crate::neutral::{Bind, Bound, Stop, StopReason};

/// A choice of an answer or of a chunk.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice<'a> {
    pub index: Option<u32>,
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
    pub delta: Option<Message<'a>>,
    pub finish_reason: Option<Text<'a>>,
    /// The stop sequence that was met, from servers that tell.
    pub stop_reason: Option<&'a RawValue>,
}

/// A message or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    /// A string, or a list of parts from a few servers.
    #[serde(borrow)]
    pub content: Option<StringOr<'a, ContentPart<'a>>>,
    pub reasoning_content: Option<Text<'a>>,
    /// The same under another name; an object from servers that mean something else.
    pub reasoning: Option<&'a RawValue>,
    pub reasoning_details: Option<Vec<Detail<'a>>>,
    pub refusal: Option<Text<'a>>,
    pub tool_calls: Option<Vec<Call<'a>>>,
    /// The one call of the oldest servers.
    pub function_call: Option<Function<'a>>,
    pub annotations: Option<Vec<&'a RawValue>>,
    pub audio: Option<Audio<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    pub refusal: Option<Text<'a>>,
    pub thinking: Option<StringOr<'a, ContentPart<'a>>>,
}

/// A tool call or a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call<'a> {
    pub index: Option<u32>,
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub function: Option<Function<'a>>,
    pub custom: Option<Custom<'a>>,
    /// Where Gemini's own chat endpoint puts a signature.
    pub extra_content: Option<ExtraContent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// A string; an object from a few servers.
    pub arguments: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Custom<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    pub input: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExtraContent<'a> {
    #[serde(borrow)]
    google: Option<Google<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Google<'a> {
    #[serde(borrow)]
    thought_signature: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Audio<'a> {
    #[serde(borrow)]
    pub transcript: Option<Text<'a>>,
}

impl<'a> Message<'a> {
    /// What the model thinks, in whichever field the server puts it, and that field's name. Some servers fill two
    /// fields with the same text.
    pub(super) fn thinking(&self) -> Option<(Text<'a>, &'static str)> {
        let filled = |text: &Text<'a>| !text.is_empty();
        if let Some(text) = self.reasoning_content.clone().filter(filled) {
            return Some((text, "reasoning_content"));
        }
        let reasoning = self.reasoning.and_then(|raw| Text::of(raw.get()));
        if let Some(text) = reasoning.filter(filled) {
            return Some((text, "reasoning"));
        }
        let details = self.reasoning_details.iter().flatten();
        let texts = details.filter_map(Detail::words);
        let text = texts
            .filter(filled)
            .reduce(|first, second| joined(first, &second))?;
        Some((text, "reasoning_details"))
    }

    /// What binds it, where the server signs or encrypts.
    pub(super) fn bounds(&self, dialect: Dialect) -> impl Iterator<Item = Bound<'a>> {
        let details = self.reasoning_details.iter().flatten();
        details.filter_map(move |detail| detail.bound(dialect.origin()))
    }
}

/// One text after the other; only where a message has several.
pub(super) fn joined<'a>(first: Text<'a>, second: &Text<'a>) -> Text<'a> {
    let mut whole = first.into_decoded().into_owned();
    whole.push_str(&second.decoded());
    Text::plain(whole)
}

impl<'a> Call<'a> {
    pub(super) fn name(&self) -> Option<Text<'a>> {
        let function = self.function.as_ref().and_then(|f| f.name.clone());
        let name = function.or_else(|| self.custom.as_ref()?.name.clone());
        name.filter(|name| !name.is_empty())
    }

    /// The input, or a piece of it, as JSON text.
    pub(super) fn input(&self) -> Option<Text<'a>> {
        self.function
            .as_ref()
            .and_then(Function::input)
            .or_else(|| {
                let input = self.custom.as_ref()?.input.clone()?;
                (!input.is_empty()).then_some(input)
            })
    }

    pub(super) fn signature(&self) -> Option<Bound<'a>> {
        self.extra_content.as_ref()?.signature()
    }
}

impl<'a> ExtraContent<'a> {
    pub(super) fn signature(&self) -> Option<Bound<'a>> {
        let data = self.google.as_ref()?.thought_signature.clone()?;
        Some(Bound::new(Origin::Gemini, Bind::Signature, data))
    }
}

impl<'a> Function<'a> {
    pub(super) fn input(&self) -> Option<Text<'a>> {
        let raw = self.arguments?.get();
        let text = match Text::of(raw) {
            Some(text) => text,
            None if json::is_object(raw) => Text::plain(raw),
            None => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// Why a choice ended.
pub(super) fn stop<'a>(reason: &Text<'a>, sequence: Option<&'a RawValue>) -> Stop<'a> {
    let sequence = sequence.and_then(|raw| Text::of(raw.get()));
    let reason = match reason.decoded().as_ref() {
        "stop" if sequence.is_some() => StopReason::StopSequence,
        "length" | "max_tokens" | "insufficient_system_resource" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" | "refusal" => StopReason::Refusal,
        _ => StopReason::EndTurn,
    };
    Stop {
        reason,
        sequence,
        explanation: None,
    }
}
