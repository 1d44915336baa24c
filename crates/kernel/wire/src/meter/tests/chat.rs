//! Chat chunks as OpenAI and as compatible servers send them.

use super::super::chat::Chat;
use super::*;

pub(super) const STREAM: &str = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","choices":[{"index":0,"delta":{"content":"Hé \"usage\":"},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","service_tier":"flex","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":8}}}

data: [DONE]

"#;

pub(super) const USAGE_CHUNK: &str = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-2025-08-07","service_tier":"flex","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_tokens_details":{"cached_tokens":8}}}

"#;

#[test]
fn a_whole_stream() {
    let meter = metered(Protocol::Chat, STREAM);
    assert_eq!(meter.phase(), &Phase::Ended);
    let reported = meter.reported();
    assert_eq!(reported.response_id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(reported.model.as_deref(), Some("gpt-5-2025-08-07"));
    assert_eq!(reported.service_tier.as_deref(), Some("flex"));
    assert_eq!(reported.stop_reason.as_deref(), Some("stop"));
    let usage = reported.usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (12, 8, 5));
    assert_eq!(
        meter.output_bytes(),
        (r#"Hé \"usage\":"#.len() + r#"{\"a"#.len()) as u64
    );
    assert!(meter.has_final_usage());
}

#[test]
fn phases_follow_the_chunks() {
    let mut meter = Meter::new(Protocol::Chat);
    let phases: Vec<_> = STREAM
        .split_inclusive("\n\n")
        .map(|event| {
            meter.observe(&Bytes::copy_from_slice(event.as_bytes()));
            (meter.phase().clone(), meter.may_end_here())
        })
        .collect();
    assert_eq!(
        phases,
        [
            (Phase::Started, false),
            (Phase::Semantic, false),
            (Phase::Semantic, false),
            (Phase::Semantic, true),
            (Phase::Semantic, true),
            (Phase::Ended, true),
        ]
    );
}

/// Three chunks that are alike but for their texts.
fn chunks() -> impl Strategy<Value = Vec<String>> {
    let text = proptest::sample::select(vec!["", "a", "more", "\\\"q\\\"", "é", "\\n"]);
    let delta = proptest::sample::select(vec![
        r#"{"content":"@"}"#,
        r#"{"role":"assistant","content":"@"}"#,
        r#"{"content":null,"reasoning_content":"@"}"#,
        r#"{"content":"@","reasoning":"@"}"#,
        r#"{"content":[{"type":"text","text":"@"}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}"#,
        "{}",
    ]);
    let end = proptest::sample::select(vec![
        r#","finish_reason":null}],"usage":null"#,
        r#","finish_reason":null}],"obfuscation":"@""#,
        r#","finish_reason":"stop"}]"#,
        r#"}],"usage":{"prompt_tokens":1,"completion_tokens":2}"#,
        r#"}],"error":"@""#,
        r#"}],"model":"@""#,
    ]);
    let texts = proptest::array::uniform3((text.clone(), text));
    (0..2u8, delta, end, texts).prop_map(|(index, delta, end, texts)| {
        let chunk = |(text, filler)| {
            let (delta, end) = (delta.replace('@', text), end.replace('@', filler));
            format!(r#"{{"id":"c","choices":[{{"index":{index},"delta":{delta}{end}}}"#)
        };
        texts.map(chunk).to_vec()
    })
}

proptest! {
    #[test]
    fn chunks_that_are_alike_are_read_like_any_other(stream in proptest::collection::vec(chunks(), 1..6)) {
        let (mut quick, mut thorough) = (Chat::default(), Chat::default());
        let (mut seen, mut expected) = (Seen::default(), Seen::default());
        for chunk in stream.concat() {
            thorough.forget_shape();
            let hidden = thorough.event(chunk.as_bytes(), &mut expected);
            prop_assert_eq!(quick.event(chunk.as_bytes(), &mut seen), hidden);
            prop_assert_eq!(quick.finished(), thorough.finished());
            prop_assert_eq!(format!("{seen:?}"), format!("{expected:?}"), "{}", chunk);
        }
    }
}

#[test]
fn usage_is_hidden_only_where_nothing_else_is_in_the_chunk() {
    let with_choice = r#"data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}

"#;
    let bare = "data: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":3}}\n\n";
    let filters = "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}],\"usage\":null}\n\n";
    let stream = Bytes::from(format!(
        ": hi\n\n{filters}{with_choice}{bare}data: [DONE]\n\n"
    ));
    let mut meter = Meter::new(Protocol::Chat).hiding_usage();
    assert_eq!(
        meter.observe(&stream),
        format!(": hi\n\n{filters}{with_choice}data: [DONE]\n\n")
    );
    assert_eq!(meter.reported().usage.unwrap().output, 3);
    let alone = Bytes::from_static(USAGE_CHUNK.as_bytes());
    assert!(meter.observe(&alone).is_empty());
}

#[test]
fn the_last_usage_wins_wherever_it_stands() {
    for last in [
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":4}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":4}}}"#,
    ] {
        let first = r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
        let meter = metered(
            Protocol::Chat,
            &format!("data: {first}\n\ndata: {last}\n\n"),
        );
        assert_eq!(meter.reported().usage.unwrap().output, 4, "{last}");
        assert!(meter.may_end_here());
    }
}

#[test]
fn every_choice_must_finish() {
    let mut meter = metered(
        Protocol::Chat,
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}},{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n",
    );
    for (event, whole) in [
        (
            "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":1,\"delta\":{}}]}\n\n",
            false,
        ),
        (
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
            true,
        ),
    ] {
        meter.observe(&Bytes::from_static(event.as_bytes()));
        assert_eq!(meter.may_end_here(), whole);
    }
    assert_eq!(meter.reported().stop_reason.as_deref(), Some("length"));
}

#[test]
fn errors_in_a_chunk_fail_the_stream() {
    for (event, phase) in [
        (
            r#"{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#,
            failed(Some("rate_limit_exceeded"), "slow down"),
        ),
        (
            r#"{"error":{"message":"busy","code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            failed(Some("502"), "busy"),
        ),
        (
            r#"{"error":{"message":"typed","type":"overloaded","code":null}}"#,
            failed(Some("overloaded"), "typed"),
        ),
        (r#"{"error":"flat"}"#, failed(None, "flat")),
        (
            r#"{"error":{"detail":"?"}}"#,
            failed(None, "the upstream sent an error event"),
        ),
    ] {
        let meter = metered(
            Protocol::Chat,
            &format!("data: {event}\n\ndata: [DONE]\n\n"),
        );
        assert_eq!(meter.phase(), &phase);
        assert!(!meter.may_end_here());
    }
    let fine = metered(Protocol::Chat, "data: {\"error\":null,\"choices\":[]}\n\n");
    assert_eq!(fine.phase(), &Phase::Started);
}

#[test]
fn all_that_a_model_writes_is_counted() {
    let stream = r#"data: {"choices":[{"index":0,"delta":{"reasoning_content":"12"}}]}

data: {"choices":[{"index":0,"delta":{"reasoning":"3","reasoning_details":[{"type":"reasoning.text","text":"3"}]}}]}

data: {"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"456"}]}]}}]}

data: {"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"78"}}}]}

data: {"choices":[{"index":0,"delta":{"refusal":"9"}}]}

"#;
    assert_eq!(metered(Protocol::Chat, stream).output_bytes(), 9);
    let start = metered(
        Protocol::Chat,
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
    );
    assert_eq!(start.phase(), &Phase::Semantic);
}

#[test]
fn a_done_without_its_blank_line_is_an_end() {
    let mut meter = Meter::new(Protocol::Chat);
    meter.observe(&Bytes::from_static(b"data: [DONE]"));
    assert_eq!(meter.phase(), &Phase::Ended);
}

#[test]
fn the_error_event() {
    let event = Meter::new(Protocol::Chat).error_event(&view(Kind::Upstream));
    insta::assert_snapshot!(std::str::from_utf8(&event).unwrap(), @r#"data: {"error":{"message":"the upstream \"broke\" off","type":"server_error","param":null,"code":"UPSTREAM_BROKE_OFF"}}"#);
    assert!(matches!(
        metered(Protocol::Chat, std::str::from_utf8(&event).unwrap()).phase(),
        Phase::Failed { .. }
    ));
}
