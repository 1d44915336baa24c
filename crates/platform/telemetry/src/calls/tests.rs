//! Figures of calls stay bounded and add up.

use super::*;
use crate::metrics::MAX_RENDER_BYTES;

fn call(status: CallStatus) -> CallClosed {
    serde_json::from_value(serde_json::json!({
        "id": kernel::CallId::new(), "request": kernel::RequestId::new(), "org": kernel::OrgId::new(),
        "project": kernel::ProjectId::new(), "key": kernel::KeyId::new(), "surface": "chat",
        "requested_model": "m", "model": "m", "provider": "p", "stream": true, "status": status,
        "http_status": 200, "started_at": "2026-11-21T00:00:00Z", "duration_us": 1_500_000,
        "first_byte_us": 90_000,
        "usage": {"input": 10, "cache_read": 5, "cache_write_5m": 3, "output": 7, "reasoning": 2},
        "cost": {"nano_usd": kernel::Nano(2_500_000), "estimated": true},
        "attempts": [],
    }))
    .unwrap()
}

#[test]
fn a_closed_call_is_counted_everywhere_once() {
    let registry = Arc::new(Registry::new());
    let calls = Calls::new(&registry);
    let handles = calls.of("p", "m", Surface::Chat);
    let live = calls.live_call();
    handles.attempt(CallStatus::UpstreamFailed);
    handles.attempt(CallStatus::Ok);
    handles.closed(&call(CallStatus::Ok));
    let text = registry.render();
    for line in [
        "upstream_requests_total{model=\"m\",outcome=\"ok\",provider=\"p\"} 1",
        "upstream_requests_total{model=\"m\",outcome=\"upstream_failed\",provider=\"p\"} 1",
        "switchyard_calls_total{provider=\"p\",status=\"ok\"} 1",
        "switchyard_cost_usd_total{model=\"m\",provider=\"p\"} 0.0025",
        "switchyard_tokens_total{model=\"m\",provider=\"p\",type=\"input\"} 10",
        "switchyard_tokens_total{model=\"m\",provider=\"p\",type=\"cache_read\"} 5",
        "switchyard_tokens_total{model=\"m\",provider=\"p\",type=\"cache_write\"} 3",
        "switchyard_tokens_total{model=\"m\",provider=\"p\",type=\"output\"} 7",
        "switchyard_tokens_total{model=\"m\",provider=\"p\",type=\"reasoning\"} 2",
        "switchyard_calls_unsure_total{model=\"m\",provider=\"p\",why=\"estimated\"} 1",
        "switchyard_live_calls 1",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
    drop(live);
    assert!(registry.render().contains("switchyard_live_calls 0\n"));
}

#[test]
fn a_hundred_thousand_models_leave_the_text_under_a_megabyte() {
    let registry = Arc::new(Registry::new());
    let calls = Calls::new(&registry);
    let closed = call(CallStatus::Ok);
    let surfaces = [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ];
    for number in 0..100_000_usize {
        let model = format!("vendor/some-rather-long-model-name-{number:032x}-preview-2026-11-21");
        let provider = format!("provider-{}", number % 5_000);
        let handles = calls.of(&provider, &model, surfaces[number % 4]);
        handles.attempt(OUTCOMES[number % OUTCOMES.len()]);
        handles.closed(&closed);
    }
    let text = registry.render();
    assert!(text.len() < MAX_RENDER_BYTES, "{} bytes", text.len());
    // Nothing is lost: what has no place of its own is counted under `other`.
    let total: u64 = text
        .lines()
        .filter(|line| line.starts_with("upstream_requests_total{"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(total, 100_000);
    assert!(
        !text.contains("\"overflow\""),
        "the caps of calls lie below those of metrics"
    );
}

#[test]
fn the_same_names_give_the_same_handles() {
    let calls = Calls::new(&Arc::new(Registry::new()));
    let one = calls.of("p", "m", Surface::Messages);
    assert!(Arc::ptr_eq(&one, &calls.of("p", "m", Surface::Messages)));
    assert!(!Arc::ptr_eq(&one, &calls.of("p", "m", Surface::Chat)));
}
