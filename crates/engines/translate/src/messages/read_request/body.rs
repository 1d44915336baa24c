//! The top level of a messages body, and its messages before their blocks are looked at.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Text;
use crate::messages::block::Content;
use crate::neutral::{Role, ToolChoice};

/// The top-level keys that this reader knows: each stands in the table of every pair that begins here.
#[cfg(test)]
pub(crate) const KNOWN_FIELDS: &[&str] = &[
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "cache_control",
    "speed",
    "container",
    "context_management",
    "compaction",
    "mcp_servers",
    "inference_geo",
    "diagnostics",
    "fallbacks",
    "fallback_credit_token",
    "billing_policy",
    "thread",
    "user_profile_id",
    "workspace_id",
];

/// What the top level says.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub messages: Vec<Message<'a>>,
    pub system: Option<Content<'a>>,
    pub max_tokens: Option<u64>,
    pub stream: Option<bool>,
    pub tools: Vec<&'a RawValue>,
    pub tool_choice: Option<Choice<'a>>,
    pub thinking: Option<ThinkingConfig<'a>>,
    pub output_config: Option<OutputConfig<'a>>,
    pub output_format: Option<OutputFormat<'a>>,
    pub stop_sequences: Option<Vec<Text<'a>>>,
    pub temperature: Option<&'a RawValue>,
    pub top_p: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub metadata: Option<Metadata<'a>>,
    service_tier: Option<Text<'a>>,
    /// Keys that say something no other provider understands.
    pub without_peer: Vec<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    pub(super) fn parallel(&self) -> Option<bool> {
        let disabled = self.tool_choice.as_ref()?.disable_parallel_tool_use?;
        Some(!disabled)
    }

    pub(super) fn service_tier(&self) -> Option<Text<'a>> {
        let tier = self.service_tier.as_ref()?;
        Some(if tier.is("standard_only") {
            Text::Raw("default")
        } else {
            tier.clone()
        })
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
                        "messages" => body.messages = map.next_value()?,
                        "system" => body.system = map.next_value()?,
                        "max_tokens" => body.max_tokens = map.next_value()?,
                        "stream" => body.stream = map.next_value()?,
                        "tools" => {
                            body.tools = map.next_value::<Option<_>>()?.unwrap_or_default();
                        }
                        "tool_choice" => body.tool_choice = map.next_value()?,
                        "thinking" => body.thinking = map.next_value()?,
                        "output_config" => body.output_config = map.next_value()?,
                        "output_format" => body.output_format = map.next_value()?,
                        "stop_sequences" => body.stop_sequences = map.next_value()?,
                        "temperature" => body.temperature = map.next_value()?,
                        "top_p" => body.top_p = map.next_value()?,
                        "top_k" => body.top_k = map.next_value()?,
                        "metadata" => body.metadata = map.next_value()?,
                        "service_tier" => body.service_tier = map.next_value()?,
                        // The model is chosen by the gateway; caching of a whole prompt is what others do anyway.
                        "model" | "cache_control" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            let value: &RawValue = map.next_value()?;
                            if value.get() != "null" {
                                body.without_peer.push(key);
                            }
                        }
                    }
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// One of `messages`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    role: Option<Text<'a>>,
    pub content: Option<Content<'a>>,
    /// `next_user_message`: a system message that is shown for one turn.
    clear_at: Option<Text<'a>>,
    /// What a system message sets for one turn.
    pub output_config: Option<OutputConfig<'a>>,
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

    pub(super) fn is_user(&self) -> bool {
        self.role() == Role::User
    }

    /// Whether the user says something, beside what tools answered.
    pub(super) fn opens_a_turn(&self) -> bool {
        self.is_user()
            && match &self.content {
                Some(Content::List(blocks)) => blocks.iter().any(|block| !block.is("tool_result")),
                _ => true,
            }
    }

    pub(super) fn is_cleared(&self) -> bool {
        self.clear_at
            .as_ref()
            .is_some_and(|at| at.is("next_user_message"))
    }
}

/// `tool_choice`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    name: Option<Text<'a>>,
    disable_parallel_tool_use: Option<bool>,
}

impl<'a> Choice<'a> {
    pub(super) fn read(self) -> Option<ToolChoice<'a>> {
        let kind = self.r#type?;
        match kind.decoded().as_ref() {
            "any" => Some(ToolChoice::Any),
            "none" => Some(ToolChoice::None),
            "tool" => Some(ToolChoice::Tool {
                namespace: None,
                name: self.name?,
            }),
            _ => Some(ToolChoice::Auto),
        }
    }
}

/// `thinking`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ThinkingConfig<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub budget_tokens: Option<u64>,
    pub display: Option<Text<'a>>,
}

/// `output_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OutputConfig<'a> {
    #[serde(borrow)]
    pub effort: Option<Text<'a>>,
    pub format: Option<OutputFormat<'a>>,
    pub task_budget: Option<&'a RawValue>,
}

/// `output_config.format`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct OutputFormat<'a> {
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
}

/// `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub user_id: Option<Text<'a>>,
}
