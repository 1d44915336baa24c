//! `switchyard connect`: a client's own settings are changed and put back.

use std::path::PathBuf;

use serde_json::Value;

use super::ask;
use crate::binary::Place;

fn claude(place: &Place) -> PathBuf {
    place.home().join(".claude/settings.json")
}

fn codex(place: &Place) -> PathBuf {
    place.home().join(".codex/config.toml")
}

fn write(file: &PathBuf, text: &str) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

fn read(file: &PathBuf) -> String {
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test]
async fn claude_code_is_pointed_here_and_back() {
    let place = Place::new("");
    let product = place.start().await;
    let before = "{\n    \"theme\": \"dark\",\n    \"env\": {\"KEEP\": \"this\"}\n}";
    write(&claude(&place), before);

    let shown = place.run(&["connect", "claude-code"]).await.well();
    let printed: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(printed["env"]["ANTHROPIC_BASE_URL"], product.base());
    assert_eq!(read(&claude(&place)), before, "printing changes nothing");

    place
        .run(&["connect", "claude-code", "--write"])
        .await
        .well();
    let written: Value = serde_json::from_str(&read(&claude(&place))).unwrap();
    assert_eq!(written["theme"], "dark");
    assert_eq!(written["env"]["KEEP"], "this");
    assert_eq!(written["env"]["ANTHROPIC_BASE_URL"], product.base());
    let key = written["env"]["ANTHROPIC_AUTH_TOKEN"].as_str().unwrap();
    assert_eq!(
        ask(&product, key, "sim/echo").await.0,
        200,
        "the key that it made works"
    );

    let text = read(&claude(&place));
    place
        .run(&["connect", "claude-code", "--write"])
        .await
        .well();
    assert_eq!(read(&claude(&place)), text, "twice is as good as once");
    place
        .run(&["connect", "claude-code", "--undo"])
        .await
        .well();
    assert_eq!(read(&claude(&place)), before);
    product.stop().await;
}

#[tokio::test]
async fn codex_is_pointed_here_and_back() {
    let place = Place::new("");
    let product = place.start().await;
    let before =
        "# mine\nmodel = \"gpt-5.6-terra\"\n\n[projects.\"/srv\"]\ntrust_level = \"trusted\"\n";
    write(&codex(&place), before);
    let written = place.run(&["connect", "codex", "--write"]).await.well();
    let text = read(&codex(&place));
    assert!(
        text.contains("# mine") && text.contains("trust_level"),
        "{text}"
    );
    assert!(text.contains("model_provider = \"switchyard\""), "{text}");
    assert!(
        text.contains(&format!("base_url = \"{}/v1\"", product.base())),
        "{text}"
    );
    let key = written
        .err
        .split('\'')
        .find(|word| word.starts_with("sy_"))
        .unwrap();
    assert_eq!(
        ask(&product, key, "sim/echo").await.0,
        200,
        "the key that it made works"
    );
    assert!(
        !text.contains(key),
        "Codex reads the key from the environment"
    );
    place.run(&["connect", "codex", "--undo"]).await.well();
    assert_eq!(read(&codex(&place)), before);
    product.stop().await;
}

#[tokio::test]
async fn what_was_not_there_is_gone_again() {
    let place = Place::new("");
    let product = place.start().await;
    for (client, file) in [("claude-code", claude(&place)), ("codex", codex(&place))] {
        place.run(&["connect", client, "--write"]).await.well();
        assert!(file.is_file());
        place.run(&["connect", client, "--undo"]).await.well();
        assert!(!file.exists(), "{}", file.display());
        place.run(&["connect", client, "--undo"]).await.well();
    }
    product.stop().await;
}
