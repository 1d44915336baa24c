//! A breaker's life, its stale calls and its models' rest.

use kernel::TestClock;

use super::*;

fn breaker() -> (Arc<Breaker>, TestClock) {
    let clock = TestClock::at(Timestamp::from_secs(1_000));
    let settings = BreakerSettings {
        failures: 5,
        open: Duration::from_secs(10),
    };
    let breaker = Breaker::new("anthropic", "anthropic", settings, Arc::new(clock.clone()));
    (Arc::new(breaker), clock)
}

fn fail(breaker: &Arc<Breaker>, times: usize) {
    for _ in 0..times {
        breaker.try_acquire().unwrap().failure();
    }
}

#[test]
fn five_failures_in_a_row_open_it_and_a_probe_closes_it() {
    let (breaker, clock) = breaker();
    fail(&breaker, 4);
    breaker.try_acquire().unwrap().success();
    fail(&breaker, 4);
    assert_eq!(breaker.snapshot().state, BreakerState::Closed);
    fail(&breaker, 1);
    let shown = breaker.snapshot();
    assert_eq!((shown.state, shown.failures), (BreakerState::Open, 5));
    assert_eq!(shown.opened_at, Some(Timestamp::from_secs(1_000)));

    clock.advance(Duration::from_millis(9_999));
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after_ms, 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(breaker.snapshot().state, BreakerState::HalfOpen);
    assert!(breaker.would_pass());
    let probe = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err() && !breaker.would_pass());
    probe.success();
    let shown = breaker.snapshot();
    assert_eq!((shown.state, shown.failures), (BreakerState::Closed, 0));
    assert_eq!(shown.opened_at, None);
}

#[test]
fn a_failed_probe_opens_it_again_and_a_lost_one_lets_the_next_try() {
    let (breaker, clock) = breaker();
    fail(&breaker, 5);
    clock.advance(Duration::from_secs(10));
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after_ms, 10_000);
    clock.advance(Duration::from_secs(10));
    drop(breaker.try_acquire().unwrap());
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.snapshot().state, BreakerState::Closed);
}

#[test]
fn calls_sent_before_the_opening_have_no_say_after_it() {
    let (breaker, clock) = breaker();
    let (old_good, old_bad) = (
        breaker.try_acquire().unwrap(),
        breaker.try_acquire().unwrap(),
    );
    fail(&breaker, 5);
    old_good.success();
    assert_eq!(breaker.snapshot().state, BreakerState::Open);
    clock.advance(Duration::from_secs(10));
    let probe = breaker.try_acquire().unwrap();
    old_bad.failure();
    probe.success();
    assert_eq!(breaker.snapshot().state, BreakerState::Closed);
}

#[test]
fn models_rest_on_their_own_until_their_time() {
    let (breaker, clock) = breaker();
    breaker.cool("big", Duration::from_secs(3));
    breaker.cool("big", Duration::from_secs(1));
    assert_eq!(breaker.cooled("big"), Some(Duration::from_secs(3)));
    assert!(!breaker.is_cooled("small"));
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(
        breaker.snapshot().models,
        vec![CooledModel {
            model: "big".into(),
            until: Timestamp::from_secs(1_003)
        }]
    );
    clock.advance(Duration::from_secs(3));
    assert!(!breaker.is_cooled("big"));
    breaker.cool("big", Duration::from_secs(3));
    breaker.warm("big");
    assert!(!breaker.is_cooled("big"));
    for number in 0..1_000 {
        breaker.cool(&format!("m{number}"), Duration::from_secs(60));
    }
    assert_eq!(breaker.snapshot().models.len(), 256);
}

#[test]
fn statuses_tell_apart_the_provider_the_model_and_the_request() {
    for (status, verdict) in [
        (200, Verdict::Healthy),
        (400, Verdict::Healthy),
        (401, Verdict::Healthy),
        (404, Verdict::CoolModel),
        (429, Verdict::CoolModel),
        (500, Verdict::Failing),
        (503, Verdict::Failing),
        (529, Verdict::CoolModel),
    ] {
        assert_eq!(Verdict::of_status(status), verdict, "{status}");
    }
}

#[test]
fn the_registry_keeps_state_over_a_reload() {
    let breakers = Breakers::new(Arc::new(TestClock::at(Timestamp(0))));
    let settings = BreakerSettings {
        failures: 1,
        open: Duration::from_secs(1),
    };
    fail(&breakers.ensure("b", "openai", settings), 1);
    let _ = breakers.ensure("a", "sim", settings);
    let again = breakers.ensure("b", "openai", settings);
    assert_eq!(again.snapshot().state, BreakerState::Open);
    let names: Vec<_> = breakers.snapshots().into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(breakers.reset("b") && !breakers.reset("c"));
    assert!(again.try_acquire().is_ok());
    breakers.retain(|name| name == "a");
    assert!(breakers.get("b").is_none());
}

#[test]
fn threads_that_meet_a_half_open_breaker_send_one_probe() {
    let (breaker, clock) = breaker();
    fail(&breaker, 5);
    clock.advance(Duration::from_secs(10));
    let passes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| breaker.try_acquire().ok()))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(passes.len(), 1);
}
