//! Codex, headless, running two commands that were asked for in one turn.

use std::sync::Arc;

use doubles::provider::reply::Surface;
use serde_json::Value;

use super::{FIRST, FIRST_WORDS, LAST, LAST_WORDS, Matrix, THOUGHT, Upstream};
use crate::clients::{Desk, Installed, lines};

/// Odd spaces, escapes and an unknown field on purpose: the strings must come back as they were.
const ARGUMENTS: [&str; 2] = [
    r#"{ "cmd" : "cat one.txt","remark":"Zürich 🌍 \u00e9" }"#,
    r#"{"cmd":"cat two.txt" , "n":1.0}"#,
];
const NOTES: [&str; 2] = [
    "the first word is Zürich 🌍\n",
    "the second word is Genève\n",
];

async fn work(
    installed: Installed,
    desk: Arc<Desk>,
    door: [String; 2],
    upstream: Upstream,
) -> Vec<&'static str> {
    let [url, key] = door;
    let provider = format!(
        "model_providers.switchyard={{name=\"switchyard\",base_url=\"{}/v1\",env_key=\"SWITCHYARD_KEY\",wire_api=\"responses\"}}",
        url
    );
    let output = desk
        .run(&installed.codex(), |command| {
            command
                .args(["exec", "--json", "--skip-git-repo-check"])
                .args(["--sandbox", "danger-full-access"])
                .args(["--model", &upstream.model])
                .args(["-c", "model_provider=switchyard", "-c", &provider])
                .arg("Read both notes.")
                .env("CODEX_HOME", desk.home())
                .env("SWITCHYARD_KEY", &key);
        })
        .await;
    let said = lines(&output);
    let items = |kind: &str, field: &str| -> Vec<Value> {
        let done = said.iter().filter(|line| line["type"] == "item.completed");
        done.map(|line| &line["item"])
            .filter(|item| item["type"] == kind)
            .map(|item| item[field].clone())
            .collect()
    };
    assert_eq!(
        items("agent_message", "text"),
        [FIRST_WORDS, LAST_WORDS],
        "{output}"
    );
    assert_eq!(items("reasoning", "text"), [THOUGHT], "{output}");
    // The commands run at the same time, so either may end first.
    let mut printed = items("command_execution", "aggregated_output");
    printed.sort_by_key(Value::to_string);
    assert_eq!(printed, NOTES, "{output}");
    for (text, note) in std::iter::zip(upstream.results(), NOTES) {
        assert!(text.contains(note.trim()), "{text}");
    }
    let end = said.iter().find(|line| line["type"] == "turn.completed");
    let usage = &end.unwrap()["usage"];
    let input = FIRST.total_input() + LAST.total_input();
    assert_eq!(usage["input_tokens"], input, "{usage}");
    assert_eq!(usage["cached_input_tokens"], FIRST.cache_read, "{usage}");
    let output = FIRST.total_output() + LAST.total_output();
    assert_eq!(usage["output_tokens"], output, "{usage}");
    let mut seen = vec![
        "streamed text",
        "parallel tool calls",
        "usage",
        "reasoning shown",
    ];
    assert!(upstream.reasoning_came_back());
    seen.push("reasoning returned");
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_runs_two_commands_of_one_turn_over_every_provider() {
    let Some(installed) = Installed::find() else {
        return;
    };
    let desk = Arc::new(Desk::new());
    for (name, note) in [("one.txt", NOTES[0]), ("two.txt", NOTES[1])] {
        std::fs::write(desk.work().join(name), note).unwrap();
    }
    let version = installed.npm_version("", "@openai/codex");
    let client = format!("Codex {version}");
    let calls = ARGUMENTS.map(|arguments| ("exec_command", arguments));
    let matrix = Matrix::start(Surface::Responses, "gpt-5.6-terra", calls).await;
    let door = [matrix.url().to_owned(), matrix.key.clone()];
    let work = |upstream| work(installed.clone(), Arc::clone(&desk), door.clone(), upstream);
    let broken = matrix.each(&client, str::to_owned, work).await;
    assert!(broken.is_empty(), "{broken:#?}");
}
