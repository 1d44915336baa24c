//! What a Converse answer or stream says about itself. A stream's counts come last, behind the reason of its end.

use kernel::{Reported, Usage};
use wire::Phase;

use super::answer::{Block, Counts, Response, StreamEvent, Tier};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::meter::Meter;

/// Looks at one event of a stream.
pub(crate) fn look(meter: &mut Meter, name: Option<&[u8]>, data: &str) {
    if name == Some(b"error") {
        let fault = Fault::read(0, data.as_bytes());
        meter.fail(fault.code, fault.message);
    } else if let Ok(event) = json::read::<StreamEvent<'_>>(data) {
        see(meter, &event);
    }
}

fn see(meter: &mut Meter, event: &StreamEvent<'_>) {
    if let Some(delta) = &event.delta {
        meter.output_bytes += said(delta);
        meter.phase = Phase::Semantic;
    }
    if event
        .start
        .as_ref()
        .is_some_and(|start| start.tool_use.is_some())
    {
        meter.phase = Phase::Semantic;
    }
    if let Some(reason) = &event.stop_reason {
        meter.finished = true;
        meter.reported.stop_reason = Some(reason.decoded().into_owned());
    }
    if let Some(counts) = &event.usage {
        report(counts, event.service_tier.as_ref(), &mut meter.reported);
        meter.final_usage = meter.finished;
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
        let mut meter = Meter::new(look);
        let mut see = |name: &str, data: &str| {
            meter.observe(&format!("event: {name}\ndata: {data}\n\n").into());
            (meter.phase.clone(), meter.may_end_here(), meter.final_usage)
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
        let usage = meter.reported.usage.unwrap();
        let all = [
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
        ];
        assert_eq!(all, [5, 60, 10, 30, 7]);
        assert_eq!(meter.reported.service_tier.as_deref(), Some("flex"));
        assert_eq!(meter.output_bytes, 2);
    }

    #[test]
    fn an_exception_ends_a_stream() {
        let mut meter = Meter::new(look);
        let event = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}\n\n";
        meter.observe(&event.into());
        let Phase::Failed { code, message } = &meter.phase else {
            panic!("{meter:?}");
        };
        assert_eq!(
            (code.as_deref(), message.as_str()),
            (Some("rate_limit_error"), "slow")
        );
        assert!(!meter.may_end_here());
    }
}
