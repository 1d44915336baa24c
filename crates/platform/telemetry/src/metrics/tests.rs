//! Rendering and caps.

use super::*;

#[test]
fn the_text_form_is_exact() {
    let registry = Registry::new();
    registry
        .counter(names::COST, &[("provider", "a"), ("model", "m\"\\\n")])
        .add(1_500_000_000);
    registry
        .counter(names::RATE_LIMITED, &[("scope", "key")])
        .add(2);
    registry.gauge(names::CALLS_LIVE, &[]).set(3.0);
    let duration = registry.histogram(names::HTTP_DURATION, &[("route", "/x")]);
    duration.observe(0.001);
    duration.observe(0.3);
    duration.observe(99.0);
    let text = registry.render();
    for line in [
        "# TYPE switchyard_cost_usd_total counter",
        "switchyard_cost_usd_total{model=\"m\\\"\\\\\\n\",provider=\"a\"} 1.5",
        "rate_limited_total{scope=\"key\"} 2",
        "switchyard_live_calls 3",
        "http_request_duration_seconds_bucket{route=\"/x\",le=\"0.001\"} 1",
        "http_request_duration_seconds_bucket{route=\"/x\",le=\"0.5\"} 2",
        "http_request_duration_seconds_bucket{route=\"/x\",le=\"+Inf\"} 3",
        "http_request_duration_seconds_count{route=\"/x\"} 3",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
}

#[test]
fn label_sets_past_the_bound_share_one() {
    let registry = Registry::new();
    for number in 0..5_000 {
        let scope = number.to_string();
        registry
            .counter(names::RATE_LIMITED, &[("scope", scope.as_str())])
            .add(1);
    }
    let text = registry.render();
    assert!(text.contains("rate_limited_total{scope=\"overflow\"} 3000\n"));
    assert!(text.contains("switchyard_metric_series_dropped_total 3000\n"));
    assert!(text.lines().count() < 2_020);
}

#[test]
fn the_facade_lands_in_the_same_registry() {
    metrics::with_local_recorder(&facade::Facade(Arc::clone(registry())), || {
        metrics::counter!("facade_probe_total", "kind" => "a").increment(4);
        metrics::histogram!("facade_probe_seconds").record(0.2);
        // Another kind under a known name is refused, not mixed in.
        metrics::gauge!("facade_probe_total").set(9.0);
    });
    let text = registry().render();
    assert!(text.contains("facade_probe_total{kind=\"a\"} 4\n"));
    assert!(text.contains("facade_probe_seconds_count 1\n"));
}

#[test]
fn whatever_names_come_the_text_stays_small() {
    let registry = Registry::new();
    let long = "x".repeat(500);
    for name in names::ALL {
        for number in 0..2_500 {
            let value = format!("{number}{long}");
            let labels = [
                ("a", value.as_str()),
                ("b", value.as_str()),
                ("c", value.as_str()),
            ];
            match name.kind {
                Kind::Counter => registry.counter(*name, &labels).add(1),
                Kind::Gauge => registry.gauge(*name, &labels).set(1.0),
                Kind::Histogram => registry.histogram(*name, &labels).observe(1.0),
            }
        }
    }
    let text = registry.render();
    assert!(text.len() <= MAX_RENDER_BYTES && text.ends_with('\n'));
}
