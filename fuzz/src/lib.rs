//! What must hold for any bytes at all. The fuzz targets and an ordinary test of `wire` over the corpora share these
//! checks; they know nothing of either.

mod pieces;

use bytes::Bytes;
use pieces::pieces;
use serde_json::Value;
use wire::envelope::{self, Envelope, EnvelopeError};
use wire::eventstream::{Decoder, FrameError, Message};
use wire::sse::{Splitter, events};
use wire::{Meter, Protocol, splice};

/// More than any input: nothing here may depend on the bound.
const NO_BOUND: usize = 1 << 24;

const PROTOCOLS: [Protocol; 4] = [
    Protocol::Chat,
    Protocol::Responses,
    Protocol::Messages,
    Protocol::Embeddings,
];

/// The blocks that a splitter makes of the pieces, the unfinished event last.
fn blocks(pieces: &[&[u8]]) -> Vec<Bytes> {
    let mut splitter = Splitter::new(NO_BOUND);
    let mut blocks = Vec::new();
    for piece in pieces {
        match splitter.push(Bytes::copy_from_slice(piece)) {
            Ok(block) => blocks.extend(block),
            Err(error) => assert_eq!(error.0, 0, "the bound was never reached"),
        }
    }
    blocks.push(splitter.take_rest());
    blocks
}

fn said(block: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    events(block)
        .map(|event| {
            (
                event.name.unwrap_or_default().to_vec(),
                event.data.into_owned(),
            )
        })
        .collect()
}

/// Cuts change neither bytes nor events, and events stand in order within their block.
pub fn sse(data: &[u8]) {
    let (stream, pieces) = pieces(data);
    let blocks = blocks(&pieces);
    assert_eq!(blocks.concat(), stream);
    let cut: Vec<_> = blocks.iter().flat_map(|block| said(block)).collect();
    assert_eq!(cut, said(stream));
    let mut at = 0;
    for event in events(stream) {
        assert!(at <= event.range.start && event.range.start < event.range.end);
        at = event.range.end;
    }
    assert!(at <= stream.len());
}

/// What is read agrees with a reader that builds the whole tree, wherever that one can read at all.
pub fn envelope(data: &[u8]) {
    let tree: Result<Value, _> = serde_json::from_slice(data);
    for protocol in PROTOCOLS {
        match (envelope::read(protocol, data), &tree) {
            (Ok(envelope), Ok(tree)) => agrees(&envelope, data, tree),
            (Ok(envelope), Err(_)) => assert!(!envelope.model.is_empty()),
            (Err(EnvelopeError::NotAnObject), Ok(tree)) => assert!(!tree.is_object()),
            (Err(error), Ok(_)) => assert!(
                !matches!(
                    error,
                    EnvelopeError::InvalidJson { .. } | EnvelopeError::Empty
                ),
                "valid JSON was refused: {error}"
            ),
            (Err(_), Err(_)) => {}
        }
    }
}

fn agrees(envelope: &Envelope, data: &[u8], tree: &Value) {
    assert_eq!(tree["model"], envelope.model.as_str());
    let span: Option<String> = serde_json::from_slice(&data[envelope.model_span.clone()]).ok();
    assert_eq!(span.as_deref(), Some(envelope.model.as_str()));
    assert_eq!(data[envelope.body_start - 1], b'{');
    if envelope.stream {
        assert_eq!(tree["stream"], true);
    }
    if let Some(options) = &envelope.stream_options {
        let options: Option<Value> = serde_json::from_slice(&data[options.clone()]).ok();
        assert_eq!(options.as_ref(), tree.get("stream_options"));
    }
}

/// A renamed model and a wish for usage change just that, and the old name brings the old bytes back.
pub fn splice(data: &[u8]) {
    let Ok(envelope) = envelope::read(Protocol::Chat, data) else {
        return;
    };
    let body = Bytes::copy_from_slice(data);
    let renamed = splice::rename_model(&body, &envelope, "an \"other\" model");
    let span = envelope.model_span.clone();
    assert!(renamed.starts_with(&body[..span.start]) && renamed.ends_with(&body[span.end..]));

    members(data);

    let mut edits = splice::Edits::new();
    edits.rename_model(&envelope, "x").request_usage(&envelope);
    let edited = edits.apply(&body);
    let again = envelope::read(Protocol::Chat, &edited);
    assert!(again.is_ok_and(|again| again.model == "x" && again.include_usage == Some(true)));
    if let (Ok(before), Ok(mut after)) = (
        serde_json::from_slice::<Value>(&body),
        serde_json::from_slice::<Value>(&edited),
    ) {
        after["model"] = before["model"].clone();
        match before.get("stream_options") {
            Some(options) if options.is_object() => {
                let usage = options.get("include_usage").cloned();
                if let Some(object) = after["stream_options"].as_object_mut() {
                    object.shift_remove("include_usage");
                    object.extend(usage.map(|usage| ("include_usage".to_owned(), usage)));
                }
            }
            Some(options) => after["stream_options"] = options.clone(),
            None => {
                if let Some(object) = after.as_object_mut() {
                    object.shift_remove("stream_options");
                }
            }
        }
        assert_eq!(after, before);
    }
}

/// Members taken out are gone and no other is; one put in stands there.
fn members(data: &[u8]) {
    let mut edits = splice::Edits::new();
    let taken = edits.take_members(data, &["model", "stream"]);
    assert!(taken.is_some(), "an object was not known as one");
    let Some(taken) = taken else { return };
    edits.put_members(&taken, "\"v\":1");
    let edited = edits.apply(&Bytes::copy_from_slice(data));
    assert!(splice::value_of(&edited, "v").is_some());
    assert!(splice::value_of(&edited, "model").is_none());
    if let (Ok(mut before), Ok(after)) = (
        serde_json::from_slice::<Value>(data),
        serde_json::from_slice::<Value>(&edited),
    ) {
        if let Some(object) = before.as_object_mut() {
            object.shift_remove("model");
            object.shift_remove("stream");
            // Where it stood already, the later one counts.
            if !object.contains_key("v") {
                object.insert("v".to_owned(), Value::from(1));
            }
        }
        assert_eq!(after, before);
    }
}

/// Messages come to the same whatever the cuts; what was taken as one has its checksums, and a bound holds.
pub fn eventstream(data: &[u8]) {
    let (stream, pieces) = pieces(data);
    let run = |pieces: &[&[u8]], bound: usize| {
        let mut decoder = Decoder::new(bound);
        let mut messages: Vec<Message> = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            loop {
                match decoder.next_message() {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(fault) => return (messages, Some(fault)),
                }
            }
        }
        (messages, None)
    };
    let cut = run(&pieces, NO_BOUND);
    let whole = run(&[stream], NO_BOUND);
    assert_eq!(cut, whole);
    let mut read = 0;
    for message in &whole.0 {
        assert!(message.headers().all(|header| header.is_ok()));
        read += message.payload().len();
    }
    assert!(read <= stream.len());
    let (small, fault) = run(&pieces, 64);
    assert!(whole.0.starts_with(&small));
    assert!(small.len() == whole.0.len() || fault == Some(FrameError::TooLarge(64)));
}

/// A stream comes to the same whatever its cuts; nothing is changed, and nothing hidden that was not asked to be.
pub fn meter(data: &[u8]) {
    let (stream, pieces) = pieces(data);
    for protocol in PROTOCOLS {
        for hiding in [false, true] {
            let run = |blocks: Vec<Bytes>| {
                let mut meter = Meter::new(protocol);
                if hiding {
                    meter = meter.hiding_usage();
                }
                let out: Vec<_> = blocks.iter().map(|block| meter.observe(block)).collect();
                (out.concat(), meter)
            };
            let (cut_bytes, cut) = run(blocks(&pieces));
            let (whole_bytes, whole) = run(blocks(&[stream]));
            assert_eq!(cut_bytes, whole_bytes);
            assert_eq!(cut.phase(), whole.phase());
            assert_eq!(cut.reported(), whole.reported());
            assert_eq!(cut.output_bytes(), whole.output_bytes());
            assert_eq!(cut.may_end_here(), whole.may_end_here());
            if !hiding || protocol == Protocol::Responses || protocol == Protocol::Messages {
                assert_eq!(whole_bytes, stream);
            }
        }
    }
}
