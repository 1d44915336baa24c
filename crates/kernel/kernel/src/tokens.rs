//! Token counts in buckets that never overlap, and what an answer says about itself that decides its price.
//! Reading them from a protocol is `wire`'s work, pricing them `llm`'s.

use serde::{Deserialize, Serialize};

/// Disjoint token buckets of one sampling turn or of a whole call. A token stands in exactly one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Text and document tokens read fresh: neither from a cache nor written to one.
    #[serde(skip_serializing_if = "is_zero")]
    pub input: u64,
    /// Input served from the provider's prompt cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    /// Input written to a cache that lives five minutes (Anthropic's default).
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_5m: u64,
    /// Input written to a cache that lives one hour.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h: u64,
    /// Input written to a cache that lives thirty minutes (OpenAI's default).
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_30m: u64,
    /// Input written to a cache that lives twelve hours.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_12h: u64,
    /// Fresh audio input.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_in: u64,
    /// Fresh image input, where the provider counts it apart.
    #[serde(skip_serializing_if = "is_zero")]
    pub image_in: u64,
    /// Visible output, without reasoning, audio and images.
    #[serde(skip_serializing_if = "is_zero")]
    pub output: u64,
    /// Reasoning (thinking) output.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning: u64,
    /// Audio output.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_out: u64,
    /// Image output.
    #[serde(skip_serializing_if = "is_zero")]
    pub image_out: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

// The counts come from outside: sums stop at the bound of the type.
impl Usage {
    /// All that was sent, cached or not: what size tiers compare.
    #[must_use]
    pub const fn total_input(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_writes())
            .saturating_add(self.audio_in)
            .saturating_add(self.image_in)
    }

    /// All that was made, reasoning included.
    #[must_use]
    pub const fn total_output(&self) -> u64 {
        self.output
            .saturating_add(self.reasoning)
            .saturating_add(self.audio_out)
            .saturating_add(self.image_out)
    }

    /// All cache writes, whatever their time to live.
    #[must_use]
    pub const fn cache_writes(&self) -> u64 {
        self.cache_write_5m
            .saturating_add(self.cache_write_1h)
            .saturating_add(self.cache_write_30m)
            .saturating_add(self.cache_write_12h)
    }

    /// What `tokens_per_minute` counts: uncached input, cache writes and output.
    #[must_use]
    pub const fn limited(&self) -> u64 {
        self.total_input()
            .saturating_sub(self.cache_read)
            .saturating_add(self.total_output())
    }

    /// Bucket by bucket sum.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write_5m: self.cache_write_5m.saturating_add(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            cache_write_30m: self.cache_write_30m.saturating_add(other.cache_write_30m),
            cache_write_12h: self.cache_write_12h.saturating_add(other.cache_write_12h),
            audio_in: self.audio_in.saturating_add(other.audio_in),
            image_in: self.image_in.saturating_add(other.image_in),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            audio_out: self.audio_out.saturating_add(other.audio_out),
            image_out: self.image_out.saturating_add(other.image_out),
        }
    }
}

/// What an answer says about itself, as far as money depends on it. Nothing here comes from the request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reported {
    /// The answer's own id (`msg_…`, `chatcmpl-…`, `resp_…`).
    pub response_id: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The counts at the answer's top level; `None` when it said nothing.
    pub usage: Option<Usage>,
    /// The sampling turns behind the answer, where it lists them (Anthropic `usage.iterations`); empty otherwise.
    pub turns: Vec<Turn>,
    /// `service_tier` as the answer spells it: `standard`, `default`, `batch`, `flex`, `priority`, `fast` …
    pub service_tier: Option<String>,
    /// `speed` as the answer spells it (Anthropic): `standard`, `fast`.
    pub speed: Option<String>,
    /// Where inference ran (Anthropic `inference_geo`): `us`, `global` …
    pub region: Option<String>,
    /// Server-side tools that are charged per use.
    pub tools: ServerTools,
    /// Why the answer ended, as its protocol spells it.
    pub stop_reason: Option<String>,
    /// Set when the provider refused.
    pub refusal: Option<Refusal>,
}

/// One sampling turn of several behind one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// `message`, `compaction`, `advisor_message`, `fallback_message` …, as the answer spells it.
    pub kind: String,
    /// Its own model, where it names one.
    pub model: Option<String>,
    /// Its own counts.
    pub usage: Usage,
}

/// Uses of server-side tools, each charged by the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerTools {
    /// Web searches run by the provider.
    #[serde(skip_serializing_if = "is_zero")]
    pub web_search: u64,
    /// Pages fetched by the provider (free at Anthropic, recorded all the same).
    #[serde(skip_serializing_if = "is_zero")]
    pub web_fetch: u64,
    /// File searches run by the provider.
    #[serde(skip_serializing_if = "is_zero")]
    pub file_search: u64,
    /// Code executions run by the provider; charged by time, so no exact fee follows from the count.
    #[serde(skip_serializing_if = "is_zero")]
    pub code_execution: u64,
}

/// A refusal and what decides whether it is billed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// The category that the provider names, if any.
    pub category: Option<String>,
    /// True when the answer's content is empty.
    pub before_output: bool,
}
