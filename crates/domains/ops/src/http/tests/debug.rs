//! A look inside the process.

use super::*;

#[tokio::test]
async fn the_process_shows_its_inside_to_those_who_may() {
    let house = house(MetricsAccess::Loopback);
    let see = |path: &'static str| {
        let house = &house;
        async move {
            let answer = house.get(path, "debug:read").await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            answer.json()
        }
    };
    assert_eq!(
        see("/v1/debug/settings").await["data"][0]["path"],
        "http.port"
    );
    assert_eq!(see("/v1/debug/streams").await["data"][0]["model"], "m");
    assert!(see("/v1/debug/tasks").await["workers"].as_u64().unwrap() >= 1);
    assert!(
        see("/v1/debug/memory").await["resident_bytes"]
            .as_u64()
            .unwrap()
            > 1_000_000
    );
    assert!(
        see("/v1/debug/cpu-profile?ms=100").await["span_ms"]
            .as_u64()
            .unwrap()
            >= 100
    );
    let answer = house
        .get("/v1/debug/cpu-profile?seconds=1", "debug:read")
        .await;
    assert_eq!(answer.json()["code"], "INVALID_QUERY");
}

#[tokio::test]
async fn the_log_level_changes_with_a_record() {
    let house = house(MetricsAccess::Loopback);
    let put = |body: &'static str| {
        house.call(
            Method::PUT,
            "/v1/debug/log-level",
            "ops:update",
            Body::from(body),
        )
    };
    let answer = put(r#"{"level":"loud"}"#).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &"INVALID_LOG_LEVEL".into())
    );
    assert_eq!(put(r#"{"level":"debug"}"#).await.json()["level"], "debug");
    let shown = house.get("/v1/debug/log-level", "debug:read").await.json();
    assert_eq!(shown["level"], "debug");
    let acts = house.fake.acts.lock();
    assert_eq!(acts.len(), 1);
    assert_eq!(
        acts[0].change,
        serde_json::json!({ "from": "info", "to": "debug" })
    );
}
