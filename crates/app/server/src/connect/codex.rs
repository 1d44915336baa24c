//! What Codex needs: a model provider in its config.toml. The key itself stays in a variable of the environment.

use std::path::PathBuf;

use anyhow::Context;

use super::{Edit, Plan, Surroundings, Syntax, Target};

/// The variable that Codex reads the key from.
pub const KEY_VARIABLE: &str = "SWITCHYARD_API_KEY";

/// Plans the provider.
pub fn plan(target: &Target, around: Surroundings<'_>) -> anyhow::Result<Plan> {
    let folder = match around.folder {
        Some(folder) => PathBuf::from(folder),
        None => around
            .home
            .context("HOME is not set; set CODEX_HOME to Codex's folder")?
            .join(".codex"),
    };
    let of = |name| ["model_providers", "switchyard", name];
    let mut edits = vec![
        Edit::set(&["model_provider"], "switchyard"),
        Edit::set(&of("name"), "Switchyard"),
        Edit::set(&of("base_url"), format!("{}/v1", target.url)),
        Edit::set(&of("env_key"), KEY_VARIABLE),
        Edit::set(&of("wire_api"), "responses"),
    ];
    if let Some(model) = &target.model {
        edits.insert(0, Edit::set(&["model"], model.clone()));
    }
    let key = target
        .key
        .as_deref()
        .unwrap_or("<your key: switchyard keys create codex>");
    Ok(Plan {
        file: folder.join("config.toml"),
        syntax: Syntax::Toml,
        edits,
        notes: vec![format!(
            "Codex reads the key from the environment; in your shell:\n  export {KEY_VARIABLE}='{key}'"
        )],
    })
}
