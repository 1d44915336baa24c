//! `switchyard connect claude-code|codex [--write|--undo]`.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::keys::Desk;
use crate::cli::{Client, ConnectArgs};
use crate::connect::{self, Edit, Plan, Surroundings, Target, Undone, Written};
use crate::environment::Environment;
use crate::print;

/// Prints, merges or takes back what a client needs.
pub async fn connect(environment: &Environment, args: &ConnectArgs) -> anyhow::Result<ExitCode> {
    let around = Surroundings {
        home: environment.home.as_deref(),
        folder: environment.variable(connect::folder_variable(args.client)),
    };
    let mut target = Target {
        url: url(environment, args)?,
        key: args.key.clone(),
        model: args.model.clone(),
    };
    if args.undo {
        return undo(&connect::plan(args.client, &target, around)?);
    }
    if !args.write {
        show(args.client, &connect::plan(args.client, &target, around)?);
        return Ok(ExitCode::SUCCESS);
    }
    target.key = target
        .key
        .or_else(|| connect::known_key(args.client, &target.url, around));
    let mut made = None;
    let before = connect::made_before(&connect::plan(args.client, &target, around)?)?;
    if target.key.is_none() && before.is_empty() {
        let (id, key) = make_key(environment, args).await?;
        target.key = Some(key);
        made = Some(id);
    }
    let plan = connect::plan(args.client, &target, around)?;
    let written = connect::write(&plan, made.as_deref())?;
    let name = name(args.client);
    print::note(&match written {
        Written::Changed => format!("{name} now calls {} ({})", target.url, plan.file.display()),
        Written::Same => format!("{name} calls {} already; nothing was changed", target.url),
    });
    if let Some(id) = &made {
        print::note(&format!("made the key {id} for it"));
    }
    if let (None, Some(id)) = (&target.key, before.last()) {
        print::note(&format!(
            "the key {id} was made for it before; `switchyard keys rotate {id}` gives it a new secret"
        ));
    }
    for note in &plan.notes {
        print::note(note);
    }
    if let Some(variable) = shadow(environment, args.client) {
        print::note(&format!(
            "{variable} is set in this shell and wins over the file; unset it"
        ));
    }
    print::note(&format!(
        "back: switchyard connect {} --undo",
        command(args.client)
    ));
    Ok(ExitCode::SUCCESS)
}

fn url(environment: &Environment, args: &ConnectArgs) -> anyhow::Result<String> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None if args.undo => String::new(),
        None => crate::address::url(&environment.settings()?.settings),
    };
    let url = url.trim_end_matches('/');
    // People paste what other clients want.
    Ok(url.strip_suffix("/v1").unwrap_or(url).to_owned())
}

async fn make_key(
    environment: &Environment,
    args: &ConnectArgs,
) -> anyhow::Result<(String, String)> {
    let remedy = || {
        format!(
            "cannot make a key for {}; make one with `switchyard keys create {}` and pass it with --key",
            name(args.client),
            command(args.client)
        )
    };
    let desk = Desk::open(environment, args.url.as_deref(), None, true)
        .await
        .with_context(remedy)?;
    let fields =
        json!({ "name": command(args.client), "tags": { "client": command(args.client) } });
    let made = desk.create(&fields).await.with_context(remedy)?;
    let field = |field: &str| {
        made[field]
            .as_str()
            .map(ToOwned::to_owned)
            .with_context(remedy)
    };
    Ok((field("id")?, field("key")?))
}

fn undo(plan: &Plan) -> anyhow::Result<ExitCode> {
    let (undone, keys) = connect::undo(&plan.file)?;
    let file = plan.file.display();
    print::note(&match undone {
        Undone::Exactly => format!("{file} is as it was"),
        Undone::Values => {
            format!("{file} was changed since; our values are out, the other changes stay")
        }
        Undone::Nothing => format!("nothing to undo for {file}"),
    });
    for id in keys {
        print::note(&format!(
            "the key made for it still holds: switchyard keys revoke {id}"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what --write would do.
fn show(client: Client, plan: &Plan) {
    print::note(&format!(
        "{} needs this in {}:\n",
        name(client),
        plan.file.display()
    ));
    let set = plan
        .edits
        .iter()
        .filter_map(|Edit { path, value }| Some((path, value.as_ref()?)));
    match client {
        Client::ClaudeCode => {
            let env: serde_json::Map<String, serde_json::Value> = set
                .filter_map(|(path, value)| Some((path.last()?.clone(), value.clone().into())))
                .collect();
            print::json(&json!({ "env": env }));
        }
        Client::Codex => {
            let mut document = toml_edit::DocumentMut::new();
            for (path, value) in set {
                let mut at = document.as_item_mut();
                for key in path {
                    at = &mut at[key.as_str()];
                }
                *at = toml_edit::value(value);
            }
            // Dotted tables read better than one inside the other.
            let provider = std::mem::take(&mut document["model_providers"]["switchyard"]);
            document.remove("model_providers");
            print::line(document.to_string().trim_end());
            print::line("\n[model_providers.switchyard]");
            for (key, value) in provider
                .as_table_like()
                .into_iter()
                .flat_map(toml_edit::TableLike::iter)
            {
                print::line(&format!("{key} = {}", value.to_string().trim()));
            }
        }
    }
    print::note("");
    for note in &plan.notes {
        print::note(note);
    }
    print::note(&format!(
        "switchyard connect {} --write merges it in, --undo puts everything back",
        command(client)
    ));
}

/// A variable of this shell that would win over the file.
fn shadow<'a>(environment: &Environment, client: Client) -> Option<&'a str> {
    match client {
        Client::ClaudeCode => [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "ANTHROPIC_BASE_URL",
        ]
        .into_iter()
        .find(|name| environment.variable(name).is_some()),
        Client::Codex => None,
    }
}

const fn name(client: Client) -> &'static str {
    match client {
        Client::ClaudeCode => "Claude Code",
        Client::Codex => "Codex",
    }
}

const fn command(client: Client) -> &'static str {
    match client {
        Client::ClaudeCode => "claude-code",
        Client::Codex => "codex",
    }
}
