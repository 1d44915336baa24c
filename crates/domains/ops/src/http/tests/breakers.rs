//! Breakers, listed and reset.

use super::*;

#[tokio::test]
async fn breakers_are_listed_and_reset_with_a_record() {
    let house = house(MetricsAccess::Loopback);
    let settings = BreakerSettings::default();
    let breaker = house.breakers.ensure("anthropic", "anthropic", settings);
    while let Ok(pass) = breaker.try_acquire() {
        pass.failure();
    }
    let listed = house.get("/v1/circuit-breakers", "ops:read").await.json();
    let row = &listed["data"][0];
    assert_eq!(
        (&row["name"], &row["state"]),
        (&"anthropic".into(), &"open".into())
    );
    assert!(row["failures"].as_u64().unwrap() > 0 && row["opened_at"].is_string());
    assert!(listed["next_cursor"].is_null());

    let reset = |name: &str, scopes: &'static str| {
        let path = format!("/v1/circuit-breakers/{name}/reset");
        let house = &house;
        async move { house.call(Method::POST, &path, scopes, Body::empty()).await }
    };
    assert_eq!(reset("anthropic", "ops:read").await.status, 403);
    assert_eq!(
        reset("nobody", "ops:update").await.json()["code"],
        "BREAKER_NOT_FOUND"
    );
    assert!(house.fake.acts.lock().is_empty());
    let answer = reset("anthropic", "ops:update").await;
    assert_eq!(
        (answer.status, &answer.json()["state"]),
        (200, &"closed".into())
    );
    let acts = house.fake.acts.lock();
    assert_eq!(
        (acts[0].action.as_str(), acts[0].target.as_str()),
        ("breaker.reset", "anthropic")
    );
    assert_eq!(acts[0].actor, Some(KeyId::from_u128(3)));
}
