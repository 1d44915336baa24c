//! Streams of every grammar, whole, cut anywhere, broken off and odd.

mod chat;
mod messages;
mod responses;

use kernel::Kind;
use proptest::prelude::*;

use super::*;
use crate::sse::Splitter;

fn observed(mut meter: Meter, stream: &str) -> Meter {
    meter.observe(&Bytes::copy_from_slice(stream.as_bytes()));
    meter
}

fn metered(protocol: Protocol, stream: &str) -> Meter {
    observed(Meter::new(protocol), stream)
}

fn failed(code: Option<&str>, message: &str) -> Phase {
    Phase::Failed {
        code: code.map(str::to_owned),
        message: message.to_owned(),
    }
}

fn view(kind: Kind) -> ErrorView<'static> {
    ErrorView {
        kind,
        code: "UPSTREAM_BROKE_OFF",
        message: "the upstream \"broke\" off",
        param: None,
        request_id: "req_1",
    }
}

#[test]
fn comments_and_nothing_else_leave_a_stream_silent() {
    for protocol in [
        Protocol::Chat,
        Protocol::Responses,
        Protocol::Messages,
        Protocol::Embeddings,
    ] {
        let meter = metered(protocol, ": OPENROUTER PROCESSING\n\n\n\nid: 1\n\n");
        assert_eq!(meter.phase(), &Phase::Silent);
        assert!(!meter.may_end_here());
        assert_eq!(meter.reported(), &Reported::default());
    }
}

#[test]
fn events_that_are_not_json_harm_nothing() {
    for protocol in [Protocol::Chat, Protocol::Responses, Protocol::Messages] {
        let odd = "data: {\"usage\":{\"a\n\ndata: \"\\\n\ndata: }}]]\n\nevent: \ndata: {\"type\":7,\"error\":null,\"choices\":7}\n\n";
        let meter = metered(protocol, odd);
        assert!(
            matches!(meter.phase(), Phase::Silent | Phase::Started),
            "{:?}",
            meter.phase()
        );
    }
}

/// What a stream comes to when it arrives in pieces: bytes, phase, report and output bytes.
fn in_pieces(
    protocol: Protocol,
    hiding: bool,
    stream: &[u8],
    cuts: &[usize],
) -> (Vec<u8>, Phase, Reported, u64) {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    let mut meter = Meter::new(protocol);
    if hiding {
        meter = meter.hiding_usage();
    }
    let mut splitter = Splitter::new(1 << 20);
    let mut out = Vec::new();
    for pair in cuts.windows(2) {
        let piece = Bytes::copy_from_slice(&stream[pair[0]..pair[1]]);
        if let Some(block) = splitter.push(piece).unwrap() {
            out.extend_from_slice(&meter.observe(&block));
        }
    }
    out.extend_from_slice(&meter.observe(&splitter.take_rest()));
    let bytes = meter.output_bytes();
    (out, meter.phase().clone(), meter.reported().clone(), bytes)
}

fn golden() -> impl Strategy<Value = (Protocol, String)> {
    let stream = prop_oneof![
        Just((Protocol::Chat, chat::STREAM)),
        Just((Protocol::Responses, responses::STREAM)),
        Just((Protocol::Messages, messages::STREAM)),
    ];
    let line_end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    (stream, line_end).prop_map(|((protocol, stream), end)| (protocol, stream.replace('\n', end)))
}

proptest! {
    #[test]
    fn cuts_change_nothing((protocol, stream) in golden(), hiding: bool, cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let whole = in_pieces(protocol, hiding, stream.as_bytes(), &[]);
        let cut = in_pieces(protocol, hiding, stream.as_bytes(), &cuts);
        prop_assert_eq!(&cut, &whole);
        if !(hiding && protocol == Protocol::Chat) {
            prop_assert_eq!(whole.0, stream.into_bytes());
        }
    }

    #[test]
    fn hiding_removes_one_event(line_end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let stream = chat::STREAM.replace('\n', line_end);
        let usage = chat::USAGE_CHUNK.replace('\n', line_end);
        let (out, ..) = in_pieces(Protocol::Chat, true, stream.as_bytes(), &cuts);
        prop_assert_eq!(String::from_utf8(out).unwrap(), stream.replace(&usage, ""));
    }

    #[test]
    fn a_stream_that_breaks_off_is_never_taken_for_whole((protocol, stream) in golden(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(stream.len());
        let mut splitter = Splitter::new(1 << 20);
        let mut meter = Meter::new(protocol);
        if let Some(block) = splitter.push(Bytes::copy_from_slice(&stream.as_bytes()[..cut])).unwrap() {
            meter.observe(&block);
        }
        let seen = String::from_utf8_lossy(&stream.as_bytes()[..cut]);
        let last = match protocol {
            Protocol::Chat => "\"finish_reason\":\"stop\"",
            Protocol::Responses => "event: response.completed",
            _ => "event: message_stop",
        };
        prop_assert!(!meter.may_end_here() || seen.contains(last));
    }

    #[test]
    fn arbitrary_events_harm_nothing(stream in "(data|event|: )?[:]? ?[\\[\\]{}\",:a-z0-9\\\\ ]{0,60}(\n|\r\n){1,2}.{0,20}") {
        for protocol in [Protocol::Chat, Protocol::Responses, Protocol::Messages] {
            let block = Bytes::from(stream.clone());
            prop_assert_eq!(Meter::new(protocol).observe(&block), block);
        }
    }
}

#[test]
fn a_visible_block_is_passed_on_itself() {
    let block = Bytes::from_static(chat::STREAM.as_bytes());
    assert_eq!(
        Meter::new(Protocol::Chat).observe(&block).as_ptr(),
        block.as_ptr()
    );
}
