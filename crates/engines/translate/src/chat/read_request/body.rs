//! The top level of a chat body, and its messages before their parts are looked at.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::chat::detail::Detail;
use crate::chat::message::{Call, ExtraContent, Function};
use crate::json::{StringOr, Text};
use crate::neutral::{Cache, Role};

/// The top-level keys that this reader knows: each stands in the table of every pair that begins here.
#[cfg(test)]
pub(crate) const KNOWN_FIELDS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "n",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "response_format",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "verbosity",
    "modalities",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "metadata",
    "service_tier",
    "store",
    "audio",
    "prediction",
    "web_search_options",
    "moderation",
];

/// What the top level says.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub messages: Vec<Message<'a>>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    pub tools: Option<Vec<&'a RawValue>>,
    pub tool_choice: Option<&'a RawValue>,
    pub parallel_tool_calls: Option<bool>,
    pub functions: Option<Vec<DeclaredFunction<'a>>>,
    pub function_call: Option<&'a RawValue>,
    pub max_completion_tokens: Option<u64>,
    pub max_tokens: Option<u64>,
    pub n: Option<u64>,
    pub stop: Option<StringOr<'a, Text<'a>>>,
    pub response_format: Option<ResponseFormat<'a>>,
    pub reasoning_effort: Option<Text<'a>>,
    pub reasoning: Option<ReasoningConfig<'a>>,
    pub thinking: Option<ThinkingConfig<'a>>,
    pub verbosity: Option<Text<'a>>,
    pub modalities: Option<Vec<Text<'a>>>,
    pub user: Option<Text<'a>>,
    pub safety_identifier: Option<Text<'a>>,
    pub prompt_cache_key: Option<Text<'a>>,
    pub metadata: Option<&'a RawValue>,
    pub service_tier: Option<Text<'a>>,
    pub store: Option<bool>,
    pub temperature: Option<&'a RawValue>,
    pub top_p: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub seed: Option<&'a RawValue>,
    pub frequency_penalty: Option<&'a RawValue>,
    pub presence_penalty: Option<&'a RawValue>,
    pub logit_bias: Option<&'a RawValue>,
    pub logprobs: Option<&'a RawValue>,
    pub top_logprobs: Option<&'a RawValue>,
    /// Keys that say something no other provider understands.
    pub without_peer: Vec<Cow<'a, str>>,
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
                    body.field(key, &mut map)?;
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Body<'de> {
    fn field<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match key.as_ref() {
            "messages" => self.messages = map.next_value()?,
            "stream" => self.stream = map.next_value()?,
            "stream_options" => self.stream_options = map.next_value()?,
            "tools" => self.tools = map.next_value()?,
            "tool_choice" => self.tool_choice = map.next_value()?,
            "parallel_tool_calls" => self.parallel_tool_calls = map.next_value()?,
            "functions" => self.functions = map.next_value()?,
            "function_call" => self.function_call = map.next_value()?,
            "max_completion_tokens" => self.max_completion_tokens = map.next_value()?,
            "max_tokens" => self.max_tokens = map.next_value()?,
            "n" => self.n = map.next_value()?,
            "stop" => self.stop = map.next_value()?,
            "response_format" => self.response_format = map.next_value()?,
            "reasoning_effort" => self.reasoning_effort = map.next_value()?,
            "reasoning" => self.reasoning = map.next_value()?,
            "thinking" => self.thinking = map.next_value()?,
            "verbosity" => self.verbosity = map.next_value()?,
            "modalities" => self.modalities = map.next_value()?,
            "user" => self.user = map.next_value()?,
            "safety_identifier" => self.safety_identifier = map.next_value()?,
            "prompt_cache_key" => self.prompt_cache_key = map.next_value()?,
            "metadata" => self.metadata = map.next_value()?,
            "service_tier" => self.service_tier = map.next_value()?,
            "store" => self.store = map.next_value()?,
            "temperature" => self.temperature = map.next_value()?,
            "top_p" => self.top_p = map.next_value()?,
            "top_k" => self.top_k = map.next_value()?,
            "seed" => self.seed = map.next_value()?,
            "frequency_penalty" => self.frequency_penalty = map.next_value()?,
            "presence_penalty" => self.presence_penalty = map.next_value()?,
            "logit_bias" => self.logit_bias = map.next_value()?,
            "logprobs" => self.logprobs = map.next_value()?,
            "top_logprobs" => self.top_logprobs = map.next_value()?,
            // The model is chosen by the gateway; how long a cache lives is each provider's own affair.
            "model" | "prompt_cache_options" | "prompt_cache_retention" => {
                map.next_value::<IgnoredAny>()?;
            }
            _ => {
                let value: &RawValue = map.next_value()?;
                if value.get() != "null" {
                    self.without_peer.push(key);
                }
            }
        }
        Ok(())
    }
}

/// One of `messages`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    role: Option<Text<'a>>,
    pub content: Option<StringOr<'a, ContentPart<'a>>>,
    /// Who of several speaks; the function's name in an answer to `function_call`.
    pub name: Option<Text<'a>>,
    pub tool_call_id: Option<Text<'a>>,
    pub tool_calls: Option<Vec<Call<'a>>>,
    /// The one call of the oldest clients.
    pub function_call: Option<Function<'a>>,
    pub refusal: Option<Text<'a>>,
    pub audio: Option<&'a RawValue>,
    pub reasoning_content: Option<Text<'a>>,
    /// The same under another name; an object from clients that mean something else.
    pub reasoning: Option<&'a RawValue>,
    pub reasoning_details: Option<Vec<Detail<'a>>>,
    pub extra_content: Option<ExtraContent<'a>>,
    #[serde(rename = "cache_control")]
    pub cache: Option<Breakpoint<'a>>,
}

impl Message<'_> {
    /// Roles that nobody knows yet are the user's.
    pub(super) fn role(&self) -> Role {
        match &self.role {
            Some(role) if role.is("assistant") => Role::Assistant,
            Some(role) if role.is("system") => Role::System,
            Some(role) if role.is("developer") => Role::Developer,
            _ => Role::User,
        }
    }

    /// Whether it holds what a tool answered.
    pub(super) fn answers_a_call(&self) -> bool {
        let role = self.role.as_ref();
        role.is_some_and(|role| role.is("tool") || role.is("function"))
    }
}

/// A part of a message, of any type; what a type does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    pub refusal: Option<Text<'a>>,
    /// An object, a URL alone from a few clients.
    pub image_url: Option<&'a RawValue>,
    pub input_audio: Option<InputAudio<'a>>,
    pub file: Option<File<'a>>,
    /// How clients that know Claude mark the end of what shall be cached.
    pub cache_control: Option<Breakpoint<'a>>,
    /// How OpenAI's do.
    pub prompt_cache_breakpoint: Option<Breakpoint<'a>>,
}

/// The end of a part of the prompt that shall be kept in a cache.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Breakpoint<'a> {
    #[serde(borrow)]
    ttl: Option<Text<'a>>,
}

impl Breakpoint<'_> {
    pub(super) fn hint(&self) -> Cache {
        match &self.ttl {
            Some(ttl) if ttl.is("1h") || ttl.is("12h") => Cache::Hour,
            Some(ttl) if ttl.is("5m") => Cache::Minutes5,
            _ => Cache::Default,
        }
    }
}

/// `image_url`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ImageUrl<'a> {
    #[serde(borrow)]
    pub url: Option<Text<'a>>,
    pub detail: Option<Text<'a>>,
}

/// `input_audio`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputAudio<'a> {
    #[serde(borrow)]
    pub data: Option<Text<'a>>,
    pub format: Option<Text<'a>>,
}

/// `file`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File<'a> {
    #[serde(borrow)]
    pub file_data: Option<Text<'a>>,
    pub file_id: Option<Text<'a>>,
    pub filename: Option<Text<'a>>,
}

/// `stream_options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub include_usage: Option<bool>,
}

/// One of `tools`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Declared<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub function: Option<DeclaredFunction<'a>>,
    pub custom: Option<DeclaredCustom<'a>>,
    pub cache_control: Option<Breakpoint<'a>>,
}

/// A function, in `tools` or in `functions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeclaredFunction<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    pub description: Option<Text<'a>>,
    pub parameters: Option<&'a RawValue>,
    pub strict: Option<bool>,
    pub cache_control: Option<Breakpoint<'a>>,
}

/// A tool of free text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeclaredCustom<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    pub description: Option<Text<'a>>,
    pub format: Option<&'a RawValue>,
}

/// `response_format`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseFormat<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub json_schema: Option<JsonSchema<'a>>,
}

/// `response_format.json_schema`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JsonSchema<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    pub description: Option<Text<'a>>,
    pub schema: Option<&'a RawValue>,
    pub strict: Option<bool>,
}

/// `reasoning`, as clients of OpenRouter write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasoningConfig<'a> {
    #[serde(borrow)]
    pub effort: Option<Text<'a>>,
    pub max_tokens: Option<u64>,
    pub enabled: Option<bool>,
    pub exclude: Option<bool>,
}

/// `thinking`, as clients of DeepSeek and of Claude write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ThinkingConfig<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub budget_tokens: Option<u64>,
}
