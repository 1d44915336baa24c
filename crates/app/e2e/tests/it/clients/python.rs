//! The Python SDKs of both families, streaming with tools.

use doubles::Provider;
use doubles::provider::Reply;
use doubles::provider::faults::Fault;
use doubles::provider::reply::Surface;
use kernel::Usage;
use serde_json::{Value, json};

use super::{Desk, Installed, conversation, exact_costs, lines};
use crate::ground::{Ground, model};
use crate::identity::assert_same_request;

const LAST_WORD: &str = "Sunny in Zürich — 21 °C 🌞.";
const ZURICH: &str = r#"{"city": "Zürich", "unit":"\u00b0C"}"#;
const GENEVE: &str = r#"{ "city":"Genève 🌍"}"#;

const USAGE: Usage = Usage {
    input: 1000,
    cache_read: 500,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 50,
    reasoning: 25,
    audio_out: 0,
    image_out: 0,
};

/// Runs a driver script against this address; gives the line it printed.
async fn drive(installed: &Installed, surface: Surface, url: &str, key: &str) -> Value {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");
    let output = Desk::new()
        .run(&installed.python(), |command| {
            match surface {
                Surface::Messages => command
                    .arg(format!("{scripts}/anthropic_messages.py"))
                    .arg(url),
                _ => command
                    .arg(format!("{scripts}/openai_sdk.py"))
                    .arg(surface.path().split('/').nth(2).unwrap())
                    .arg(format!("{url}/v1")),
            };
            command
                .args([key, model(surface)])
                .env("PYTHONDONTWRITEBYTECODE", "1");
        })
        .await;
    lines(&output).remove(0)
}

/// Both runs see the same; gives what the client understood and the ground for further questions.
async fn twice(
    installed: &Installed,
    surface: Surface,
    answer: impl Fn(&Provider),
) -> (Value, Ground) {
    let direct = Provider::start().await;
    answer(&direct);
    let straight = drive(installed, surface, &direct.url(), "direct").await;
    let ground = Ground::start().await;
    answer(&ground.upstream);
    let through = drive(installed, surface, ground.url(), &ground.key).await;
    assert_eq!(straight, through);
    let (straight, seen) = (direct.requests(), ground.upstream.requests());
    assert_eq!(straight.len(), seen.len());
    for (one, other) in straight.iter().zip(&seen) {
        assert_same_request(one, other);
    }
    (through, ground)
}

fn with_tools(provider: &Provider, surface: Surface) {
    let mut first = Reply::text("Let me see.")
        .and_tool("call_1", "get_weather", ZURICH)
        .usage(USAGE);
    if surface != Surface::Responses {
        first = first.and_tool("call_2", "get_weather", GENEVE);
    }
    if surface == Surface::Messages {
        first = first.thinking("Which city?", "c2ln");
    }
    provider.on(
        surface.path(),
        conversation(first, Reply::text(LAST_WORD).usage(USAGE)),
    );
}

fn assert_tools(outcome: &Value, count: usize) {
    assert_eq!(outcome["text"], LAST_WORD, "{outcome}");
    let arguments: Vec<&str> = outcome["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["arguments"].as_str().unwrap())
        .collect();
    assert_eq!(arguments, [ZURICH, GENEVE][..count]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anthropic_python_streams_with_tools() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let (outcome, ground) = twice(&installed, Surface::Messages, |provider| {
        with_tools(provider, Surface::Messages);
    })
    .await;
    assert_tools(&outcome, 2);
    assert_eq!(
        outcome["thinking"][0],
        json!({"thinking": "Which city?", "signature": "c2ln"})
    );
    assert_eq!(outcome["usage"][0]["input_tokens"], 1000);
    assert_eq!(outcome["usage"][1]["output_tokens"], 75);
    // 1000 × 4,000 + 500 × 200 + 75 × 20,000.
    assert_eq!(
        exact_costs(&ground, 2, Surface::Messages).await,
        [5_600_000, 5_600_000]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_streams_chat_with_parallel_tools() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let (outcome, ground) = twice(&installed, Surface::Chat, |provider| {
        with_tools(provider, Surface::Chat);
    })
    .await;
    assert_tools(&outcome, 2);
    assert_eq!(outcome["usage"][0]["prompt_tokens"], 1500);
    assert_eq!(outcome["chunks_without_choices"], 2);
    // 1000 × 2,000 + 500 × 200 + 75 × 12,000.
    assert_eq!(
        exact_costs(&ground, 2, Surface::Chat).await,
        [3_000_000, 3_000_000]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_streams_responses_with_tools() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let (outcome, ground) = twice(&installed, Surface::Responses, |provider| {
        with_tools(provider, Surface::Responses);
    })
    .await;
    assert_tools(&outcome, 1);
    assert_eq!(outcome["usage"][1]["output_tokens"], 75);
    assert_eq!(
        exact_costs(&ground, 2, Surface::Responses).await,
        [3_000_000, 3_000_000]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_embeds() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let (outcome, ground) = twice(&installed, Surface::Embeddings, |_| {}).await;
    assert_eq!(outcome["vectors"].as_array().unwrap().len(), 2);
    // 12 × 20.
    assert_eq!(exact_costs(&ground, 1, Surface::Embeddings).await, [240]);
}

/// Streams that break or carry an error raise the same class in both SDKs as a provider's own error would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sdks_raise_when_a_stream_breaks() {
    let Some(installed) = Installed::find() else {
        return;
    };
    for surface in [Surface::Messages, Surface::Chat] {
        let ground = Ground::start().await;
        ground.upstream.on(
            surface.path(),
            Fault::ErrorEvent.script(surface, model(surface)),
        );
        let native = drive(&installed, surface, ground.url(), &ground.key).await;
        ground.upstream.on(
            surface.path(),
            Fault::CutMidEvent.script(surface, model(surface)),
        );
        let ours = drive(&installed, surface, ground.url(), &ground.key).await;
        assert!(native["error"]["class"].is_string(), "{native}");
        assert_eq!(
            native["error"]["class"], ours["error"]["class"],
            "{native} {ours}"
        );
        let calls = ground.calls(2).await;
        assert_eq!(calls[0]["status"], "upstream_error");
        assert_eq!(calls[1]["status"], "upstream_failed");
    }
}
