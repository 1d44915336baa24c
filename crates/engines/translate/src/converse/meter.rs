//! What a Converse answer or stream says about itself. A stream's counts come last, behind the reason of its end.

use bytes::Bytes;
use kernel::{Reported, Usage};
use wire::{Phase, sse};

use super::answer::{Block, Counts, Response, StreamEvent, Tier};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};

/// Watches a stream.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    phase: Phase,
    reported: Reported,
    output_bytes: u64,
    final_usage: bool,
    /// The reason of the end has come: where the counts do not, they are not known.
    finished: bool,
}

impl Meter {
    /// Looks at a block of whole events.
    pub(crate) fn observe(&mut self, block: &Bytes) {
        for event in sse::events(block) {
            if event.data.is_empty() || matches!(self.phase, Phase::Failed { .. }) {
                continue;
            }
            if self.phase == Phase::Silent {
                self.phase = Phase::Started;
            }
            let data = String::from_utf8_lossy(&event.data);
            if event.name == Some(b"error") {
                let fault = Fault::read(0, data.as_bytes());
                self.phase = Phase::Failed {
                    code: fault.code,
                    message: fault.message,
                };
            } else if let Ok(event) = json::read::<StreamEvent<'_>>(&data) {
                self.event(&event);
            }
        }
    }

    pub(crate) fn may_end_here(&self) -> bool {
        self.finished && !matches!(self.phase, Phase::Failed { .. })
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(crate) fn reported(&self) -> &Reported {
        &self.reported
    }

    pub(crate) fn has_final_usage(&self) -> bool {
        self.final_usage
    }

    pub(crate) fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    fn event(&mut self, event: &StreamEvent<'_>) {
        if let Some(delta) = &event.delta {
            self.output_bytes += said(delta);
            self.phase = Phase::Semantic;
        }
        if event
            .start
            .as_ref()
            .is_some_and(|start| start.tool_use.is_some())
        {
            self.phase = Phase::Semantic;
        }
        if let Some(reason) = &event.stop_reason {
            self.finished = true;
            self.reported.stop_reason = Some(reason.decoded().into_owned());
        }
        if let Some(counts) = &event.usage {
            report(counts, event.service_tier.as_ref(), &mut self.reported);
            self.final_usage = self.finished;
        }
    }
}

fn said(delta: &Block<'_>) -> u64 {
    let thought = delta.reasoning_content.as_ref();
    let texts = [
        delta.text.as_ref(),
        thought.and_then(|thought| thought.text.as_ref()),
    ];
    let text: usize = texts.into_iter().flatten().map(Text::len).sum();
    let input = delta.tool_use.as_ref().and_then(|tool| tool.input);
    let input = input.map_or(0, |input| input.get().len().saturating_sub(2));
    (text + input) as u64
}

/// What a whole answer reports.
pub(crate) fn reported(body: &[u8]) -> Result<Reported, TranslateError> {
    let text = String::from_utf8_lossy(body);
    let response: Response<'_> =
        json::read(&text).map_err(|error| TranslateError::answer(Upstream::Converse, &error))?;
    let mut reported = Reported {
        stop_reason: response
            .stop_reason
            .map(|reason| reason.decoded().into_owned()),
        ..Reported::default()
    };
    if let Some(counts) = &response.usage {
        report(counts, response.service_tier.as_ref(), &mut reported);
    }
    Ok(reported)
}

fn report(counts: &Counts, tier: Option<&Tier<'_>>, reported: &mut Reported) {
    reported.usage = Some(buckets(counts));
    let tier = tier
        .and_then(|tier| tier.r#type.as_ref())
        .map(Text::decoded);
    reported.service_tier = tier
        .filter(|tier| matches!(tier.as_ref(), "priority" | "flex"))
        .map(std::borrow::Cow::into_owned);
}

/// The counts in buckets that never overlap.
fn buckets(counts: &Counts) -> Usage {
    let written = counts.cache_write_input_tokens.unwrap_or(0);
    let details = counts.cache_details.iter().flatten();
    let hour = details.filter(|detail| detail.ttl.as_deref() == Some("1h"));
    let hour = hour.fold(0_u64, |sum, detail| sum.saturating_add(detail.input_tokens));
    let hour = hour.min(written);
    Usage {
        input: counts.input_tokens,
        cache_read: counts.cache_read_input_tokens.unwrap_or(0),
        cache_write_5m: written - hour,
        cache_write_1h: hour,
        output: counts.output_tokens,
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_never_overlap_and_come_behind_the_end() {
        let mut meter = Meter::default();
        let mut see = |name: &str, data: &str| {
            meter.observe(&format!("event: {name}\ndata: {data}\n\n").into());
            (
                meter.phase().clone(),
                meter.may_end_here(),
                meter.has_final_usage(),
            )
        };
        assert_eq!(
            see("messageStart", r#"{"role":"assistant"}"#),
            (Phase::Started, false, false)
        );
        assert_eq!(
            see(
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#
            ),
            (Phase::Semantic, false, false)
        );
        assert_eq!(
            see("messageStop", r#"{"stopReason":"end_turn"}"#),
            (Phase::Semantic, true, false)
        );
        let counts = r#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":112,"cacheReadInputTokens":60,"cacheWriteInputTokens":40,"cacheDetails":[{"ttl":"1h","inputTokens":30},{"ttl":"5m","inputTokens":10}]},"serviceTier":{"type":"flex"}}"#;
        assert_eq!(see("metadata", counts), (Phase::Semantic, true, true));
        let usage = meter.reported().usage.unwrap();
        let all = [
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
        ];
        assert_eq!(all, [5, 60, 10, 30, 7]);
        assert_eq!(meter.reported().service_tier.as_deref(), Some("flex"));
        assert_eq!(meter.output_bytes(), 2);
    }

    #[test]
    fn an_exception_ends_a_stream() {
        let mut meter = Meter::default();
        let event = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}\n\n";
        meter.observe(&event.into());
        let Phase::Failed { code, message } = meter.phase() else {
            panic!("{meter:?}");
        };
        assert_eq!(
            (code.as_deref(), message.as_str()),
            (Some("rate_limit_error"), "slow")
        );
        assert!(!meter.may_end_here());
    }
}
