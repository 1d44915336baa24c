//! Response events as OpenAI sends them, short ones, and the event that ends one as failed.

use super::*;

pub(super) const STREAM: &str = r#"event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1763000000,"status":"in_progress","error":null,"model":"gpt-6.1-sol","output":[],"service_tier":"auto","usage":null}}

event: response.in_progress
data: {"type":"response.in_progress","response":{"id":"resp_1","status":"in_progress"},"sequence_number":1}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","content":[]}}

event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","delta":"Hi \"error\":","logprobs":[],"obfuscation":"x"}

event: response.output_text.done
data: {"type":"response.output_text.done","sequence_number":4,"text":"Hi \"error\":"}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":5,"item":{"type":"message","content":[{"type":"output_text","text":"Hi \"error\":"}]}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":6,"delta":"{}"}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":7,"item":{"type":"web_search_call","action":{"type":"search"}}}

event: response.completed
data: {"type":"response.completed","sequence_number":8,"response":{"id":"resp_1","object":"response","created_at":1763000000,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-6.1-sol","output":[{"type":"message"},{"type":"web_search_call","action":{"type":"search"}},{"type":"function_call"}],"service_tier":"default","usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":39}}}

"#;

#[test]
fn a_whole_stream() {
    let meter = metered(Protocol::Responses, STREAM);
    assert_eq!(meter.phase(), &Phase::Ended);
    let reported = meter.reported();
    assert_eq!(reported.response_id.as_deref(), Some("resp_1"));
    assert_eq!(reported.model.as_deref(), Some("gpt-6.1-sol"));
    assert_eq!(reported.service_tier.as_deref(), Some("default"));
    assert_eq!(reported.stop_reason.as_deref(), Some("completed"));
    assert_eq!(reported.tools.web_search, 1);
    let usage = reported.usage.unwrap();
    assert_eq!(
        (usage.input, usage.cache_read, usage.output, usage.reasoning),
        (20, 10, 5, 4)
    );
    assert_eq!(meter.output_bytes(), (r#"Hi \"error\":"#.len() + 2) as u64);
    assert!(meter.has_final_usage());
}

#[test]
fn phases_follow_the_events() {
    let mut meter = Meter::new(Protocol::Responses);
    let seen: Vec<_> = STREAM
        .split_inclusive("\n\n")
        .map(|event| {
            meter.observe(&Bytes::copy_from_slice(event.as_bytes()));
            meter.phase().clone()
        })
        .collect();
    assert!(seen[..3].iter().all(|phase| *phase == Phase::Started));
    assert!(seen[3..8].iter().all(|phase| *phase == Phase::Semantic));
    assert_eq!(seen[8], Phase::Ended);
}

#[test]
fn items_that_come_whole_are_counted_once() {
    let stream = r#"data: {"type":"response.created","response":{"id":"resp_2"}}

data: {"type":"response.output_item.done","item":{"type":"function_call","name":"f","arguments":"12345"}}

data: {"type":"response.completed","response":{"id":"resp_2","usage":{"input_tokens":1,"output_tokens":2}}}

"#;
    let meter = metered(Protocol::Responses, stream);
    assert_eq!((meter.output_bytes(), meter.phase()), (5, &Phase::Ended));
}

#[test]
fn every_end_is_told_apart() {
    let end = |kind: &str, rest: &str| {
        metered(
            Protocol::Responses,
            &format!(
                "data: {{\"type\":\"{kind}\",\"response\":{{\"id\":\"r\",{rest},\"usage\":{{\"input_tokens\":1,\"output_tokens\":2}}}}}}\n\n"
            ),
        )
    };
    let incomplete = end(
        "response.incomplete",
        "\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
    );
    assert_eq!(incomplete.phase(), &Phase::Ended);
    assert_eq!(
        incomplete.reported().stop_reason.as_deref(),
        Some("max_output_tokens")
    );
    let lost = end(
        "response.failed",
        "\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"oops\"}",
    );
    assert_eq!(lost.phase(), &failed(Some("server_error"), "oops"));
    assert_eq!(lost.reported().usage.unwrap().output, 2);
    assert!(lost.has_final_usage());
    for event in [
        r#"event: error
data: {"type":"error","code":"rate_limit_exceeded","message":"slow","param":null,"sequence_number":3}"#,
        r#"data: {"type":"error","error":{"type":"x","code":"rate_limit_exceeded","message":"slow"}}"#,
        r#"data: {"error":{"code":"rate_limit_exceeded","message":"slow"}}"#,
    ] {
        let meter = metered(Protocol::Responses, &format!("{event}\n\n"));
        assert_eq!(meter.phase(), &failed(Some("rate_limit_exceeded"), "slow"));
    }
}

#[test]
fn only_its_own_end_makes_a_stream_whole() {
    let meter = metered(
        Protocol::Responses,
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\ndata: [DONE]\n\n",
    );
    assert!(!meter.may_end_here());
}

#[test]
fn the_error_event_goes_on_where_the_stream_was() {
    let upto = STREAM.find("event: response.output_text.done").unwrap();
    let meter = metered(Protocol::Responses, &STREAM[..upto]);
    let event = meter.error_event(&view(Kind::UpstreamTimeout));
    insta::assert_snapshot!(std::str::from_utf8(&event).unwrap(), @r#"
    event: response.failed
    data: {"type":"response.failed","sequence_number":4,"response":{"id":"resp_1","object":"response","created_at":1763000000,"status":"failed","error":{"code":"server_error","message":"the upstream \"broke\" off"},"incomplete_details":null,"model":"gpt-6.1-sol","output":[],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"usage":null},"error":{"message":"the upstream \"broke\" off","type":"server_error","param":null,"code":"UPSTREAM_BROKE_OFF"}}
    "#);
    let again = metered(Protocol::Responses, std::str::from_utf8(&event).unwrap());
    assert_eq!(
        again.phase(),
        &failed(Some("server_error"), "the upstream \"broke\" off")
    );
}

#[test]
fn the_error_event_of_a_stream_that_never_began() {
    let event = Meter::new(Protocol::Responses).error_event(&view(Kind::BudgetExhausted));
    let text = std::str::from_utf8(&event).unwrap();
    assert!(
        text.contains(r#""sequence_number":0,"response":{"id":"resp_req_1""#),
        "{text}"
    );
    assert!(
        text.contains(r#""error":{"code":"insufficient_quota""#),
        "{text}"
    );
}
