//! What must hold for any bytes that a translation meets: nothing panics, what is written is JSON, a stream is whole
//! events in its caller's grammar however its upstream's events come and wherever it ends. One check for every pair;
//! the fuzz targets and an ordinary test of `translate` over the corpora share it.

#[path = "../../crates/engines/translate/tests/golden_parts/grammar.rs"]
mod grammar;

use bytes::Bytes;
use translate::{Dialect, Pair, PairState, RequestContext, Stream};
use wire::Protocol;

const CALLERS: [Protocol; 4] = [
    Protocol::Chat,
    Protocol::Responses,
    Protocol::Messages,
    Protocol::Embeddings,
];

/// Reads the first byte as what the others are: a request, an answer, a stream or an error answer.
pub fn pair(name: &str, data: &[u8]) {
    let Some((what, data)) = data.split_first() else {
        return;
    };
    let mut found = false;
    for caller in CALLERS {
        for dialect in Dialect::ALL {
            let Some(pair) = Pair::find(caller, dialect).filter(|pair| pair.name() == name) else {
                continue;
            };
            found = true;
            match what % 4 {
                0 => request(pair, data),
                1 => states(pair).iter().for_each(|state| answer(state, data)),
                2 => states(pair).iter().for_each(|state| stream(state, data)),
                _ => error(pair, data),
            }
        }
    }
    assert!(found, "there is no pair {name}");
}

fn context() -> RequestContext<'static> {
    let mut context = RequestContext::new("upstream-model", "0123");
    context.max_buffer_bytes = 1 << 12;
    context
}

fn request(pair: Pair, data: &[u8]) {
    if let Ok(count) = pair.count(data, &context()) {
        assert!(is_json(&count.body));
    }
    let Ok(translated) = pair.request(data, &context()) else {
        return;
    };
    assert!(is_json(&translated.body));
    for name in translated.dropped.iter() {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

/// What a request without anything special leaves, and one with all that an answer depends on.
fn states(pair: Pair) -> Vec<PairState> {
    let bodies: [&str; 2] = match pair.caller() {
        Protocol::Messages => [
            r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
            r#"{"model":"m","max_tokens":9,"stream":true,"thinking":{"type":"adaptive","display":"omitted"},"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"a b","input_schema":{"type":"object"}}]}"#,
        ],
        Protocol::Chat => [
            r#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"functions":[{"name":"f"}]}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"custom","custom":{"name":"patch"}},{"type":"function","function":{"name":"a b"}}]}"#,
        ],
        Protocol::Responses => [
            r#"{"model":"m","input":"Hi"}"#,
            r#"{"model":"m","stream":true,"input":"Hi","tools":[{"type":"custom","name":"patch"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]}"#,
        ],
        Protocol::Embeddings => [
            r#"{"model":"m","input":"Hi"}"#,
            r#"{"model":"m","input":["Hi","there"],"encoding_format":"base64"}"#,
        ],
    };
    let translated = bodies.map(|body| pair.request(body.as_bytes(), &context()));
    translated.into_iter().flatten().map(|t| t.state).collect()
}

fn answer(state: &PairState, data: &[u8]) {
    if let Ok(answer) = state.answer(data) {
        assert!(is_json(&answer.body));
    }
    if let Ok(counted) = state.pair().counted(data) {
        assert!(is_json(&counted));
    }
}

/// The next byte says after which event the upstream dies.
fn stream(state: &PairState, data: &[u8]) {
    let Some((death, data)) = data.split_first() else {
        return;
    };
    let data = Bytes::copy_from_slice(data);
    let events: Vec<Bytes> = wire::sse::events(&data)
        .map(|event| data.slice(event.range))
        .collect();
    let whole = streamed(state, std::slice::from_ref(&data));
    assert_eq!(whole, streamed(state, &events));
    grammar::check(state.pair().caller(), &whole);
    let alive = usize::from(*death).min(events.len());
    grammar::check(state.pair().caller(), &streamed(state, &events[..alive]));
}

fn streamed(state: &PairState, blocks: &[Bytes]) -> Vec<u8> {
    let mut stream = Stream::new(state);
    let mut out = Vec::new();
    let pushed = blocks
        .iter()
        .try_for_each(|block| stream.push(block, &mut out));
    let ended = pushed.and_then(|()| stream.end(&mut out));
    if !matches!(ended, Ok(true)) {
        let view = wire::ErrorView {
            kind: kernel::Kind::Upstream,
            code: "UPSTREAM_ENDED_EARLY",
            message: "the upstream ended early",
            param: None,
            request_id: "req_1",
        };
        stream.fail(&view, &mut out);
    }
    assert!(stream.is_over());
    out
}

/// The first two bytes are the status.
fn error(pair: Pair, data: &[u8]) {
    let Some((status, data)) = data.split_first_chunk() else {
        return;
    };
    let status = u16::from_be_bytes(*status) % 600;
    assert!(is_json(&pair.error(status, data, "req_1").body));
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}
