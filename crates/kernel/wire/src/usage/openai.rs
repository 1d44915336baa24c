//! OpenAI's usage objects, of chat, Responses and embeddings, and what compatible servers make of them. Input counts
//! include what was cached and written; output counts include reasoning.

use kernel::Usage;
use serde::Deserialize;

use crate::lenient::{Count, Object};

/// The usage of an answer, under chat's or Responses' names; some servers send both.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OpenAiUsage {
    prompt_tokens: Count,
    input_tokens: Count,
    completion_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Object<InputDetails>,
    input_tokens_details: Object<InputDetails>,
    completion_tokens_details: Object<OutputDetails>,
    output_tokens_details: Object<OutputDetails>,
    /// DeepSeek's split of the prompt.
    prompt_cache_hit_tokens: Count,
    prompt_cache_miss_tokens: Count,
    /// Where some compatible servers put it.
    cached_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cached_tokens_details: Object<CachedDetails>,
    cache_write_tokens: Count,
    cache_write_tokens_details: Object<WriteDetails>,
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CachedDetails {
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct WriteDetails {
    ttl_12h_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
    audio_tokens: Count,
    image_tokens: Count,
}

impl OpenAiUsage {
    /// The same counts in disjoint buckets; `None` when the object holds no count at all.
    pub(crate) fn buckets(&self) -> Option<Usage> {
        let hit = self.prompt_cache_hit_tokens.0;
        let miss = self.prompt_cache_miss_tokens.0;
        let split = (hit.is_some() || miss.is_some()).then(|| hit.unwrap_or(0) + miss.unwrap_or(0));
        let prompt = self.prompt_tokens.0.or(self.input_tokens.0).or(split);
        let completion = self.completion_tokens.0.or(self.output_tokens.0);
        let total = self.total_tokens.0;
        if prompt.is_none() && completion.is_none() && total.is_none() {
            return None;
        }
        let completion = completion.unwrap_or(0);
        let mut usage = Usage::default();
        self.split_output(&mut usage, prompt, completion);
        // A few servers give the total alone.
        let prompt = prompt.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(completion));
        self.split_input(&mut usage, prompt);
        Some(usage)
    }

    fn split_input(&self, usage: &mut Usage, prompt: u64) {
        let empty = InputDetails::default();
        let details = self.prompt_tokens_details.as_ref();
        let details = details
            .or(self.input_tokens_details.as_ref())
            .unwrap_or(&empty);
        let cached = self
            .prompt_cache_hit_tokens
            .0
            .or(details.cached_tokens.0)
            .or(self.cached_tokens.0)
            .unwrap_or(0);
        let mut left = prompt;
        usage.cache_read = take(&mut left, cached);
        let written = take(&mut left, details.cache_write_tokens.or_zero());
        let half_day = details
            .cache_write_tokens_details
            .as_ref()
            .map_or(0, |ttl| ttl.ttl_12h_tokens.or_zero());
        usage.cache_write_12h = half_day.min(written);
        usage.cache_write_30m = written - usage.cache_write_12h;
        // Audio and images may be among the cached tokens; only what is left can be fresh.
        let (cached_audio, cached_image) = details
            .cached_tokens_details
            .as_ref()
            .map_or((0, 0), |split| {
                (split.audio_tokens.or_zero(), split.image_tokens.or_zero())
            });
        let audio = details.audio_tokens.or_zero().saturating_sub(cached_audio);
        let image = details.image_tokens.or_zero().saturating_sub(cached_image);
        usage.audio_in = take(&mut left, audio);
        usage.image_in = take(&mut left, image);
        usage.input = left;
    }

    fn split_output(&self, usage: &mut Usage, prompt: Option<u64>, completion: u64) {
        let empty = OutputDetails::default();
        let details = self.completion_tokens_details.as_ref();
        let details = details
            .or(self.output_tokens_details.as_ref())
            .unwrap_or(&empty);
        let reasoning = details.reasoning_tokens.or_zero();
        let mut left = completion;
        // A few servers count reasoning beside the completion instead of within it; only the total tells.
        let beside = reasoning > 0
            && self.total_tokens.0.is_some_and(|total| {
                prompt.is_some_and(|prompt| total == prompt + left + reasoning)
            });
        if beside {
            left += reasoning;
        }
        usage.reasoning = take(&mut left, reasoning);
        usage.audio_out = take(&mut left, details.audio_tokens.or_zero());
        usage.image_out = take(&mut left, details.image_tokens.or_zero());
        usage.output = left;
    }
}

/// Moves at most `wanted` out of what is left.
fn take(left: &mut u64, wanted: u64) -> u64 {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

#[cfg(test)]
mod tests;
