//! Budgets against an oracle, over window edges, edits and threads.

use kernel::Failure;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000_000;

fn spec(amount: i64, period: Period, hard: bool, models: &[&str]) -> BudgetSpec {
    BudgetSpec {
        amount: Nano(amount),
        period,
        hard,
        models: models.iter().map(ToString::to_string).collect(),
    }
}

fn hourly(amount: i64) -> Arc<Budgets> {
    Arc::new(Budgets::new(
        vec![spec(amount, Period::Hour, true, &[])],
        vec![],
    ))
}

#[test]
fn what_is_held_counts_until_it_is_settled() {
    let budgets = hourly(100);
    let first = budgets.reserve(Timestamp(0), "m", Nano(60)).unwrap();
    let refused = budgets.reserve(Timestamp(1), "m", Nano(41)).unwrap_err();
    assert_eq!(
        (
            refused.index,
            refused.spent,
            refused.reserved,
            refused.asked
        ),
        (0, Nano(0), Nano(60), Nano(41))
    );
    assert_eq!(refused.resets_at, Some(Timestamp(HOUR)));
    assert_eq!(refused.retry_after_s(), Some(3_600));
    first.settle(Nano(10));
    let second = budgets.reserve(Timestamp(1), "m", Nano(90)).unwrap();
    assert!(budgets.reserve(Timestamp(1), "m", Nano(1)).is_err());
    drop(second);
    let state = &budgets.state(Timestamp(2))[0];
    assert_eq!((state.spent, state.reserved), (Nano(100), Nano::ZERO));
    assert!(state.used_up());
}

#[test]
fn a_refused_step_changes_nothing_and_the_call_goes_on_to_settle() {
    let budgets = hourly(100);
    let mut call = budgets.reserve(Timestamp(0), "m", Nano(50)).unwrap();
    call.top_up(Nano(50)).unwrap();
    let refused = call.top_up(Nano(1)).unwrap_err();
    assert_eq!(refused.reserved, Nano(100));
    assert_eq!(call.reserved(), Nano(100));
    call.settle(Nano(120));
    assert_eq!(budgets.state(Timestamp(0))[0].spent, Nano(120));
}

#[test]
fn a_refusal_says_what_helps() {
    let day = 24 * HOUR;
    let budgets = Arc::new(Budgets::new(
        vec![spec(100_000_000, Period::Day, true, &[])],
        vec![],
    ));
    let mut call = budgets
        .reserve(Timestamp(0), "m", Nano(60_000_000))
        .unwrap();
    let waits = budgets
        .reserve(Timestamp(day / 2), "m", Nano(50_000_000))
        .unwrap_err();
    assert_eq!(
        waits.to_string(),
        "budgets[0] of 0.1 USD per day is used up: 0 spent, 0.06 held by calls under way, 0.05 asked for; raise amount_usd or \
         wait until 1970-01-02T00:00:00.000000Z"
    );
    assert_eq!(waits.retry_after_s(), Some(43_200));
    // No window is large enough for these: neither for the call at once, nor for it with its next step.
    let alone = budgets
        .reserve(Timestamp(0), "m", Nano(100_000_001))
        .unwrap_err();
    let step = call.top_up(Nano(40_000_001)).unwrap_err();
    for refused in [alone, step] {
        assert_eq!(
            refused.to_string(),
            "budgets[0] of 0.1 USD per day is less than this call alone may cost, 0.100000001 USD; send a smaller max_tokens \
             or raise amount_usd"
        );
        assert_eq!(refused.retry_after_s(), None);
    }
    let total = Arc::new(Budgets::new(
        vec![spec(10, Period::Total, true, &[])],
        vec![],
    ));
    let _held = total.reserve(Timestamp(0), "m", Nano(10)).unwrap();
    let refused = total.reserve(Timestamp(0), "m", Nano(1)).unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("USD in total is used up"), "{words}");
    assert!(words.ends_with("raise amount_usd"), "{words}");
}

#[test]
fn spending_belongs_to_the_window_of_the_reservation() {
    let budgets = hourly(100);
    let mut call = budgets.reserve(Timestamp(HOUR - 1), "m", Nano(90)).unwrap();
    let next = budgets.reserve(Timestamp(HOUR), "m", Nano(100)).unwrap();
    assert!(call.top_up(Nano(11)).is_err(), "its own window has 10 left");
    call.top_up(Nano(10)).unwrap();
    call.settle(Nano(100));
    let state = &budgets.state(Timestamp(HOUR))[0];
    assert_eq!((state.spent, state.reserved), (Nano(0), Nano(100)));
    next.settle(Nano(1));
    assert_eq!(budgets.state(Timestamp(HOUR))[0].spent, Nano(1));
}

#[test]
fn a_clock_that_steps_back_opens_no_second_window() {
    let budgets = hourly(100);
    budgets
        .reserve(Timestamp(HOUR), "m", Nano(100))
        .unwrap()
        .settle(Nano(100));
    assert!(budgets.reserve(Timestamp(HOUR - 1), "m", Nano(1)).is_err());
}

#[test]
fn soft_budgets_count_but_never_refuse() {
    let budgets = Arc::new(Budgets::new(
        vec![spec(10, Period::Total, false, &[])],
        vec![],
    ));
    assert!(!budgets.has_hard() && !budgets.is_empty());
    budgets
        .reserve(Timestamp(5), "m", Nano(25))
        .unwrap()
        .settle(Nano(25));
    let state = &budgets.state(Timestamp(6))[0];
    assert!(state.used_up());
    assert_eq!((state.spent, state.resets_at), (Nano(25), None));
}

#[test]
fn a_budget_counts_the_models_it_names() {
    let budgets = Arc::new(Budgets::new(
        vec![
            spec(10, Period::Day, true, &["big*"]),
            spec(100, Period::Day, true, &[]),
        ],
        vec![],
    ));
    assert!(budgets.has_hard_for("small"));
    budgets
        .reserve(Timestamp(0), "small", Nano(50))
        .unwrap()
        .settle(Nano(50));
    let refused = budgets
        .reserve(Timestamp(0), "big-1", Nano(11))
        .unwrap_err();
    assert_eq!(refused.index, 0);
    assert_eq!(budgets.state(Timestamp(0))[1].reserved, Nano(0));
    budgets
        .reserve(Timestamp(0), "big-1", Nano(10))
        .unwrap()
        .settle(Nano(10));
    assert_eq!(budgets.state(Timestamp(0))[1].spent, Nano(60));
}

#[test]
fn an_edit_keeps_what_is_spent_and_held() {
    let budgets = hourly(100);
    let call = budgets.reserve(Timestamp(0), "m", Nano(40)).unwrap();
    budgets.reconfigure(
        vec![
            spec(500, Period::Day, false, &[]),
            spec(50, Period::Hour, true, &[]),
        ],
        vec![
            SpentWindow {
                starts_at: Timestamp(0),
                spent: Nano(7),
            },
            SpentWindow {
                starts_at: Timestamp(0),
                spent: Nano(1_000),
            },
        ],
    );
    assert!(budgets.reserve(Timestamp(0), "m", Nano(11)).is_err());
    call.settle(Nano(20));
    let state = budgets.state(Timestamp(0));
    assert_eq!((state[0].spent, state[1].spent), (Nano(7), Nano(20)));
    budgets.reconfigure(vec![], vec![]);
    assert!(budgets.is_empty() && !budgets.has_hard());
}

#[test]
fn what_was_spent_before_counts() {
    let now = Timestamp(10 * HOUR + 5);
    let budgets = Arc::new(Budgets::new(
        vec![spec(100, Period::Hour, true, &[])],
        vec![SpentWindow {
            starts_at: now,
            spent: Nano(95),
        }],
    ));
    assert!(budgets.reserve(now, "m", Nano(6)).is_err());
    assert!(budgets.reserve(now, "m", Nano(5)).is_ok());
    assert!(
        budgets
            .reserve(Timestamp(11 * HOUR), "m", Nano(100))
            .is_ok()
    );
}

#[test]
fn what_is_told_later_raises_the_window_it_was_spent_in() {
    let now = Timestamp(10 * HOUR + 5);
    let hourly = [spec(100, Period::Hour, false, &["m"])];
    let window = |at, nano| SpentWindow {
        starts_at: Timestamp(at),
        spent: Nano(nano),
    };
    let budgets = Arc::new(Budgets::new(hourly.to_vec(), vec![window(10 * HOUR, 5)]));
    budgets.reserve(now, "m", Nano(9)).unwrap().settle(Nano(9));
    for (at, nano, spent) in [
        (9 * HOUR, 50, 14),
        (10 * HOUR, 13, 14),
        (10 * HOUR, 60, 60),
        (10 * HOUR, 14, 60),
    ] {
        budgets.raise(&hourly, &[window(at, nano)]);
        assert_eq!(budgets.state(now)[0].spent, Nano(spent));
    }
    budgets.raise(
        &[spec(1, Period::Hour, true, &[])],
        &[window(10 * HOUR, 99)],
    );
    assert_eq!(budgets.state(now)[0].spent, Nano(60));
}

#[test]
fn a_budget_that_nothing_is_counted_for_is_told_apart() {
    let (day, hour) = (
        spec(1, Period::Day, true, &[]),
        spec(1, Period::Hour, true, &[]),
    );
    let budgets = Budgets::new(vec![day.clone()], vec![]);
    let dearer = spec(9, Period::Day, false, &[]);
    assert!(budgets.unknown(std::slice::from_ref(&dearer)).is_empty());
    // A second one of the same kind has no line of its own yet.
    let wanted = [hour.clone(), day, dearer.clone()];
    assert_eq!(budgets.unknown(&wanted), [hour, dearer]);
    let window = |nano| SpentWindow {
        starts_at: Timestamp(0),
        spent: Nano(nano),
    };
    budgets.reconfigure(wanted.to_vec(), vec![window(3), window(7)]);
    let spent = budgets.state(Timestamp(0)).into_iter().map(|it| it.spent);
    assert_eq!(spent.collect::<Vec<_>>(), [Nano(3), Nano::ZERO, Nano(7)]);
    assert_eq!(budgets.specs(), wanted);
}

#[test]
fn threads_together_never_hold_more_than_the_amount() {
    let budgets = hourly(1_000);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let budgets = &budgets;
            scope.spawn(move || {
                for round in 0..500 {
                    let ask = Nano(1 + (thread * 7 + round) % 13);
                    let Ok(mut call) = budgets.reserve(Timestamp(0), "m", ask) else {
                        continue;
                    };
                    let state = &budgets.state(Timestamp(0))[0];
                    assert!(state.spent + state.reserved <= Nano(1_000));
                    let topped = call.top_up(ask).is_ok();
                    call.settle(if topped { Nano(2) } else { Nano(1) });
                }
            });
        }
    });
    let state = &budgets.state(Timestamp(0))[0];
    assert!(state.spent <= Nano(1_000));
    assert_eq!(state.reserved, Nano::ZERO);
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Reserve(bool, i64),
    TopUp(usize, i64),
    Settle(usize, i64),
    Lose(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => prop_oneof![0..HOUR, Just(0)].prop_map(Step::Wait),
        4 => (any::<bool>(), 0..60i64).prop_map(|(big, nano)| Step::Reserve(big, nano)),
        2 => (any::<usize>(), 0..30i64).prop_map(|(at, nano)| Step::TopUp(at, nano)),
        3 => (any::<usize>(), 0..90i64).prop_map(|(at, nano)| Step::Settle(at, nano)),
        1 => any::<usize>().prop_map(Step::Lose),
    ];
    prop::collection::vec(step, 1..120)
}

/// One call of the oracle: when it began, its model, what it holds, what it spent once it is over.
#[derive(Debug)]
struct Call {
    at: i64,
    big: bool,
    held: i64,
    spent: Option<i64>,
}

proptest! {
    /// Every decision equals that of an oracle which sums over all calls ever made.
    #[test]
    fn decisions_equal_the_oracles(steps in steps(), hour in 50..200i64, day in 100..400i64) {
        let lines = [(hour, HOUR, true), (day, 24 * HOUR, false)];
        let budgets = Arc::new(Budgets::new(
            vec![spec(hour, Period::Hour, true, &["big"]), spec(day, Period::Day, true, &[])],
            vec![],
        ));
        let mut now = 23 * HOUR + HOUR / 2;
        let mut calls: Vec<Call> = Vec::new();
        let mut live: Vec<(Reservation, usize)> = Vec::new();
        // Held and spent in the window of `at`, over the calls that the line counts.
        let used = |calls: &[Call], at: i64, width: i64, only_big: bool| -> i64 {
            calls.iter()
                .filter(|call| (call.big || !only_big) && call.at / width == at / width)
                .map(|call| call.spent.unwrap_or(call.held))
                .sum()
        };
        let fits = |calls: &[Call], at: i64, big: bool, nano: i64| {
            lines.iter().all(|(amount, width, only_big)| {
                (*only_big && !big) || used(calls, at, *width, *only_big) + nano <= *amount
            })
        };
        for step in steps {
            match step {
                Step::Wait(us) => now += us,
                Step::Reserve(big, nano) => {
                    let expected = fits(&calls, now, big, nano);
                    let model = if big { "big" } else { "small" };
                    let got = budgets.reserve(Timestamp(now), model, Nano(nano));
                    prop_assert_eq!(got.is_ok(), expected);
                    if let Ok(reservation) = got {
                        calls.push(Call { at: now, big, held: nano, spent: None });
                        live.push((reservation, calls.len() - 1));
                    }
                }
                Step::TopUp(at, nano) => {
                    let len = live.len();
                    if let Some((reservation, call)) = live.get_mut(at % len.max(1)) {
                        let expected = fits(&calls, calls[*call].at, calls[*call].big, nano);
                        prop_assert_eq!(reservation.top_up(Nano(nano)).is_ok(), expected);
                        if expected {
                            calls[*call].held += nano;
                        }
                    }
                }
                Step::Settle(at, nano) => {
                    if !live.is_empty() {
                        let (reservation, call) = live.swap_remove(at % live.len());
                        reservation.settle(Nano(nano));
                        calls[call].spent = Some(nano);
                    }
                }
                Step::Lose(at) => {
                    if !live.is_empty() {
                        let (reservation, call) = live.swap_remove(at % live.len());
                        drop(reservation);
                        calls[call].spent = Some(calls[call].held);
                    }
                }
            }
            for (state, (_, width, only_big)) in budgets.state(Timestamp(now)).iter().zip(lines) {
                prop_assert_eq!((state.spent + state.reserved).0, used(&calls, now, width, only_big));
            }
        }
    }
}
