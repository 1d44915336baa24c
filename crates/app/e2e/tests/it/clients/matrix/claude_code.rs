//! Claude Code, headless, reading two files at once.

use std::sync::Arc;

use doubles::provider::reply::Surface;
use serde_json::{Value, json};

use super::{FIRST, FIRST_WORDS, IDS, LAST, LAST_WORDS, Matrix, THOUGHT, Upstream, compact};
use crate::clients::{Desk, Installed, lines};

const NOTES: [(&str, &str); 2] = [
    ("nöte 1 🌍.txt", "the first word is Zürich"),
    ("note \"2\".txt", "the second word is Genève"),
];

async fn work(
    installed: Installed,
    desk: Arc<Desk>,
    door: [String; 2],
    upstream: Upstream,
) -> Vec<&'static str> {
    let [url, key] = door;
    let output = desk
        .run(&installed.claude(), |command| {
            command
                .args(["-p", "Read both notes.", "--allowedTools", "Read"])
                .args(["--model", &upstream.model])
                .args(["--output-format", "stream-json", "--verbose"])
                .arg("--include-partial-messages")
                .env("CLAUDE_CONFIG_DIR", desk.home().join(upstream.kind))
                .env("ANTHROPIC_BASE_URL", &url)
                .env("ANTHROPIC_AUTH_TOKEN", &key)
                .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
                .env("DISABLE_AUTOUPDATER", "1");
        })
        .await;
    let said = lines(&output);
    let blocks: Vec<&Value> = said
        .iter()
        .filter(|line| line["type"] == "assistant")
        .flat_map(|line| line["message"]["content"].as_array().unwrap())
        .collect();
    let of = |kind: &str, field: &str| -> Vec<&Value> {
        let blocks = blocks.iter().filter(|block| block["type"] == kind);
        blocks.map(|block| &block[field]).collect()
    };
    assert_eq!(of("text", "text"), [FIRST_WORDS, LAST_WORDS], "{output}");
    assert_eq!(of("tool_use", "id"), IDS, "{output}");
    let given: Vec<String> = of("tool_use", "input")
        .into_iter()
        .map(Value::to_string)
        .collect();
    assert_eq!(given, upstream.given(), "{output}");
    for (text, (_, note)) in std::iter::zip(upstream.results(), NOTES) {
        assert!(text.contains(note), "{text}");
    }
    let result = said.iter().find(|line| line["type"] == "result").unwrap();
    assert_eq!(result["is_error"], false, "{result}");
    assert_eq!(result["result"], LAST_WORDS);
    assert_eq!(
        result["num_turns"], 3,
        "one for each tool and one for the end"
    );
    let usage = &result["usage"];
    assert_eq!(usage["input_tokens"], FIRST.input + LAST.input, "{usage}");
    assert_eq!(
        usage["cache_read_input_tokens"], FIRST.cache_read,
        "{usage}"
    );
    let output = FIRST.total_output() + LAST.total_output();
    assert_eq!(usage["output_tokens"], output, "{usage}");
    let mut seen = vec!["streamed text", "parallel tool calls", "usage"];
    assert_eq!(of("thinking", "thinking"), [THOUGHT], "{said:#?}");
    seen.push("reasoning shown");
    assert!(upstream.reasoning_came_back());
    seen.push("reasoning returned");
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claude_code_calls_two_tools_at_once_over_every_provider() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let desk = Arc::new(Desk::new());
    let inputs = NOTES.map(|(name, note)| {
        let path = desk.work().join(name);
        std::fs::write(&path, note).unwrap();
        json!({"file_path": path}).to_string()
    });
    let version = installed.npm_version("", "@anthropic-ai/claude-code");
    let client = format!("Claude Code {version}");
    let calls = [("Read", inputs[0].as_str()), ("Read", inputs[1].as_str())];
    let matrix = Matrix::start(Surface::Messages, "claude-opus-5-5", calls).await;
    let door = [matrix.url().to_owned(), matrix.key.clone()];
    let work = |upstream| work(installed.clone(), Arc::clone(&desk), door.clone(), upstream);
    let broken = matrix.each(&client, compact, work).await;
    assert!(broken.is_empty(), "{broken:#?}");
}
