//! What Claude Code needs: some variables in the `env` of its settings.json.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::{Edit, Plan, Surroundings, Syntax, Target};

/// The models that sizes stand for.
const SIZES: [&str; 3] = [
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
];

/// What stands for a key that is not known.
const PLACEHOLDER: &str = "<your key: switchyard keys create claude-code>";

/// Plans the variables. A key of Anthropic's in the settings would be sent beside ours, and first: it is taken out.
pub fn plan(target: &Target, around: Surroundings<'_>) -> anyhow::Result<Plan> {
    let file = settings_file(around)?;
    let key = target.key.as_deref().unwrap_or(PLACEHOLDER);
    let mut edits = vec![
        // No /v1: the client appends its own.
        Edit::set(&["env", "ANTHROPIC_BASE_URL"], target.url.clone()),
        Edit::set(&["env", "ANTHROPIC_AUTH_TOKEN"], key),
        Edit::set(&["env", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"], "1"),
        Edit::remove(&["env", "ANTHROPIC_API_KEY"]),
    ];
    if let Some(model) = &target.model {
        edits.push(Edit::set(&["env", "ANTHROPIC_MODEL"], model.clone()));
        // Agents and background work name a size, which stands for a model of Anthropic's.
        if !model.starts_with("claude") {
            for size in SIZES {
                edits.push(Edit::set(&["env", size], model.clone()));
            }
        }
    }
    let mut notes = Vec::new();
    if read(&file).is_some_and(|settings| settings.get("apiKeyHelper").is_some()) {
        notes.push(format!(
            "{} has an apiKeyHelper, whose key is sent beside this one; take it out if the gateway refuses calls",
            file.display()
        ));
    }
    Ok(Plan {
        file,
        syntax: Syntax::Json,
        edits,
        notes,
    })
}

/// The key that the settings hold for this gateway.
pub fn known_key(url: &str, around: Surroundings<'_>) -> Option<String> {
    let settings = read(&settings_file(around).ok()?)?;
    let env = settings.get("env")?;
    let same = env.get("ANTHROPIC_BASE_URL")?.as_str()? == url;
    let key = env.get("ANTHROPIC_AUTH_TOKEN")?.as_str()?;
    same.then(|| key.to_owned())
}

fn settings_file(around: Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let folder = match around.folder {
        Some(folder) => PathBuf::from(folder),
        None => around
            .home
            .context("HOME is not set; set CLAUDE_CONFIG_DIR to Claude Code's folder")?
            .join(".claude"),
    };
    Ok(folder.join("settings.json"))
}

fn read(file: &Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}
