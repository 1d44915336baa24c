//! Limits against an oracle that remembers everything.

use std::sync::atomic::{AtomicU64, Ordering as Atomic};

use kernel::Failure;
use proptest::prelude::*;

use super::*;

const MINUTE: u64 = WINDOW_US;

fn per_minute(requests: u64) -> Arc<KeyLimits> {
    Arc::new(KeyLimits::new(&Limits {
        requests_per_minute: Some(requests),
        ..Limits::default()
    }))
}

fn tokens(tokens: u64) -> Arc<KeyLimits> {
    Arc::new(KeyLimits::new(&Limits {
        tokens_per_minute: Some(tokens),
        ..Limits::default()
    }))
}

#[test]
fn a_refusal_names_the_setting_and_the_exact_time() {
    let limits = per_minute(2);
    drop(limits.admit(1_000_000, "m", 0).unwrap());
    drop(limits.admit(2_000_000, "m", 0).unwrap());
    let refused = limits.admit(3_500_000, "m", 0).unwrap_err();
    assert_eq!(
        refused,
        LimitExceeded {
            setting: "limits.requests_per_minute".into(),
            limit: 2,
            remaining: 0,
            reset_us: 58_500_000,
            retry_after_us: 57_500_000,
        }
    );
    assert_eq!(refused.retry_after_s(), Some(58));
    assert_eq!(
        refused.to_string(),
        "limits.requests_per_minute = 2 is used up; try again in 57.500 s"
    );
    assert!(limits.admit(1_000_000 + MINUTE - 1, "m", 0).is_err());
    assert!(limits.admit(1_000_000 + MINUTE, "m", 0).is_ok());
}

#[test]
fn limits_of_a_model_hold_besides_the_keys_own() {
    let limits = Arc::new(KeyLimits::new(
        &serde_json::from_str(
            r#"{"requests_per_minute":3,"models":{"big*":{"requests_per_minute":1}}}"#,
        )
        .unwrap(),
    ));
    assert_eq!(
        limits.admit(0, "big-1", 0).unwrap().state().requests,
        Some(Gauge {
            limit: 1,
            remaining: 0,
            reset_us: MINUTE
        })
    );
    let refused = limits.admit(1, "big-2", 0).unwrap_err();
    assert_eq!(refused.setting, "limits.models.big*.requests_per_minute");
    drop(limits.admit(2, "small", 0).unwrap());
    drop(limits.admit(3, "small", 0).unwrap());
    let refused = limits.admit(4, "small", 0).unwrap_err();
    assert_eq!(refused.setting, "limits.requests_per_minute");
}

#[test]
fn slots_come_back_when_admissions_end() {
    let limits = Arc::new(KeyLimits::new(&Limits {
        concurrent_requests: Some(1),
        ..Limits::default()
    }));
    let first = limits.admit(0, "m", 0).unwrap();
    let refused = limits.admit(1, "m", 0).unwrap_err();
    assert_eq!(refused.setting, "limits.concurrent_requests");
    assert_eq!(refused.per_minute(), None);
    drop(first);
    assert!(limits.admit(2, "m", 0).is_ok());
}

#[test]
fn a_refusal_by_the_minute_tells_what_is_counted() {
    for (kind, name) in [
        ("requests_per_minute", Some("requests")),
        ("tokens_per_minute", Some("tokens")),
        ("concurrent_requests", None),
    ] {
        // A pattern may hold dots and the words themselves.
        for scope in ["limits", "limits.models.tokens_per_minute.5*"] {
            let refused = LimitExceeded {
                setting: format!("{scope}.{kind}"),
                limit: 1,
                remaining: 0,
                reset_us: 0,
                retry_after_us: 1_000_000,
            };
            assert_eq!(refused.per_minute(), name, "{}", refused.setting);
        }
    }
}

#[test]
fn settling_corrects_the_estimate_both_ways() {
    let limits = tokens(100);
    let mut small = limits.admit(0, "m", 80).unwrap();
    assert!(limits.admit(1, "m", 40).is_err());
    small.settle(2, 10);
    let mut large = limits.admit(3, "m", 40).unwrap();
    large.settle(30_000_000, 95);
    // 10 + 95 stand in the window; the 55 that came late count for a minute from when they were known.
    let refused = limits.admit(30_000_001, "m", 1).unwrap_err();
    assert_eq!(refused.retry_after_us, MINUTE - 30_000_001);
    assert_eq!(refused.reset_us, MINUTE - 1);
    let state = limits.state(MINUTE + 3, None).tokens.unwrap();
    assert_eq!(state.remaining, 45);
}

#[test]
fn a_request_larger_than_the_limit_needs_an_empty_window() {
    let limits = tokens(100);
    let mut small = limits.admit(0, "m", 1).unwrap();
    assert!(limits.admit(1, "m", 1_000).is_err());
    small.settle(2, 0);
    assert!(limits.admit(3, "m", 1_000).is_ok());
    assert!(limits.admit(4, "m", 1).is_err());
}

#[test]
fn an_edit_keeps_what_was_counted() {
    let limits = per_minute(2);
    let running = limits.admit(0, "m", 0).unwrap();
    limits.reconfigure(&Limits {
        requests_per_minute: Some(3),
        concurrent_requests: Some(2),
        ..Limits::default()
    });
    assert_eq!(limits.state(1, None).requests.unwrap().remaining, 2);
    assert_eq!(limits.state(1, None).concurrent.unwrap().remaining, 1);
    drop(running);
    assert_eq!(limits.state(1, None).concurrent.unwrap().remaining, 2);
    limits.reconfigure(&Limits::default());
    assert!(!limits.is_limited());
}

#[test]
fn memory_is_bounded_and_a_crowded_log_still_never_admits_too_many() {
    let limits = per_minute(1_000_000);
    for now in 0..200_000u64 {
        drop(limits.admit(now * 300, "m", 0).unwrap());
    }
    let state = limits.state.lock();
    let entries = state.scopes[0].requests.entries();
    assert!(entries <= 4_096 + 6_001, "{entries} entries");
    assert_eq!(state.scopes[0].requests.total(), 200_000);
    drop(state);
    assert_eq!(
        limits
            .state(200_000 * 300 + MINUTE + 10_000, None)
            .requests
            .unwrap()
            .remaining,
        1_000_000
    );
}

#[test]
fn validation_names_the_setting() {
    for (text, field) in [
        (r#"{"requests_per_minute":0}"#, "limits.requests_per_minute"),
        (
            r#"{"models":{"a*":{"tokens_per_minute":0}}}"#,
            "limits.models.a*.tokens_per_minute",
        ),
        (
            r#"{"models":{"a":{"models":{"b":{}}}}}"#,
            "limits.models.a.models",
        ),
    ] {
        let limits: Limits = serde_json::from_str(text).unwrap();
        assert_eq!(limits.validate().unwrap_err().field, field);
    }
    assert!(serde_json::from_str::<Limits>(r#"{"rpm":1}"#).is_err());
    assert!(Limits::house_default().validate().is_ok());
}

#[test]
fn threads_together_get_no_more_than_one_would() {
    let limits = per_minute(500);
    let (clock, admitted) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let now = clock.fetch_add(1, Atomic::Relaxed);
                    if limits.admit(now, "m", 0).is_ok() {
                        admitted.fetch_add(1, Atomic::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 500);
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Ask(u64),
    Settle(usize, u64),
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop_oneof![0..1_000u64, 0..20_000_000u64, Just(MINUTE)].prop_map(Step::Wait),
        6 => (0..60u64).prop_map(Step::Ask),
        2 => (any::<usize>(), 0..120u64).prop_map(|(at, tokens)| Step::Settle(at, tokens)),
        2 => any::<usize>().prop_map(Step::End),
    ];
    prop::collection::vec(step, 1..150)
}

proptest! {
    /// Every decision equals the oracle's, which keeps all of history; every refusal's time is exact.
    #[test]
    fn decisions_equal_the_oracles(
        steps in steps(),
        requests in 1..8u64,
        token_limit in 20..200u64,
        concurrent in 1..5u64,
    ) {
        let limits = Arc::new(KeyLimits::new(&Limits {
            requests_per_minute: Some(requests),
            tokens_per_minute: Some(token_limit),
            concurrent_requests: Some(concurrent),
            ..Limits::default()
        }));
        let mut now = 7u64;
        let mut admitted: Vec<u64> = Vec::new();
        // (when, weight): corrections downwards change an entry, upwards add one.
        let mut weights: Vec<(u64, u64)> = Vec::new();
        let mut running: Vec<(Admission, usize, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(us) => now += us,
                Step::Ask(estimate) => {
                    let seen = |at: u64| at + MINUTE > now;
                    let asked = admitted.iter().filter(|at| seen(**at)).count() as u64;
                    let used: u64 = weights.iter().filter(|w| seen(w.0)).map(|w| w.1).sum();
                    let fits = used + estimate.max(1) <= token_limit || used == 0;
                    let expected = asked < requests && fits && (running.len() as u64) < concurrent;
                    match limits.admit(now, "m", estimate) {
                        Ok(admission) => {
                            prop_assert!(expected, "admitted what the oracle refuses");
                            admitted.push(now);
                            weights.push((now, estimate));
                            running.push((admission, weights.len() - 1, estimate));
                        }
                        Err(refused) => {
                            prop_assert!(!expected, "refused what the oracle admits: {refused}");
                            if refused.setting == "limits.requests_per_minute" {
                                let back = now + refused.retry_after_us;
                                let left = |at: u64| admitted.iter().filter(|a| **a + MINUTE > at).count() as u64;
                                prop_assert!(left(back) < requests && left(back - 1) >= requests);
                            } else if refused.setting == "limits.tokens_per_minute" {
                                let back = now + refused.retry_after_us;
                                let left = |at: u64| weights.iter().filter(|w| w.0 + MINUTE > at).map(|w| w.1).sum::<u64>();
                                let enough = |used: u64| used + estimate.max(1) <= token_limit || used == 0;
                                prop_assert!(enough(left(back)) && !enough(left(back - 1)));
                            }
                        }
                    }
                }
                Step::Settle(at, tokens) => {
                    let len = running.len();
                    if let Some((admission, entry, counted)) = running.get_mut(at % len.max(1)) {
                        admission.settle(now, tokens);
                        if tokens > *counted {
                            weights.push((now, tokens - *counted));
                        } else {
                            let less = (*counted - tokens).min(weights[*entry].1);
                            weights[*entry].1 -= less;
                        }
                        *counted = tokens;
                    }
                }
                Step::End(at) => {
                    if !running.is_empty() {
                        drop(running.swap_remove(at % running.len()));
                    }
                }
            }
        }
        // Whatever 60 seconds are looked at: never more than the limit.
        for start in &admitted {
            let inside = admitted.iter().filter(|at| (*start..*start + MINUTE).contains(at)).count();
            prop_assert!(inside as u64 <= requests);
        }
    }
}
