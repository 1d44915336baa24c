//! Codex, headless, running a command with its exec tool.

use doubles::Provider;
use doubles::provider::Reply;
use doubles::provider::reply::Surface;
use kernel::Usage;
use serde_json::Value;

use super::{Desk, Installed, conversation, exact_costs, golden, lines};
use crate::ground::{Ground, model};

const LAST_WORD: &str = "The magic word is Zürich 🌍.";
const NOTE: &str = "the magic word is Zürich 🌍\n";
/// Odd spaces and an unknown field on purpose: the string must come back as it was.
const ARGUMENTS: &str = r#"{ "cmd" : "cat note.txt","remark":"Zürich 🌍 \u00e9" }"#;

/// A worked example of counts inside counts: 5,400,000 nano-dollars on gpt-5.6-terra.
const FIRST: Usage = Usage {
    input: 200,
    cache_read: 2000,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 400,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 180,
    reasoning: 120,
    audio_out: 0,
    image_out: 0,
};
/// 108,000 nano-dollars.
const LAST: Usage = Usage {
    input: 12,
    cache_read: 0,
    cache_write_30m: 0,
    output: 7,
    reasoning: 0,
    ..FIRST
};

/// One headless run against this address; gives the lines it printed.
async fn work(installed: &Installed, provider: &Provider, base_url: &str, key: &str) -> Vec<Value> {
    let desk = Desk::new();
    std::fs::write(desk.work().join("note.txt"), NOTE).unwrap();
    let first = Reply::tool("call_cat", "exec_command", ARGUMENTS)
        .thinking("Let me look.", "ZW5jcnlwdGVk")
        .usage(FIRST);
    provider.on(
        "/v1/responses",
        conversation(first, Reply::text(LAST_WORD).usage(LAST)),
    );
    let provider = format!(
        "model_providers.switchyard={{name=\"switchyard\",base_url=\"{base_url}\",env_key=\"SWITCHYARD_KEY\",wire_api=\"responses\"}}"
    );
    let output = desk
        .run(&installed.codex(), |command| {
            command
                .args(["exec", "--json", "--skip-git-repo-check"])
                .args([
                    "--sandbox",
                    "danger-full-access",
                    "--model",
                    model(Surface::Responses),
                ])
                .args(["-c", "model_provider=switchyard", "-c", &provider])
                .arg("Read the note and tell me the magic word.")
                .env("CODEX_HOME", desk.home())
                .env("SWITCHYARD_KEY", key);
        })
        .await;
    lines(&output)
}

fn assert_outcome(said: &[Value], provider: &Provider) {
    let item = |kind: &str| {
        let done = said.iter().filter(|line| line["type"] == "item.completed");
        done.map(|line| &line["item"])
            .find(|item| item["type"] == kind)
            .unwrap()
    };
    assert_eq!(item("agent_message")["text"], LAST_WORD);
    let ran = item("command_execution");
    assert_eq!(
        (&ran["aggregated_output"], &ran["exit_code"]),
        (&NOTE.into(), &0.into())
    );
    let end = said
        .iter()
        .find(|line| line["type"] == "turn.completed")
        .unwrap();
    let usage = &end["usage"];
    assert_eq!(
        usage["input_tokens"],
        FIRST.total_input() + LAST.total_input()
    );
    assert_eq!(usage["cached_input_tokens"], FIRST.cache_read);
    assert_eq!(
        usage["output_tokens"],
        FIRST.total_output() + LAST.total_output()
    );
    // What the call and the sealed reasoning before it looked like when they came back.
    let requests = provider.requests();
    assert_eq!(requests.len(), 2);
    let back = requests[1].json();
    let items = back["input"].as_array().unwrap();
    let call = items
        .iter()
        .find(|item| item["type"] == "function_call")
        .unwrap();
    assert_eq!(call["arguments"], ARGUMENTS);
    let sealed = items
        .iter()
        .find(|item| item["type"] == "reasoning")
        .unwrap();
    assert_eq!(sealed["encrypted_content"], "ZW5jcnlwdGVk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_works_with_a_function_call() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let direct = Provider::start().await;
    let said = work(&installed, &direct, &direct.openai_url(), "direct").await;
    assert_outcome(&said, &direct);
    golden::assert_recorded("codex", &direct.requests());

    let ground = Ground::start().await;
    let base_url = format!("{}/v1", ground.url());
    let said = work(&installed, &ground.upstream, &base_url, &ground.key).await;
    assert_outcome(&said, &ground.upstream);
    golden::assert_recorded("codex", &ground.upstream.requests());
    let costs = exact_costs(&ground, 2, Surface::Responses).await;
    assert_eq!(costs, [5_400_000, 108_000]);
}
