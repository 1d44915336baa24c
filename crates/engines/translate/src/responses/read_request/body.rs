//! The top level of a Responses body, and its items before they are looked at.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{StringOr, Text};
use crate::responses::item::Item;

/// The top-level keys that this reader knows: each stands in the table of every pair that begins here.
#[cfg(test)]
pub(crate) const KNOWN_FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "stream",
    "stream_options",
    "max_output_tokens",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tool_calls",
    "reasoning",
    "text",
    "include",
    "store",
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "service_tier",
    "client_metadata",
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
    "truncation",
    "top_logprobs",
    "context_management",
    "moderation",
    "image",
    "access_programs",
];

/// What the top level says.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub input: Option<StringOr<'a, Item<'a>>>,
    pub instructions: Option<&'a RawValue>,
    pub stream: Option<bool>,
    pub max_output_tokens: Option<u64>,
    pub temperature: Option<&'a RawValue>,
    pub top_p: Option<&'a RawValue>,
    pub tools: Vec<&'a RawValue>,
    pub tool_choice: Option<&'a RawValue>,
    pub parallel_tool_calls: Option<bool>,
    pub reasoning: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
    pub include: Vec<Text<'a>>,
    pub store: Option<bool>,
    pub metadata: Option<&'a RawValue>,
    pub user: Option<&'a RawValue>,
    pub safety_identifier: Option<&'a RawValue>,
    pub prompt_cache_key: Option<&'a RawValue>,
    pub service_tier: Option<&'a RawValue>,
    pub previous_response_id: Option<&'a RawValue>,
    pub conversation: Option<&'a RawValue>,
    pub prompt: Option<&'a RawValue>,
    pub background: Option<&'a RawValue>,
    /// What the answer repeats.
    pub echo: Vec<(&'static str, &'a RawValue)>,
    /// Keys that say something no other provider understands.
    pub without_peer: Vec<Cow<'a, str>>,
}

/// The keys whose values an answer repeats.
const REPEATED: [&str; 14] = [
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "user",
];

impl<'a> Body<'a> {
    /// Keeps a value that is not null.
    fn keep(&mut self, key: Cow<'a, str>, value: &'a RawValue) -> Result<(), serde_json::Error> {
        if value.get() == "null" {
            return Ok(());
        }
        if let Some(name) = REPEATED.iter().find(|name| **name == key) {
            self.echo.push((name, value));
        }
        match key.as_ref() {
            "instructions" => self.instructions = Some(value),
            "max_output_tokens" => self.max_output_tokens = crate::json::read(value.get())?,
            "temperature" => self.temperature = Some(value),
            "top_p" => self.top_p = Some(value),
            "tools" => self.tools = crate::json::read(value.get())?,
            "tool_choice" => self.tool_choice = Some(value),
            "parallel_tool_calls" => self.parallel_tool_calls = crate::json::read(value.get())?,
            "reasoning" => self.reasoning = Some(value),
            "text" => self.text = Some(value),
            "metadata" => self.metadata = Some(value),
            "user" => self.user = Some(value),
            "safety_identifier" => self.safety_identifier = Some(value),
            "prompt_cache_key" => self.prompt_cache_key = Some(value),
            "service_tier" => self.service_tier = Some(value),
            "previous_response_id" => self.previous_response_id = Some(value),
            "conversation" => self.conversation = Some(value),
            "prompt" => self.prompt = Some(value),
            "background" => self.background = Some(value),
            // The default of everybody.
            "truncation" if value.get() == r#""disabled""# => {}
            "top_logprobs" if value.get() == "0" => {}
            _ => self.without_peer.push(key),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Body<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
                let mut body = Body::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let key = key.into_decoded();
                    match key.as_ref() {
                        "input" => body.input = map.next_value()?,
                        "stream" => body.stream = map.next_value()?,
                        "store" => body.store = map.next_value()?,
                        "include" => {
                            body.include = map.next_value::<Option<_>>()?.unwrap_or_default();
                        }
                        // The model is chosen by the gateway; caching is what others do anyway, and what is left is
                        // for OpenAI's own records.
                        "model"
                        | "stream_options"
                        | "prompt_cache_retention"
                        | "prompt_cache_options"
                        | "client_metadata" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            let value: &RawValue = map.next_value()?;
                            body.keep(key, value).map_err(serde::de::Error::custom)?;
                        }
                    }
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
