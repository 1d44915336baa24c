//! What envelopes are read, what is refused and how that is said; checked against a reader that builds the whole tree.

use kernel::Failure;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn chat(body: &str) -> Envelope {
    read(Protocol::Chat, body.as_bytes()).unwrap()
}

fn refusal(protocol: Protocol, body: &[u8]) -> (&'static str, Option<String>, String) {
    let error = read(protocol, body).unwrap_err();
    (
        error.code(),
        error.field().map(str::to_owned),
        error.to_string(),
    )
}

#[test]
fn a_chat_request() {
    let body = r#" {"messages":[{"model":"inner"}], "model" : "gpt-5" ,"stream":true,"max_tokens":10,"max_completion_tokens":20,
        "n":3,"user":"u","prompt_cache_key":"k","service_tier":"flex","stream_options":{"include_usage":false},"novelty":1e999}"#;
    let envelope = chat(body);
    assert_eq!(envelope.model, "gpt-5");
    assert_eq!(&body[envelope.model_span.clone()], "\"gpt-5\"");
    assert_eq!(envelope.body_start, 2);
    assert!(envelope.stream && !envelope.background && !envelope.is_empty_object);
    assert_eq!(
        (envelope.max_output_tokens, envelope.choices),
        (Some(20), 3)
    );
    assert_eq!(envelope.include_usage, Some(false));
    assert_eq!(&body[envelope.include_usage_span.clone().unwrap()], "false");
    assert_eq!(envelope.end_user.as_deref(), Some("u"));
    assert_eq!(envelope.session.as_deref(), Some("k"));
    assert_eq!(envelope.service_tier.as_deref(), Some("flex"));
}

#[test]
fn what_clients_write_is_read_by_the_plain_reader() {
    let body = br#"{"model":"gpt-5","messages":[{"role":"user","content":"caf\u00e9 \"\n"}],"stream":true,"temperature":0.7}"#;
    assert!(read_plain(body, Found::new(Protocol::Chat, body, 1)).is_some());
}

#[test]
fn a_response_request() {
    let body = br#"{"model":"gpt-6.1-sol","input":"hi","background":true,"max_output_tokens":7,"previous_response_id":"resp_1",
        "safety_identifier":"s","user":"u","stream":null,"stream_options":{"include_obfuscation":false},"store":false}"#;
    let envelope = read(Protocol::Responses, body).unwrap();
    assert!(envelope.background && !envelope.stream);
    assert_eq!(envelope.max_output_tokens, Some(7));
    assert_eq!(envelope.previous_response_id.as_deref(), Some("resp_1"));
    let span = envelope.previous_response_id_span.clone().unwrap();
    assert_eq!(&body[span], b"\"resp_1\"");
    assert_eq!(envelope.end_user.as_deref(), Some("s"));
    assert_eq!(envelope.stream_options, None);
    assert_eq!(envelope.store, Some(false));
    for other in [r#""store":null"#, r#""store":"no""#, r#""input":"""#] {
        let body = format!(r#"{{"model":"m",{other}}}"#);
        let envelope = read(Protocol::Responses, body.as_bytes()).unwrap();
        assert_eq!(envelope.store, None, "{other}");
    }
}

#[test]
fn a_message_request_tells_its_session() {
    let packed =
        json!({"device_id":"d".repeat(64),"account_uuid":"","session_id":"5f1"}).to_string();
    for (user_id, end_user, session) in [
        (packed.as_str(), Some("d".repeat(64)), Some("5f1")),
        (
            r#"{"account_uuid":"acc","session_id":"5f2"}"#,
            Some("acc".to_owned()),
            Some("5f2"),
        ),
        (
            "user_ab12_account__session_5f3",
            Some("user_ab12_account_".to_owned()),
            Some("5f3"),
        ),
        ("somebody", Some("somebody".to_owned()), None),
    ] {
        let body = json!({"model":"claude-opus-5-5","max_tokens":1,"metadata":{"user_id":user_id}})
            .to_string();
        let envelope = read(Protocol::Messages, body.as_bytes()).unwrap();
        assert_eq!(envelope.end_user, end_user);
        assert_eq!(envelope.session.as_deref(), session);
    }
}

#[test]
fn twofold_keys_are_refused_however_they_are_spelled() {
    for (body, field) in [
        (r#"{"model":"a","model":"a"}"#, "model"),
        (r#"{"model":"a","\u006dodel":"b"}"#, "model"),
        (r#"{"\u006d\u006fdel":"a","mode\u006c":"b"}"#, "model"),
        (r#"{"model":"a","stream":true,"stream":false}"#, "stream"),
        (
            r#"{"model":"a","max_tokens":1,"max_tokens":2}"#,
            "max_tokens",
        ),
        (r#"{"model":"a","n":1,"n":2}"#, "n"),
        (
            r#"{"model":"a","stream_options":null,"stream_options":{}}"#,
            "stream_options",
        ),
        (
            r#"{"model":"a","stream_options":{"include_usage":true,"include_\u0075sage":false}}"#,
            "stream_options.include_usage",
        ),
    ] {
        let (code, named, _) = refusal(Protocol::Chat, body.as_bytes());
        assert_eq!(
            (code, named.as_deref()),
            ("DUPLICATE_KEY", Some(field)),
            "{body}"
        );
    }
    let body = br#"{"model":"a","metadata":{"user_id":"x","user_id":"y"}}"#;
    assert_eq!(refusal(Protocol::Messages, body).0, "DUPLICATE_KEY");
    // Keys that nobody here reads are the upstream's business, and so is what stands deeper.
    chat(r#"{"model":"a","tools":1,"tools":2,"messages":[{"model":1,"model":2}]}"#);
}

#[test]
fn an_escaped_spelling_alone_is_the_key() {
    let body = r#"{"\u006dodel":"gpt\u002d5"}"#;
    let envelope = chat(body);
    assert_eq!(envelope.model, "gpt-5");
    assert_eq!(&body[envelope.model_span], r#""gpt\u002d5""#);
}

#[test]
fn refusals_name_the_field_and_what_it_takes() {
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(513));
    for (protocol, body, code, text) in [
        (
            Protocol::Chat,
            "",
            "INVALID_JSON",
            "the body is empty; send a JSON object with at least `model`",
        ),
        (
            Protocol::Chat,
            " \n",
            "INVALID_JSON",
            "the body is empty; send a JSON object with at least `model`",
        ),
        (
            Protocol::Chat,
            "[1]",
            "NOT_AN_OBJECT",
            "the body must be a JSON object with at least `model`",
        ),
        (
            Protocol::Chat,
            "{\"model\":\n \"a\",}",
            "INVALID_JSON",
            "the body is not valid JSON: trailing comma at line 2 column 6",
        ),
        (
            Protocol::Chat,
            "{\"model\":\"a\"",
            "INVALID_JSON",
            "the body is not valid JSON: EOF while parsing an object at line 1 column 12",
        ),
        (
            Protocol::Chat,
            "{\"model\":\"a\"} {}",
            "INVALID_JSON",
            "the body is not valid JSON: trailing characters at line 1 column 15",
        ),
        (
            Protocol::Chat,
            "1 2",
            "INVALID_JSON",
            "the body is not valid JSON: something follows the value at line 1 column 3",
        ),
        (
            Protocol::Chat,
            "model=a",
            "INVALID_JSON",
            "the body is not valid JSON: expected value at line 1 column 1",
        ),
        (
            Protocol::Chat,
            "{}",
            "MISSING_FIELD",
            "`model` is missing; expected the name of a model; GET /v1/models lists them",
        ),
        (
            Protocol::Chat,
            r#"{"model":7}"#,
            "INVALID_FIELD",
            "`model` must be a string that names a model, at most 512 bytes long",
        ),
        (
            Protocol::Chat,
            r#"{"model":" "}"#,
            "INVALID_FIELD",
            "`model` must be a string that names a model, at most 512 bytes long",
        ),
        (
            Protocol::Chat,
            &long,
            "INVALID_FIELD",
            "`model` must be a string that names a model, at most 512 bytes long",
        ),
        (
            Protocol::Messages,
            r#"{"model":"a","stream":"yes"}"#,
            "INVALID_FIELD",
            "`stream` must be true or false",
        ),
        (
            Protocol::Messages,
            r#"{"model":"a","max_tokens":"9"}"#,
            "INVALID_FIELD",
            "`max_tokens` must be a whole number, not negative",
        ),
        (
            Protocol::Responses,
            r#"{"model":"a","max_output_tokens":-1}"#,
            "INVALID_FIELD",
            "`max_output_tokens` must be a whole number, not negative",
        ),
        (
            Protocol::Responses,
            r#"{"model":"a","background":1}"#,
            "INVALID_FIELD",
            "`background` must be true or false",
        ),
        (
            Protocol::Chat,
            r#"{"model":"a","stream_options":[]}"#,
            "INVALID_FIELD",
            "`stream_options` must be an object",
        ),
        (
            Protocol::Chat,
            r#"{"model":"a","stream_options":{"include_usage":1}}"#,
            "INVALID_FIELD",
            "`stream_options.include_usage` must be true or false",
        ),
    ] {
        let (was, _, message) = refusal(protocol, body.as_bytes());
        assert_eq!((was, message.as_str()), (code, text), "{body}");
    }
}

#[test]
fn what_the_upstream_judges_passes() {
    let body = r#"{"model":"a","user":7,"metadata":"m","service_tier":[],"prompt_cache_key":{},"max_output_tokens":"x","background":"x","max_tokens":1e3}"#;
    let envelope = chat(body);
    assert_eq!(
        (envelope.end_user, envelope.session, envelope.service_tier),
        (None, None, None)
    );
    assert_eq!(envelope.max_output_tokens, Some(1000));
    read(
        Protocol::Embeddings,
        br#"{"model":"e","input":[1],"stream":"x","n":"y"}"#,
    )
    .unwrap();
    read(
        Protocol::Messages,
        br#"{"model":"e","metadata":{"user_id":5},"stream_options":7}"#,
    )
    .unwrap();
}

#[test]
fn text_that_is_not_read_is_not_judged() {
    let invalid =
        b"{\"messages\":\"\xff\xfe\",\"model\":\"a\",\"x\":\"\\ud800\",\"\\ud800\":1,\"\xff\":2}";
    assert_eq!(read(Protocol::Chat, invalid).unwrap().model, "a");
    assert_eq!(
        refusal(Protocol::Chat, b"{\"model\":\"\xff\"}").0,
        "INVALID_JSON"
    );
}

#[test]
fn depth_and_size_are_no_trouble() {
    let mut deep = br#"{"model":"a","x":"#.to_vec();
    deep.extend(std::iter::repeat_n(b'[', 100_000));
    deep.extend(std::iter::repeat_n(b']', 100_000));
    deep.push(b'}');
    assert_eq!(read(Protocol::Chat, &deep).unwrap().model, "a");
    let big = format!(
        r#"{{"messages":"{}","model":"a"}}"#,
        "x\\n".repeat(4_000_000)
    );
    assert_eq!(chat(&big).model, "a");
}

#[test]
fn descriptions_of_the_caller_are_bounded() {
    let body = json!({"model":"a","user":"é".repeat(1_000)}).to_string();
    assert_eq!(chat(&body).end_user.unwrap().len(), 256);
}

/// A JSON body with envelope keys of every type among others, as text.
fn body() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("\"gpt-5\"".to_owned()),
        Just("\"\"".to_owned()),
        Just("12".to_owned()),
        Just("-3".to_owned()),
        Just("1.5".to_owned()),
        Just("1e2".to_owned()),
        Just("{}".to_owned()),
        Just("{ \"include_usage\" : true }".to_owned()),
        Just("{\"x\":1,\"include_usage\":false}".to_owned()),
        Just("[{\"model\":\"x\"}]".to_owned()),
        Just("\"\\ud83d\\ude00\\n\"".to_owned()),
    ];
    let key = prop_oneof![
        Just("model"),
        Just("\\u006dodel"),
        Just("stream"),
        Just("max_tokens"),
        Just("max_completion_tokens"),
        Just("stream_options"),
        Just("user"),
        Just("n"),
        Just("messages"),
        Just("tools"),
        Just("metadata"),
    ];
    let space = prop_oneof![Just(""), Just(" "), Just("\n\t")];
    proptest::collection::vec((key, leaf, space), 0..6).prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value, space)| format!("{space}\"{key}\"{space}:{space}{value}{space}"))
            .collect();
        format!("{{{}}}", pairs.join(","))
    })
}

/// Model, stream, output bound, include_usage and choices.
type Told = (String, bool, Option<u64>, Option<bool>, u64);

/// What the envelope should be, by way of the tree.
fn oracle(body: &str) -> Option<Told> {
    let tree: serde_json::Map<String, Value> = serde_json::from_str(body).ok()?;
    let whole = |key: &str| match tree.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => {
            let number = value.as_f64()?;
            (number >= 0.0 && number.fract() == 0.0).then_some(Some(number as u64))
        }
    };
    let model = tree
        .get("model")?
        .as_str()
        .filter(|model| !model.is_empty())?;
    let stream = match tree.get("stream") {
        None | Some(Value::Null) => false,
        Some(value) => value.as_bool()?,
    };
    let include = match tree.get("stream_options") {
        None | Some(Value::Null) => None,
        Some(options) => match options.as_object()?.get("include_usage") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_bool()?),
        },
    };
    let max = whole("max_tokens")?.max(whole("max_completion_tokens")?);
    Some((
        model.to_owned(),
        stream,
        max,
        include,
        whole("n")?.unwrap_or(1).max(1),
    ))
}

fn has_twofold_keys(body: &str) -> bool {
    let body = body.replace("\\u006d", "m");
    [
        "model",
        "stream",
        "max_tokens",
        "max_completion_tokens",
        "stream_options",
        "user",
        "n",
        "metadata",
    ]
    .iter()
    .any(|key| {
        let top = format!("\"{key}\"");
        let mut depth = 0;
        let count = body.char_indices().filter(|(at, char)| {
            match char {
                '{' | '[' => depth += 1,
                '}' | ']' => depth -= 1,
                _ => {}
            }
            depth == 1
                && body[*at..].starts_with(&top)
                && body[at + top.len()..].trim_start().starts_with(':')
        });
        count.count() > 1
    })
}

proptest! {
    #[test]
    fn it_agrees_with_the_tree(body in body()) {
        let read = read(Protocol::Chat, body.as_bytes());
        if has_twofold_keys(&body) {
            prop_assert!(read.is_err());
        } else if let Some((model, stream, max, include, choices)) = oracle(&body) {
            let envelope = read.unwrap();
            prop_assert_eq!(envelope.model, model);
            prop_assert_eq!(envelope.stream, stream);
            prop_assert_eq!(envelope.max_output_tokens, max);
            prop_assert_eq!(envelope.include_usage, include);
            prop_assert_eq!(envelope.choices, choices);
        } else {
            prop_assert!(matches!(read, Err(EnvelopeError::InvalidField(..) | EnvelopeError::MissingField(..))));
        }
    }

    #[test]
    fn the_plain_reader_says_what_the_other_says_or_nothing(body in body()) {
        let found = || Found::new(Protocol::Chat, body.as_bytes(), 1);
        if let Some(envelope) = read_plain(body.as_bytes(), found()) {
            prop_assert_eq!(read_any(body.as_bytes(), 0, found()), Ok(envelope));
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let read = read(Protocol::Chat, &body);
        if serde_json::from_slice::<Value>(&body).is_ok() {
            let judged = matches!(read, Err(EnvelopeError::InvalidJson { .. } | EnvelopeError::Empty));
            prop_assert!(!judged);
        }
    }

    #[test]
    fn a_cut_body_is_never_taken(body in body(), cut in any::<prop::sample::Index>()) {
        let end = cut.index(body.len());
        prop_assert!(read(Protocol::Chat, &body.as_bytes()[..end]).is_err());
    }
}
