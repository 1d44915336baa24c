//! Readiness and its reasons.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn readiness_follows_phase_and_parts() {
    let house = house(MetricsAccess::Loopback);
    let ready = || async {
        let answer = house.get("/health/ready", "").await;
        (
            answer.status,
            answer.json()["status"].as_str().unwrap().to_owned(),
        )
    };
    house.ops.enter(Phase::Starting);
    assert_eq!(ready().await, (503, "unavailable".into()));
    house.ops.enter(Phase::Serving);
    assert_eq!(ready().await, (200, "ok".into()));

    *house.fake.store.lock() = Finding::Down("no connection".into());
    assert_eq!(
        ready().await,
        (200, "ok".into()),
        "a request never looks by itself"
    );
    crate::jobs::look(&house.ops).await;
    assert_eq!(ready().await, (200, "degraded".into()));

    *house.fake.journal_full.lock() = true;
    assert_eq!(
        ready().await,
        (503, "unavailable".into()),
        "what memory knows counts at once"
    );
    let reasons = house.get("/ready", "").await.json()["reasons"].clone();
    assert_eq!(
        reasons,
        serde_json::json!(["store: no connection", "journal: full"])
    );

    *house.fake.journal_full.lock() = false;
    house.ops.enter(Phase::Draining);
    assert_eq!(ready().await, (503, "unavailable".into()));
    assert_eq!(house.get("/health/live", "").await.status, 200);
    assert_eq!(house.get("/health", "").await.status, 503);
}

#[tokio::test]
async fn details_tell_since_when_and_need_a_key() {
    let house = house(MetricsAccess::Loopback);
    assert_eq!(house.get("/health/detailed", "").await.status, 401);
    assert_eq!(
        house.get("/health/detailed", "gateway:invoke").await.status,
        403
    );
    crate::jobs::look(&house.ops).await;
    house.clock.advance(Duration::from_secs(60));
    *house.fake.store.lock() = Finding::Degraded("slow".into());
    crate::jobs::look(&house.ops).await;
    house.clock.advance(Duration::from_secs(5));
    crate::jobs::look(&house.ops).await;
    let body = house.get("/health/detailed", "ops:read").await.json();
    let store = &body["parts"][0];
    assert_eq!(
        (&store["state"], &store["reason"]),
        (&"degraded".into(), &"slow".into())
    );
    assert_eq!(
        store["since"],
        START.plus(Duration::from_secs(60)).to_string()
    );
    assert_eq!(
        store["checked_at"],
        START.plus(Duration::from_secs(65)).to_string()
    );
    assert_eq!(
        (&body["uptime_s"], &body["live_calls"]),
        (&65.into(), &1.into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_that_hangs_counts_as_down_in_time() {
    let house = house(MetricsAccess::Loopback);
    let hanging = crate::service::Watched {
        probe: Arc::new(HangingProbe),
        seen: parking_lot::RwLock::new(None),
    };
    let mut ops = Arc::into_inner(house.ops_alone()).unwrap();
    ops.watched.push(hanging);
    crate::jobs::look(&ops).await;
    ops.enter(Phase::Serving);
    assert_eq!(ops.readiness().1, ["hanging: no answer within 1000 ms"]);
}
