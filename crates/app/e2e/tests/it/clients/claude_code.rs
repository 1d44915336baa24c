//! Claude Code, headless, reading a file with its Read tool.

use doubles::Provider;
use doubles::provider::Reply;
use doubles::provider::reply::Surface;
use kernel::Usage;
use serde_json::{Value, json};

use super::{Desk, Installed, conversation, exact_costs, golden, lines};
use crate::ground::{Ground, model};

const LAST_WORD: &str = "The magic word is Zürich 🌍.";

/// A worked example of two cache lifetimes: 138,440,000 nano-dollars on claude-opus-5-5.
const FIRST: Usage = Usage {
    input: 2095,
    cache_read: 180_000,
    cache_write_5m: 4000,
    cache_write_1h: 8000,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 193,
    reasoning: 310,
    audio_out: 0,
    image_out: 0,
};
/// 188,000 nano-dollars.
const LAST: Usage = Usage {
    input: 12,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    output: 7,
    reasoning: 0,
    ..FIRST
};

struct Outcome {
    result: Value,
    tool_input: Value,
    tool_input_wanted: Value,
}

/// One headless run against this address.
async fn work(installed: &Installed, provider: &Provider, url: &str, key: &str) -> Outcome {
    let desk = Desk::new();
    let note = desk.work().join("nöte 🌍.txt");
    std::fs::write(&note, "the magic word is Zürich 🌍\n").unwrap();
    let input = json!({"file_path": note});
    let first = Reply::tool("toolu_read", "Read", &input.to_string())
        .thinking("Let me look.", "c2lnbmF0dXJl")
        .usage(FIRST);
    provider.on(
        "/v1/messages",
        conversation(first, Reply::text(LAST_WORD).usage(LAST)),
    );
    let output = desk
        .run(&installed.claude(), |command| {
            command
                .args([
                    "-p",
                    "Read the note and tell me the magic word.",
                    "--allowedTools",
                    "Read",
                ])
                .args(["--model", model(Surface::Messages)])
                .args([
                    "--output-format",
                    "stream-json",
                    "--verbose",
                    "--include-partial-messages",
                ])
                .env("CLAUDE_CONFIG_DIR", desk.home().join(".claude"))
                .env("ANTHROPIC_BASE_URL", url)
                .env("ANTHROPIC_AUTH_TOKEN", key)
                .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
                .env("DISABLE_AUTOUPDATER", "1");
        })
        .await;
    let said = lines(&output);
    let result = said
        .iter()
        .find(|line| line["type"] == "result")
        .unwrap()
        .clone();
    let tool = said
        .iter()
        .filter(|line| line["type"] == "assistant")
        .find_map(|line| {
            let content = line["message"]["content"].as_array()?;
            content.iter().find(|block| block["type"] == "tool_use")
        });
    Outcome {
        result,
        tool_input: tool.unwrap()["input"].clone(),
        tool_input_wanted: input,
    }
}

fn assert_outcome(outcome: &Outcome) {
    let result = &outcome.result;
    assert_eq!(result["is_error"], false, "{result}");
    assert_eq!(result["result"], LAST_WORD);
    assert_eq!(result["num_turns"], 2);
    assert_eq!(
        outcome.tool_input.to_string(),
        outcome.tool_input_wanted.to_string()
    );
    let usage = &result["usage"];
    assert_eq!(usage["input_tokens"], FIRST.input + LAST.input);
    assert_eq!(usage["cache_read_input_tokens"], FIRST.cache_read);
    assert_eq!(usage["cache_creation_input_tokens"], 12_000);
    assert_eq!(
        usage["output_tokens"],
        FIRST.total_output() + LAST.total_output()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claude_code_works_with_a_tool() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let direct = Provider::start().await;
    assert_outcome(&work(&installed, &direct, &direct.url(), "direct").await);
    golden::assert_recorded("claude-code", &direct.requests());

    let ground = Ground::start().await;
    let through = work(&installed, &ground.upstream, ground.url(), &ground.key).await;
    assert_outcome(&through);
    golden::assert_recorded("claude-code", &ground.upstream.requests());
    // What the tool call and the thinking before it looked like when they came back.
    let back = ground.upstream.requests()[1].json();
    let turns = back["messages"].as_array().unwrap();
    let spoken = turns
        .iter()
        .find(|turn| turn["role"] == "assistant")
        .unwrap();
    assert!(
        spoken["content"].to_string().contains("c2lnbmF0dXJl"),
        "{spoken}"
    );

    let costs = exact_costs(&ground, 2, Surface::Messages).await;
    assert_eq!(costs, [138_440_000, 188_000]);
    // The client's own bill, from the same counts at list price.
    let billed = through.result["total_cost_usd"].as_f64().unwrap();
    assert!((billed - 0.138_628).abs() < 1e-9, "{billed}");
    let calls = ground.calls(2).await;
    assert!(
        calls.iter().all(|call| call["client"] == "claude-cli"),
        "{calls:?}"
    );
    let session = through.result["session_id"].as_str();
    assert!(
        calls.iter().all(|call| call["session"].as_str() == session),
        "{calls:?}"
    );
}
