//! Anthropic's usage object. `input_tokens` leaves out what was cached and written; `output_tokens` includes thinking.
//! In a stream it comes in parts, each of them cumulative.

use kernel::tokens::{ServerTools, Turn};
use kernel::{Reported, Usage};
use serde::Deserialize;

use crate::lenient::{Count, List, Object, Text};

/// More sampling turns than this in one answer are not kept apart.
const MAX_TURNS: usize = 1_000;

/// The usage of an answer, or the part of it that one event carries.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnthropicUsage {
    input_tokens: Count,
    output_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: Object<CacheCreation>,
    output_tokens_details: Object<OutputDetails>,
    server_tool_use: Object<ServerToolUse>,
    iterations: List<Object<Iteration>>,
    service_tier: Text,
    speed: Text,
    inference_geo: Text,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ServerToolUse {
    web_search_requests: Count,
    web_fetch_requests: Count,
    code_execution_requests: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Iteration {
    r#type: Text,
    model: Text,
    input_tokens: Count,
    output_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: Object<CacheCreation>,
    output_tokens_details: Object<OutputDetails>,
}

impl AnthropicUsage {
    /// Takes a later event's counts: what it names replaces what was known, what it leaves out stays.
    pub(crate) fn update(&mut self, newer: Self) {
        self.input_tokens.update(newer.input_tokens);
        self.output_tokens.update(newer.output_tokens);
        self.cache_creation_input_tokens
            .update(newer.cache_creation_input_tokens);
        self.cache_read_input_tokens
            .update(newer.cache_read_input_tokens);
        self.cache_creation.update(newer.cache_creation);
        self.output_tokens_details
            .update(newer.output_tokens_details);
        self.server_tool_use.update(newer.server_tool_use);
        self.iterations.update(newer.iterations);
        self.service_tier.update(newer.service_tier);
        self.speed.update(newer.speed);
        self.inference_geo.update(newer.inference_geo);
    }

    /// Writes what is known into the report.
    pub(crate) fn report(&self, reported: &mut Reported) {
        reported.usage = self.buckets();
        reported.turns = self.turns();
        if let Some(tools) = self.server_tool_use.as_ref() {
            reported.tools = ServerTools {
                web_search: tools.web_search_requests.or_zero(),
                web_fetch: tools.web_fetch_requests.or_zero(),
                code_execution: tools.code_execution_requests.or_zero(),
                ..ServerTools::default()
            };
        }
        reported.service_tier.clone_from(&self.service_tier.0);
        reported.speed.clone_from(&self.speed.0);
        reported.region.clone_from(&self.inference_geo.0);
    }

    fn buckets(&self) -> Option<Usage> {
        let known = self.input_tokens.0.is_some() || self.output_tokens.0.is_some();
        known.then(|| {
            buckets(
                self.input_tokens,
                self.cache_read_input_tokens,
                self.cache_creation_input_tokens,
                self.cache_creation.as_ref(),
                self.output_tokens,
                self.output_tokens_details.as_ref(),
            )
        })
    }

    fn turns(&self) -> Vec<Turn> {
        let Some(iterations) = self.iterations.as_ref() else {
            return Vec::new();
        };
        iterations
            .iter()
            .filter_map(Object::as_ref)
            .take(MAX_TURNS)
            .map(|turn| Turn {
                kind: turn.r#type.0.clone().unwrap_or_default(),
                model: turn.model.0.clone(),
                usage: buckets(
                    turn.input_tokens,
                    turn.cache_read_input_tokens,
                    turn.cache_creation_input_tokens,
                    turn.cache_creation.as_ref(),
                    turn.output_tokens,
                    turn.output_tokens_details.as_ref(),
                ),
            })
            .collect()
    }
}

fn buckets(
    input: Count,
    read: Count,
    written: Count,
    split: Option<&CacheCreation>,
    output: Count,
    details: Option<&OutputDetails>,
) -> Usage {
    let (short, long) = split.map_or((0, 0), |split| {
        (
            split.ephemeral_5m_input_tokens.or_zero(),
            split.ephemeral_1h_input_tokens.or_zero(),
        )
    });
    let written = written.0.unwrap_or(short + long);
    let cache_write_1h = long.min(written);
    let output = output.or_zero();
    let reasoning = details
        .map_or(0, |details| details.thinking_tokens.or_zero())
        .min(output);
    Usage {
        input: input.or_zero(),
        cache_read: read.or_zero(),
        cache_write_5m: written - cache_write_1h,
        cache_write_1h,
        output: output - reasoning,
        reasoning,
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests;
