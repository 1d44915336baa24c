//! What a Gemini answer or stream says about itself. Every chunk is a whole answer object and its usage is cumulative:
//! the last one counts. Prompt counts include the cached ones, candidates leave thoughts out.

use kernel::tokens::Refusal;
use kernel::{Reported, Usage};
use wire::Phase;

use super::answer::{Candidate, Modality, Response, UsageMetadata, is_refusal};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::meter::Meter;

/// Looks at one event of a stream.
pub(crate) fn look(meter: &mut Meter, _name: Option<&[u8]>, data: &str) {
    if let Ok(response) = json::read::<Response<'_>>(data) {
        see(meter, response, data);
    }
}

fn see(meter: &mut Meter, mut response: Response<'_>, data: &str) {
    if response.has_error() {
        let fault = Fault::read(0, data.as_bytes());
        meter.fail(fault.code, fault.message);
        return;
    }
    keep(
        &mut meter.reported.response_id,
        response.response_id.as_ref(),
    );
    keep(&mut meter.reported.model, response.model_version.as_ref());
    if let Some(feedback) = &response.prompt_feedback
        && let Some(reason) = &feedback.block_reason
    {
        meter.finished = true;
        refuse(&mut meter.reported, &reason.decoded(), true);
    }
    if let Some(mut candidate) = response.candidate() {
        see_candidate(meter, &mut candidate);
    }
    if let Some(usage) = &response.usage_metadata {
        report(usage, &mut meter.reported);
        meter.final_usage = meter.finished;
    }
}

fn see_candidate(meter: &mut Meter, candidate: &mut Candidate<'_>) {
    let mut said = false;
    for part in candidate.parts() {
        let args = part.function_call.as_ref().map(|call| call.args);
        let args = args.map_or(0, |args| args.map_or(0, |args| args.get().len()));
        let text = part.text.as_ref().map_or(0, Text::len);
        meter.output_bytes += (text + args) as u64;
        said |= text > 0 || part.function_call.is_some();
    }
    if said {
        meter.phase = Phase::Semantic;
    }
    if let Some(grounding) = &candidate.grounding_metadata {
        searched(&mut meter.reported, grounding.web_search_queries.as_deref());
    }
    let Some(reason) = &candidate.finish_reason else {
        return;
    };
    let reason = reason.decoded();
    meter.finished = true;
    if is_refusal(&reason) {
        refuse(&mut meter.reported, &reason, meter.output_bytes == 0);
    } else if reason.starts_with("MALFORMED") || reason == "UNEXPECTED_TOOL_CALL" {
        let words = candidate.finish_message.as_ref().map(Text::decoded);
        let words = words.unwrap_or_default().into_owned();
        meter.fail(Some(reason.into_owned()), words);
    } else {
        meter.reported.stop_reason = Some(reason.into_owned());
    }
}

/// What a whole answer reports, be it a text or embeddings.
pub(crate) fn reported(body: &[u8]) -> Result<Reported, TranslateError> {
    let text = String::from_utf8_lossy(body);
    let response: Response<'_> =
        json::read(&text).map_err(|error| TranslateError::answer(Upstream::Gemini, &error))?;
    let mut meter = Meter::new(look);
    see(&mut meter, response, &text);
    Ok(meter.reported)
}

/// Keeps a text that is not empty; copied only when it is another one than before.
fn keep(known: &mut Option<String>, text: Option<&Text<'_>>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return;
    };
    let text = text.decoded();
    if known.as_deref() != Some(text.as_ref()) {
        *known = Some(text.into_owned());
    }
}

fn refuse(reported: &mut Reported, reason: &str, before_output: bool) {
    reported.stop_reason = Some(reason.to_owned());
    reported.refusal = Some(Refusal {
        category: Some(reason.to_owned()),
        before_output,
    });
}

fn searched<T>(reported: &mut Reported, queries: Option<&[T]>) {
    let queries = queries.map_or(0, |queries| queries.len() as u64);
    reported.tools.web_search = reported.tools.web_search.max(queries);
}

fn report(usage: &UsageMetadata<'_>, reported: &mut Reported) {
    reported.usage = Some(buckets(usage));
    if let Some(traffic) = &usage.traffic_type {
        let traffic = traffic.decoded();
        let tier = ["PRIORITY", "FLEX"]
            .into_iter()
            .find(|word| traffic.ends_with(word));
        reported.service_tier = tier.map(str::to_ascii_lowercase);
    }
}

/// The counts in buckets that never overlap.
fn buckets(usage: &UsageMetadata<'_>) -> Usage {
    let mut buckets = Usage::default();
    let prompt = usage.prompt_token_count.unwrap_or(0);
    let tools = usage.tool_use_prompt_token_count.unwrap_or(0);
    let mut left = prompt;
    buckets.cache_read = take(&mut left, usage.cached_content_token_count.unwrap_or(0));
    // Sound and images may be among the cached tokens; only what is left can be fresh.
    let fresh = |kind| {
        let all = count(usage.prompt_tokens_details.as_deref(), kind);
        all.saturating_sub(count(usage.cache_tokens_details.as_deref(), kind))
    };
    buckets.audio_in = take(&mut left, fresh("AUDIO"));
    buckets.image_in = take(&mut left, fresh("IMAGE"));
    buckets.input = left.saturating_add(tools);
    let mut left = usage.candidates_token_count.unwrap_or(0);
    let made = |kind| count(usage.candidates_tokens_details.as_deref(), kind);
    buckets.audio_out = take(&mut left, made("AUDIO"));
    buckets.image_out = take(&mut left, made("IMAGE"));
    buckets.output = left;
    buckets.reasoning = usage.thoughts_token_count.unwrap_or(0);
    buckets
}

fn count(details: Option<&[Modality<'_>]>, kind: &str) -> u64 {
    let of_kind = |detail: &&Modality<'_>| detail.modality.as_ref().is_some_and(|m| m.is(kind));
    details
        .unwrap_or_default()
        .iter()
        .filter(of_kind)
        .fold(0, |sum, detail| {
            sum.saturating_add(detail.token_count.unwrap_or(0))
        })
}

/// Moves at most `wanted` out of what is left.
fn take(left: &mut u64, wanted: u64) -> u64 {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

#[cfg(test)]
mod tests;
