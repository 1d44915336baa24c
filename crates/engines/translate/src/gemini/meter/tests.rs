//! Counts as providers send them.

use bytes::Bytes;

use super::*;

fn observed(events: &[&str]) -> Meter {
    let mut meter = Meter::new(look);
    for event in events {
        meter.observe(&Bytes::from(format!("data: {event}\n\n")));
    }
    meter
}

#[test]
fn the_last_count_stands_and_buckets_never_overlap() {
    let meter = observed(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":1},"modelVersion":"gemini-4","responseId":"r1"}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":10,"thoughtsTokenCount":30,"toolUsePromptTokenCount":7,"totalTokenCount":147,"promptTokensDetails":[{"modality":"TEXT","tokenCount":70},{"modality":"AUDIO","tokenCount":20},{"modality":"IMAGE","tokenCount":10}],"cacheTokensDetails":[{"modality":"TEXT","tokenCount":45},{"modality":"AUDIO","tokenCount":15}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":4}],"trafficType":"ON_DEMAND_FLEX"}}"#,
    ]);
    let usage = meter.reported.usage.unwrap();
    let expected = Usage {
        input: 25 + 7,
        cache_read: 60,
        audio_in: 5,
        image_in: 10,
        output: 6,
        image_out: 4,
        reasoning: 30,
        ..Usage::default()
    };
    assert_eq!(usage, expected);
    assert_eq!(usage.total_input() + usage.total_output(), 147);
    assert!(meter.may_end_here() && meter.final_usage);
    assert_eq!(meter.phase, Phase::Semantic);
    assert_eq!(meter.output_bytes, 4);
    assert_eq!(meter.reported.service_tier.as_deref(), Some("flex"));
    assert_eq!(meter.reported.model.as_deref(), Some("gemini-4"));
}

#[test]
fn a_stream_without_a_reason_has_not_ended() {
    let meter = observed(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}],"usageMetadata":{"promptTokenCount":5}}"#,
    ]);
    assert!(!meter.may_end_here() && !meter.final_usage);
}

#[test]
fn refusals_and_faults_are_told() {
    let blocked = observed(&[r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#]);
    assert!(blocked.may_end_here());
    let refusal = blocked.reported.refusal.unwrap();
    assert!(refusal.before_output);
    let malformed = observed(&[r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#]);
    assert!(matches!(malformed.phase, Phase::Failed { .. }) && !malformed.may_end_here());
    let failed =
        observed(&[r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}"#]);
    let Phase::Failed { code, message } = &failed.phase else {
        panic!("it failed");
    };
    assert_eq!(
        (code.as_deref(), message.as_str()),
        (Some("RESOURCE_EXHAUSTED"), "slow")
    );
}

#[test]
fn embeddings_and_whole_answers_report_alike() {
    let answer = r#"{"embeddings":[{"values":[0.1]}],"usageMetadata":{"promptTokenCount":9}}"#;
    let usage = reported(answer.as_bytes()).unwrap().usage.unwrap();
    assert_eq!(usage.total_input(), 9);
    assert!(reported(b"<html>").is_err());
}
