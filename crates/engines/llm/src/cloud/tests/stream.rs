//! The re-framing alone: any cuts, odd JSON, faults.

use doubles::cloud::bedrock::{chunk, frames};
use doubles::cloud::eventstream::{event, exception, message};
use doubles::provider::Reply;
use proptest::prelude::*;
use wire::eventstream::FrameError;

use super::*;

fn framed(bytes: &[u8]) -> Result<String, (String, StreamFault)> {
    let mut stream = EventStream::new(4096);
    let mut out = Vec::new();
    let result = stream.push(bytes, &mut out);
    let out = String::from_utf8(out).unwrap();
    match result {
        Ok(()) => Ok(out),
        Err(fault) => Err((out, fault)),
    }
}

#[test]
fn json_comes_out_as_it_went_in() {
    for (json, expected) in [
        (
            r#"{"type":"ping"}"#,
            "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        ),
        (
            r#"{ "a":1.0, "type" : "p\u0069ng" }"#,
            "event: ping\ndata: { \"a\":1.0, \"type\" : \"p\\u0069ng\" }\n\n",
        ),
        (r#"{"a":1}"#, "data: {\"a\":1}\n\n"),
        (r#"{"type":"a\nb"}"#, "data: {\"type\":\"a\\nb\"}\n\n"),
        (r#"{"type":7}"#, "data: {\"type\":7}\n\n"),
        (
            "{\n\"type\":\r\"x\"}",
            "event: x\ndata: {\ndata: \"type\":\ndata: \"x\"}\n\n",
        ),
        ("no json", "data: no json\n\n"),
    ] {
        assert_eq!(framed(&chunk(json)).as_deref(), Ok(expected));
    }
}

#[test]
fn what_the_service_may_add_is_passed_over() {
    let bytes = [
        event("initial-response", "{}"),
        message(&[(":message-type", "event")], b""),
        event("chunk", r#"{"p":"a","bytes":"e30=","new":[1]}"#),
    ];
    assert_eq!(framed(&bytes.concat()).as_deref(), Ok("data: {}\n\n"));
}

#[test]
fn chunks_without_what_chunks_hold_are_faults() {
    for payload in ["{}", r#"{"bytes":"%%"}"#, r#"{"bytes":7}"#, "", "[]"] {
        let bytes = [chunk("{}"), event("chunk", payload), chunk("{}")].concat();
        assert_eq!(
            framed(&bytes),
            Err(("data: {}\n\n".to_owned(), StreamFault::Chunk)),
            "{payload}"
        );
    }
    let long = chunk(&"x".repeat(5000));
    assert_eq!(
        framed(&long),
        Err((String::new(), FrameError::TooLarge(4096).into()))
    );
}

#[test]
fn exceptions_say_whose_fault_it_is() {
    let told = |bytes: &[u8]| {
        let out = framed(bytes).unwrap();
        let data = out.strip_prefix("event: error\ndata: ").unwrap();
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        let of = |key: &str| value["error"][key].as_str().unwrap().to_owned();
        (of("type"), of("message"))
    };
    for (kind, payload, expected, words) in [
        (
            "validationException",
            r#"{"message":"m"}"#,
            "invalid_request_error",
            "m",
        ),
        (
            "internalServerException",
            r#"{"message":"m"}"#,
            "api_error",
            "m",
        ),
        (
            "serviceUnavailableException",
            r#"{"message":"m"}"#,
            "overloaded_error",
            "m",
        ),
        (
            "modelTimeoutException",
            r#"{"message":"m"}"#,
            "timeout_error",
            "m",
        ),
        (
            "modelStreamErrorException",
            r#"{"originalStatusCode":529,"originalMessage":"o"}"#,
            "overloaded_error",
            "o",
        ),
        ("newException", "", "api_error", "newException"),
    ] {
        let of_kind = told(&exception(kind, payload));
        assert_eq!(of_kind, (expected.to_owned(), words.to_owned()), "{kind}");
    }
    let outside = message(
        &[
            (":message-type", "error"),
            (":error-code", "InternalError"),
            (":error-message", "An internal server error occurred"),
        ],
        b"",
    );
    assert_eq!(told(&outside).1, "An internal server error occurred");
}

proptest! {
    #[test]
    fn any_cuts_give_the_same_events(
        text in "[ -~é\n]{0,40}", thought in "[ -~]{0,20}", sizes in prop::collection::vec(1_usize..200, 1..6),
    ) {
        let reply = Reply::text(&text).thinking(&thought, "s==").pieces(5);
        let stream = frames(&reply).concat();
        let whole = framed(&stream).unwrap();
        let mut cut = EventStream::new(4096);
        let mut out = Vec::new();
        let mut rest = &stream[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            cut.push(piece, &mut out).unwrap();
            rest = after;
        }
        prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
    }

    #[test]
    fn any_damage_ends_it_without_a_made_up_event(at: prop::sample::Index, bit in 0_u8..8) {
        let mut stream = frames(&Reply::text("Hello.")).concat();
        let whole = framed(&stream).unwrap();
        let at = at.index(stream.len());
        stream[at] ^= 1 << bit;
        match framed(&stream) {
            Err((out, StreamFault::Frame(_))) => prop_assert!(whole.starts_with(&out)),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn any_bytes_do(bytes in prop::collection::vec(any::<u8>(), 0..64), payload in ".{0,30}") {
        let _ = framed(&bytes);
        let _ = framed(&event("chunk", &payload));
        let _ = framed(&exception(&payload, &payload));
    }
}

#[test]
fn converses_events_keep_their_names_and_their_json() {
    let reply = doubles::provider::Reply::text("Hello.");
    let frames = doubles::cloud::converse::frames(&reply).concat();
    for step in [1, 7, frames.len()] {
        let mut events = EventStream::named(1 << 20);
        let mut out = Vec::new();
        for piece in frames.chunks(step) {
            events.push(piece, &mut out).unwrap();
        }
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("event: messageStart\ndata: {"), "{out}");
        let first = "event: contentBlockDelta\ndata: {\"contentBlockIndex\":0,";
        assert!(out.contains(first), "{out}");
        let last = out.trim_end().rsplit("\n\n").next().unwrap();
        assert!(last.starts_with("event: metadata\ndata: {"), "{last}");
    }
}
