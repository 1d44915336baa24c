//! Hours, days, holidays, and calls that cross an edge.

use kernel::{Nano, Reported, Usage};

use super::{BOOK, TOKENS_100K, ZERO, at, exact, price, reported};
use crate::ProviderKind::{DeepSeek, Gemini};
use crate::prices::{Bill, Note};

#[test]
fn hours_weekends_and_holidays() {
    let usage = Usage {
        output: 1_000,
        ..ZERO
    };
    let answer = reported("deepseek-v4-pro", usage);
    let peak = Nano(3_960_000);
    let off = Nano(1_980_000);
    for (when, expected) in [
        ("2026-11-18T00:59:59.999999Z", off),
        ("2026-11-18T01:00:00Z", peak),
        ("2026-11-18T03:59:59.999999Z", peak),
        ("2026-11-18T04:00:00Z", off),
        ("2026-11-18T06:00:00Z", peak),
        ("2026-11-18T10:00:00Z", off),
        ("2026-11-22T02:30:00Z", off),
        // National Day, and the working Saturday after it.
        ("2026-10-01T02:30:00Z", off),
        ("2026-10-07T02:30:00Z", off),
        ("2026-10-08T02:30:00Z", peak),
        ("2026-10-10T02:30:00Z", off),
        ("2027-01-01T02:30:00Z", off),
        ("2027-06-09T02:30:00Z", off),
        // A weekend before weekends were off-peak.
        ("2026-08-22T02:30:00Z", peak),
        ("2026-08-23T02:30:00Z", off),
    ] {
        assert_eq!(exact(DeepSeek, &answer, when), expected, "{when}");
    }
    // The plan for 2027 is not out: a day that may or may not be free, and a year without any plan.
    for (when, expected) in [
        ("2027-02-11T02:30:00Z", peak),
        ("2027-05-04T02:30:00Z", off),
        ("2028-03-01T02:30:00Z", peak),
    ] {
        let priced = price(DeepSeek, &answer, when);
        assert_eq!(
            (priced.nano, priced.notes.as_slice()),
            (expected, &[Note::UncertainHoliday][..]),
            "{when}"
        );
    }
    assert!(!price(DeepSeek, &answer, "2028-03-01T12:30:00Z").estimated);
}

#[test]
fn calls_that_cross_a_price_change_are_flagged_and_priced_by_their_arrival() {
    let answer = reported(
        "deepseek-v4-pro",
        Usage {
            output: 1_000,
            ..ZERO
        },
    );
    let run = |reported: &Reported, kind, started: &str, ended: &str| {
        BOOK.price(&Bill {
            kind,
            provider: "p",
            asked_model: "x",
            reported,
            estimated_usage: None,
            started: at(started),
            ended: at(ended),
        })
    };
    let crossing = run(
        &answer,
        DeepSeek,
        "2026-11-18T03:59:59Z",
        "2026-11-18T04:00:01Z",
    );
    assert_eq!((crossing.nano, crossing.estimated), (Nano(3_960_000), true));
    assert!(
        !run(
            &answer,
            DeepSeek,
            "2026-11-18T02:00:00Z",
            "2026-11-18T03:00:00Z"
        )
        .estimated
    );
    // From one off-peak window to the next the price stays.
    assert!(
        !run(
            &answer,
            DeepSeek,
            "2026-11-20T23:59:59Z",
            "2026-11-21T00:00:01Z"
        )
        .estimated
    );
    let argon = reported("gemini-4-argon", TOKENS_100K);
    let crossing = run(
        &argon,
        Gemini,
        "2026-11-30T23:59:59Z",
        "2026-12-01T00:00:05Z",
    );
    assert_eq!(
        (crossing.nano, crossing.notes.as_slice()),
        (Nano(200_000_000), &[Note::CrossesPriceChange][..])
    );
}
