//! The price book held against its reference: the data, the worked examples, every rule, and what must hold always.

mod data;
mod examples;
mod levels;
mod properties;
mod rules;
mod settings;
mod times;
mod turns;

use std::sync::LazyLock;

use kernel::{Nano, Reported, Timestamp, Usage};
use wire::Protocol;

use super::{Bill, PriceBook, Priced};
use crate::ProviderKind;

static BOOK: LazyLock<PriceBook> = LazyLock::new(|| PriceBook::bundled().unwrap());

/// The day the reference was made.
const TODAY: &str = "2026-11-21T12:00:00Z";

/// As many tokens as make a price of one cent per million a million nano-dollars.
const TOKENS_100K: Usage = Usage {
    input: 100_000,
    ..ZERO
};
const ZERO: Usage = Usage {
    input: 0,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 0,
    reasoning: 0,
    audio_out: 0,
    image_out: 0,
};

/// The price of fresh input in cents per million, from the cost of 100,000 tokens.
fn input_price(priced: &Priced) -> i64 {
    priced.nano.0 / 1_000_000
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// What a whole answer of this protocol says.
fn answer(protocol: Protocol, json: &str) -> Reported {
    wire::answer::read_answer(protocol, json.as_bytes()).unwrap()
}

/// A Messages answer around a usage object.
fn message(model: &str, usage: &str) -> Reported {
    answer(
        Protocol::Messages,
        &format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"{model}","content":[{{"type":"text","text":"x"}}],"stop_reason":"end_turn","usage":{usage}}}"#
        ),
    )
}

/// A Responses answer around a usage object.
fn response(model: &str, usage: &str) -> Reported {
    answer(
        Protocol::Responses,
        &format!(
            r#"{{"id":"resp_1","object":"response","status":"completed","model":"{model}","output":[],"usage":{usage}}}"#
        ),
    )
}

/// A chat answer around a usage object.
fn chat(model: &str, usage: &str) -> Reported {
    answer(
        Protocol::Chat,
        &format!(
            r#"{{"id":"chatcmpl-1","model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"x"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
        ),
    )
}

fn reported(model: &str, usage: Usage) -> Reported {
    Reported {
        model: Some(model.to_owned()),
        usage: Some(usage),
        stop_reason: Some("stop".to_owned()),
        ..Reported::default()
    }
}

fn price_in(book: &PriceBook, kind: ProviderKind, reported: &Reported, when: &str) -> Priced {
    book.price(&Bill {
        kind,
        provider: kind.as_str(),
        asked_model: "nothing-that-is-listed",
        reported,
        estimated_usage: None,
        started: at(when),
        ended: at(when),
    })
}

fn price(kind: ProviderKind, reported: &Reported, when: &str) -> Priced {
    price_in(&BOOK, kind, reported, when)
}

/// The cost of an answer that must be priced without any doubt.
fn exact(kind: ProviderKind, reported: &Reported, when: &str) -> Nano {
    let priced = price(kind, reported, when);
    assert!(!priced.unpriced && !priced.estimated, "{:?}", priced.notes);
    priced.nano
}
