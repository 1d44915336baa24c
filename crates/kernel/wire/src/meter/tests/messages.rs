//! Message events as Anthropic sends them, and as others do.

use super::*;

pub(super) const STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,"usage":{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_read_input_tokens":180000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":8000},"output_tokens":1,"service_tier":"standard","inference_geo":"us"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"ls","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"p\":1}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":400}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":503,"output_tokens_details":{"thinking_tokens":310},"server_tool_use":{"web_search_requests":2}}}

event: message_stop
data: {"type":"message_stop"}

"#;

#[test]
fn a_whole_stream() {
    let meter = metered(Protocol::Messages, STREAM);
    assert_eq!(meter.phase(), &Phase::Ended);
    let reported = meter.reported();
    assert_eq!(reported.response_id.as_deref(), Some("msg_1"));
    assert_eq!(reported.model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(reported.stop_reason.as_deref(), Some("tool_use"));
    assert_eq!(reported.region.as_deref(), Some("us"));
    assert_eq!(reported.tools.web_search, 2);
    let usage = reported.usage.unwrap();
    assert_eq!(
        (usage.input, usage.cache_write_5m, usage.cache_write_1h),
        (2_095, 4_000, 8_000)
    );
    assert_eq!(
        (usage.cache_read, usage.output, usage.reasoning),
        (180_000, 193, 310)
    );
    assert_eq!(meter.output_bytes(), (2 + r#"{\"p\":1}"#.len()) as u64);
}

#[test]
fn phases_follow_the_events() {
    let mut meter = Meter::new(Protocol::Messages);
    let mut seen = Vec::new();
    for event in STREAM.split_inclusive("\n\n") {
        meter.observe(&Bytes::copy_from_slice(event.as_bytes()));
        seen.push(meter.phase().clone());
        assert_eq!(meter.may_end_here(), event.contains("message_stop"));
        assert_eq!(meter.has_final_usage(), seen.len() > 8);
    }
    assert_eq!(seen[..3], [Phase::Started, Phase::Started, Phase::Started]);
    assert!(seen[3..10].iter().all(|phase| *phase == Phase::Semantic));
    assert_eq!(seen[10], Phase::Ended);
}

#[test]
fn a_ping_alone_is_silence() {
    let meter = metered(
        Protocol::Messages,
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    );
    assert_eq!(meter.phase(), &Phase::Silent);
}

#[test]
fn names_may_stand_in_the_data_alone_or_in_the_event_line_alone() {
    let unnamed: String = STREAM
        .lines()
        .filter(|line| !line.starts_with("event:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        metered(Protocol::Messages, &unnamed).reported(),
        metered(Protocol::Messages, STREAM).reported()
    );
    let untyped = "event: message_start\ndata: {\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":3,\"output_tokens\":0}}}\n\nevent: message_stop\ndata: {}\n\n";
    let meter = metered(Protocol::Messages, untyped);
    assert_eq!(
        (meter.phase(), meter.reported().usage.unwrap().input),
        (&Phase::Ended, 3)
    );
}

#[test]
fn usage_that_comes_late_counts() {
    let stream = r#"data: {"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":0,"output_tokens":0}}}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":1234,"output_tokens":500,"cache_read_input_tokens":7}}

"#;
    let usage = metered(Protocol::Messages, stream)
        .reported()
        .usage
        .unwrap();
    assert_eq!(
        (usage.input, usage.output, usage.cache_read),
        (1234, 500, 7)
    );
    let never = metered(
        Protocol::Messages,
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n",
    );
    assert_eq!(never.reported().usage, None);
}

#[test]
fn refusals_before_and_after_output() {
    let delta = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\",\"stop_details\":{\"category\":\"bio\"}},\"usage\":{\"output_tokens\":4}}\n\n";
    let refusal = metered(Protocol::Messages, delta)
        .reported()
        .refusal
        .clone()
        .unwrap();
    assert_eq!(
        (refusal.category.as_deref(), refusal.before_output),
        (Some("bio"), true)
    );
    let begun = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
    let refusal = metered(Protocol::Messages, &format!("{begun}{delta}"))
        .reported()
        .refusal
        .clone();
    assert!(!refusal.unwrap().before_output);
}

#[test]
fn error_events_fail_the_stream() {
    for (event, phase) in [
        (
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
            failed(Some("overloaded_error"), "Overloaded"),
        ),
        (
            "event: error\ndata: upstream went away",
            failed(None, "upstream went away"),
        ),
        (
            "data: {\"error\":{\"message\":\"proxy\",\"code\":\"x\"}}",
            failed(Some("x"), "proxy"),
        ),
    ] {
        let meter = metered(Protocol::Messages, &format!("{event}\n\n"));
        assert_eq!(meter.phase(), &phase);
    }
}

#[test]
fn long_error_texts_are_cut() {
    let long = format!(
        "event: error\ndata: {{\"error\":{{\"message\":\"{}\"}}}}\n\n",
        "é".repeat(600)
    );
    let meter = metered(Protocol::Messages, &long);
    assert!(matches!(meter.phase(), Phase::Failed { message, .. } if message.len() == 500));
}

#[test]
fn the_error_event() {
    let event = Meter::new(Protocol::Messages).error_event(&view(Kind::Unavailable));
    insta::assert_snapshot!(std::str::from_utf8(&event).unwrap(), @r#"
    event: error
    data: {"type":"error","error":{"type":"overloaded_error","message":"the upstream \"broke\" off"},"request_id":"req_1"}
    "#);
}
