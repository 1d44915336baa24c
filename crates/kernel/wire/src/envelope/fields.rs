//! Which keys make up the envelope and what each may hold. Keys that only describe the caller are read where they
//! can be and never refused; keys that decide route, stream or money must be of their type.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Envelope, EnvelopeError, Span};
use crate::{Protocol, scan};

/// Longer model ids are nobody's.
const MAX_MODEL_BYTES: usize = 512;
/// Longer descriptions of the caller are cut: they go into every record.
const MAX_LABEL_BYTES: usize = 256;

macro_rules! fields {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A key of the top level.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Field { $($variant,)* Other }

        impl Field {
            pub(super) fn of(name: &[u8]) -> Self {
                $(
                    if name == $name.as_bytes() {
                        return Self::$variant;
                    }
                )*
                Self::Other
            }

            const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other => "" }
            }
        }
    };
}

fields! {
    Model = "model",
    Stream = "stream",
    MaxTokens = "max_tokens",
    MaxCompletionTokens = "max_completion_tokens",
    MaxOutputTokens = "max_output_tokens",
    StreamOptions = "stream_options",
    PreviousResponseId = "previous_response_id",
    Store = "store",
    User = "user",
    SafetyIdentifier = "safety_identifier",
    Metadata = "metadata",
    PromptCacheKey = "prompt_cache_key",
    Background = "background",
    Choices = "n",
    ServiceTier = "service_tier",
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<Field, E> {
                Ok(Field::of(name))
            }
        }
        // As bytes, so that lone surrogates and invalid text in foreign keys pass like those in values.
        deserializer.deserialize_bytes(Name)
    }
}

/// What has been found so far.
pub(super) struct Found<'de> {
    body: &'de [u8],
    protocol: Protocol,
    envelope: Envelope,
    seen: u32,
    user: Option<String>,
    safety_identifier: Option<String>,
    prompt_cache_key: Option<String>,
    pub(super) is_empty_object: bool,
    pub(super) error: Option<EnvelopeError>,
}

impl<'de> Found<'de> {
    pub(super) fn new(protocol: Protocol, body: &'de [u8], body_start: usize) -> Self {
        Self {
            body,
            protocol,
            envelope: Envelope {
                body_start,
                choices: 1,
                ..Envelope::default()
            },
            seen: 0,
            user: None,
            safety_identifier: None,
            prompt_cache_key: None,
            is_empty_object: true,
            error: None,
        }
    }

    /// Where a value stands: it borrows from the body.
    fn span(&self, value: &str) -> Span {
        let start = (value.as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize);
        start..start + value.len()
    }

    pub(super) fn take(&mut self, field: Field, text: &'de str) -> Result<(), EnvelopeError> {
        let bit = 1u32 << (field as u32);
        if self.seen & bit != 0 {
            return Err(EnvelopeError::DuplicateKey(field.name()));
        }
        self.seen |= bit;
        match (field, self.protocol) {
            (Field::Model, _) => self.model(text)?,
            (Field::Stream, Protocol::Chat | Protocol::Responses | Protocol::Messages) => {
                self.envelope.stream = flag(field, text)?;
            }
            (Field::MaxTokens, Protocol::Chat | Protocol::Messages)
            | (Field::MaxCompletionTokens, Protocol::Chat)
            | (Field::MaxOutputTokens, Protocol::Responses) => {
                let tokens = whole(field, text)?;
                self.envelope.max_output_tokens = self.envelope.max_output_tokens.max(tokens);
            }
            (Field::Choices, Protocol::Chat) => {
                self.envelope.choices = whole(field, text)?.unwrap_or(1).max(1);
            }
            (Field::StreamOptions, Protocol::Chat) => self.stream_options(text)?,
            (Field::Background, Protocol::Responses) => {
                self.envelope.background = flag(field, text)?;
            }
            (Field::Store, Protocol::Responses) => {
                // Anything else is the upstream's to judge.
                self.envelope.store = text.parse().ok();
            }
            (Field::PreviousResponseId, Protocol::Responses) => {
                // Never cut: it is looked up as it stands.
                let id = string(text);
                self.envelope.previous_response_id = id.filter(|id| !id.is_empty());
                self.envelope.previous_response_id_span = self
                    .envelope
                    .previous_response_id
                    .as_ref()
                    .map(|_| self.span(text));
            }
            (Field::Metadata, Protocol::Messages) => self.metadata(text)?,
            (Field::User, _) => self.user = label(text),
            (Field::SafetyIdentifier, _) => self.safety_identifier = label(text),
            (Field::PromptCacheKey, _) => self.prompt_cache_key = label(text),
            (Field::ServiceTier, _) => self.envelope.service_tier = label(text),
            // Of another protocol: the upstream's to judge.
            _ => {}
        }
        Ok(())
    }

    fn model(&mut self, text: &str) -> Result<(), EnvelopeError> {
        const EXPECTED: &str = "a string that names a model, at most 512 bytes long";
        let model = string(text).ok_or(EnvelopeError::InvalidField("model", EXPECTED))?;
        if model.trim().is_empty() || model.len() > MAX_MODEL_BYTES {
            return Err(EnvelopeError::InvalidField("model", EXPECTED));
        }
        self.envelope.model = model;
        self.envelope.model_span = self.span(text);
        Ok(())
    }

    fn stream_options(&mut self, text: &str) -> Result<(), EnvelopeError> {
        self.envelope.stream_options = Some(self.span(text));
        if text == "null" {
            return Ok(());
        }
        let only = one_key(
            "stream_options",
            "stream_options.include_usage",
            "include_usage",
            text,
        )?;
        self.envelope.stream_options_is_empty = Some(only.is_empty);
        if let Some(value) = only.value {
            self.envelope.include_usage_span = Some(self.span(value));
            self.envelope.include_usage = match value {
                "true" => Some(true),
                "false" => Some(false),
                "null" => None,
                _ => {
                    return Err(EnvelopeError::InvalidField(
                        "stream_options.include_usage",
                        "true or false",
                    ));
                }
            };
        }
        Ok(())
    }

    fn metadata(&mut self, text: &str) -> Result<(), EnvelopeError> {
        if !text.starts_with('{') {
            return Ok(());
        }
        let only = one_key("metadata", "metadata.user_id", "user_id", text)?;
        if let Some(user_id) = only.value.and_then(string) {
            let caller = Caller::of(&user_id);
            self.envelope.end_user = caller.end_user;
            self.envelope.session = caller.session;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Envelope, EnvelopeError> {
        let mut envelope = self.envelope;
        if envelope.model.is_empty() {
            return Err(EnvelopeError::MissingField(
                "model",
                "the name of a model; GET /v1/models lists them",
            ));
        }
        envelope.is_empty_object = self.is_empty_object;
        envelope.end_user = envelope.end_user.or(self.safety_identifier).or(self.user);
        envelope.session = envelope.session.or(self.prompt_cache_key);
        Ok(envelope)
    }
}

/// `null` counts as absent, as the upstreams take it.
fn flag(field: Field, text: &str) -> Result<bool, EnvelopeError> {
    match text {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        _ => Err(EnvelopeError::InvalidField(field.name(), "true or false")),
    }
}

fn whole(field: Field, text: &str) -> Result<Option<u64>, EnvelopeError> {
    if text == "null" {
        return Ok(None);
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(Some(number));
    }
    // Some clients write whole numbers as 1024.0 or 1e3; the upstream decides whether it takes them.
    match text.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative and below 2^53"
        )]
        Ok(number) if number >= 0.0 && number.fract() == 0.0 && number < 9e15 => {
            Ok(Some(number as u64))
        }
        _ => Err(EnvelopeError::InvalidField(
            field.name(),
            "a whole number, not negative",
        )),
    }
}

/// A string as it is meant, of a value that is sound JSON.
fn string(value: &str) -> Option<String> {
    let raw = value.strip_prefix('"')?.strip_suffix('"')?;
    scan::unescape(raw.as_bytes())
}

/// A text that describes the caller; anything else is the upstream's to judge.
fn label(text: &str) -> Option<String> {
    cut(&string(text)?)
}

fn cut(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    Some(text[..text.floor_char_boundary(MAX_LABEL_BYTES)].to_owned())
}

/// Who calls, from Anthropic's `metadata.user_id`: Claude Code packs its session into it.
struct Caller {
    end_user: Option<String>,
    session: Option<String>,
}

impl Caller {
    fn of(user_id: &str) -> Self {
        #[derive(serde::Deserialize)]
        struct Packed {
            #[serde(default)]
            device_id: Option<String>,
            #[serde(default)]
            account_uuid: Option<String>,
            #[serde(default)]
            session_id: Option<String>,
        }
        if let Ok(packed) = serde_json::from_str::<Packed>(user_id) {
            let account = packed.account_uuid.as_deref().and_then(cut);
            return Self {
                end_user: account.or_else(|| packed.device_id.as_deref().and_then(cut)),
                session: packed.session_id.as_deref().and_then(cut),
            };
        }
        // Earlier versions joined the parts by underscores.
        match user_id.rsplit_once("_session_") {
            Some((user, session)) => Self {
                end_user: cut(user),
                session: cut(session),
            },
            None => Self {
                end_user: cut(user_id),
                session: None,
            },
        }
    }
}

/// Whether a key is the one that is wanted, however it is spelled.
struct Is(&'static str);

impl<'de> DeserializeSeed<'de> for Is {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Is {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }
}

/// One key of a nested object, where it stands at most once.
struct OneKey<'de> {
    is_empty: bool,
    value: Option<&'de str>,
}

fn one_key<'de>(
    object: &'static str,
    path: &'static str,
    name: &'static str,
    text: &'de str,
) -> Result<OneKey<'de>, EnvelopeError> {
    struct Walk {
        name: &'static str,
    }
    impl<'de> Visitor<'de> for Walk {
        type Value = (OneKey<'de>, bool);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut only = OneKey {
                is_empty: true,
                value: None,
            };
            let mut twice = false;
            while let Some(wanted) = map.next_key_seed(Is(self.name))? {
                only.is_empty = false;
                if wanted {
                    let value: &'de RawValue = map.next_value()?;
                    twice |= only.value.replace(value.get()).is_some();
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok((only, twice))
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let (only, twice) = deserializer
        .deserialize_map(Walk { name })
        .map_err(|_| EnvelopeError::InvalidField(object, "an object"))?;
    if twice {
        return Err(EnvelopeError::DuplicateKey(path));
    }
    Ok(only)
}
