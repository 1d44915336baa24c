//! `switchyard keys create|list|rotate|revoke`: through the API of the running server, else in this process.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::api::{Api, admin_key};
use crate::cli::{KeyCreateArgs, KeysArgs, KeysCommand};
use crate::environment::Environment;
use crate::print;

/// Who does it.
pub enum Desk {
    /// The running server.
    Server(Api),
    /// This process, on the store itself.
    Here(Box<app::offline::Keys>),
}

impl Desk {
    /// The running server where one answers (or is named), else this process.
    pub async fn open(
        environment: &Environment,
        url: Option<&str>,
        key: Option<&str>,
    ) -> anyhow::Result<Self> {
        let loaded = environment.settings()?;
        let data_dir = &loaded.settings.server.data_dir;
        let key = admin_key(key, environment.variable("SWITCHYARD_ADMIN_KEY"), data_dir);
        let local = crate::address::url(&loaded.settings);
        let api = Api::new(url.unwrap_or(&local), key)?;
        if url.is_some() || api.is_live().await {
            return Ok(Self::Server(api));
        }
        let keys = app::offline::keys(&environment.sources).await?;
        Ok(Self::Here(Box::new(keys)))
    }

    /// Makes a key of the fields of `POST /v1/keys`.
    pub async fn create(&self, fields: &Value) -> anyhow::Result<Value> {
        match self {
            Self::Server(api) => api.send(Method::POST, "/v1/keys", Some(fields)).await,
            Self::Here(keys) => Ok(keys.create(fields).await?),
        }
    }

    async fn list(&self, revoked: bool) -> anyhow::Result<Vec<Value>> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = match self {
                Self::Server(api) => {
                    let mut path = format!("/v1/keys?limit=200&revoked={revoked}");
                    if let Some(cursor) = &cursor {
                        path.push_str("&cursor=");
                        path.push_str(cursor);
                    }
                    api.send(Method::GET, &path, None).await?
                }
                Self::Here(keys) => keys.list(revoked, cursor.as_deref()).await?,
            };
            found.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(found),
            }
        }
    }

    async fn rotate(&self, id: &str, overlap_seconds: u64) -> anyhow::Result<Value> {
        match self {
            Self::Server(api) => {
                let body = json!({ "overlap_seconds": overlap_seconds });
                let path = format!("/v1/keys/{id}/rotate");
                api.send(Method::POST, &path, Some(&body)).await
            }
            Self::Here(keys) => Ok(keys.rotate(id, overlap_seconds).await?),
        }
    }

    async fn revoke(&self, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Server(api) => {
                api.send(Method::DELETE, &format!("/v1/keys/{id}"), None)
                    .await?;
            }
            Self::Here(keys) => keys.revoke(id).await?,
        }
        Ok(())
    }
}

/// Runs one of the commands.
pub async fn keys(environment: &Environment, args: &KeysArgs) -> anyhow::Result<ExitCode> {
    let server = &args.server;
    let fields = match &args.command {
        KeysCommand::Create(create) => Some(fields(create)?),
        KeysCommand::Rotate { id, .. } | KeysCommand::Revoke { id } => {
            well_formed(id)?;
            None
        }
        KeysCommand::List { .. } => None,
    };
    let desk = Desk::open(
        environment,
        server.url.as_deref(),
        server.admin_key.as_deref(),
    )
    .await?;
    match &args.command {
        KeysCommand::Create(_) => {
            let made = desk.create(&fields.unwrap_or_default()).await?;
            show_secret(&made, args.json);
        }
        KeysCommand::List { revoked } => {
            let rows = desk.list(*revoked).await?;
            if args.json {
                print::json(&json!({ "data": rows }));
            } else {
                print::line(&listed(&rows));
            }
        }
        KeysCommand::Rotate {
            id,
            overlap_seconds,
        } => {
            let rotated = desk.rotate(id, *overlap_seconds).await?;
            show_secret(&rotated, args.json);
        }
        KeysCommand::Revoke { id } => {
            desk.revoke(id).await?;
            print::note(&format!("{id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The secret alone goes to standard output, so that `$(switchyard keys create …)` is the key.
fn show_secret(made: &Value, as_json: bool) {
    if as_json {
        print::json(made);
        return;
    }
    let id = made["id"].as_str().unwrap_or_default();
    print::note(&format!("{id}; its secret is shown this once:"));
    print::line(made["key"].as_str().unwrap_or_default());
    if let Some(end) = made["previous_expires_at"].as_str() {
        print::note(&format!("earlier secrets hold until {end}"));
    }
}

fn listed(rows: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| {
        let items: Vec<&str> = value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        items.join(",")
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|key| {
            vec![
                text(&key["id"]),
                text(&key["name"]),
                text(&key["status"]),
                list(&key["scopes"]),
                list(&key["models"]),
                text(&key["created_at"]),
                text(&key["expires_at"]),
            ]
        })
        .collect();
    print::table(
        &[
            "ID", "NAME", "STATUS", "SCOPES", "MODELS", "CREATED", "EXPIRES",
        ],
        &rows,
    )
}

/// An id goes into a path: nothing else may stand in it.
fn well_formed(id: &str) -> anyhow::Result<()> {
    id.parse::<kernel::KeyId>()
        .map(|_| ())
        .with_context(|| format!("{id:?} is no key id; `switchyard keys list` shows them"))
}

/// The fields of `POST /v1/keys`.
fn fields(args: &KeyCreateArgs) -> anyhow::Result<Value> {
    let mut fields = Map::new();
    fields.insert("name".into(), args.name.clone().into());
    if let Some(project) = &args.project {
        fields.insert("project".into(), project.clone().into());
    }
    if !args.scopes.is_empty() {
        fields.insert("scopes".into(), args.scopes.clone().into());
    }
    if !args.models.is_empty() {
        fields.insert("models".into(), args.models.clone().into());
    }
    let limits: Map<String, Value> = [
        ("requests_per_minute", args.requests_per_minute),
        ("tokens_per_minute", args.tokens_per_minute),
        ("concurrent_requests", args.concurrent_requests),
    ]
    .into_iter()
    .filter_map(|(name, limit)| Some((name.to_owned(), limit?.into())))
    .collect();
    if args.unlimited || !limits.is_empty() {
        fields.insert("limits".into(), limits.into());
    }
    if !args.budget.is_empty() {
        let budgets: anyhow::Result<Vec<Value>> =
            args.budget.iter().map(|text| budget(text)).collect();
        fields.insert("budgets".into(), budgets?.into());
    }
    if !args.tag.is_empty() {
        let tags: anyhow::Result<BTreeMap<String, String>> = args
            .tag
            .iter()
            .map(|tag| match tag.split_once('=') {
                Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
                _ => bail!("--tag: expected name=value, got {tag:?}"),
            })
            .collect();
        fields.insert("tags".into(), serde_json::to_value(tags?)?);
    }
    if let Some(end) = &args.expires_at {
        fields.insert("expires_at".into(), end.clone().into());
    }
    if args.capture {
        fields.insert("capture".into(), true.into());
    }
    Ok(fields.into())
}

fn budget(text: &str) -> anyhow::Result<Value> {
    let (amount, period) = text.split_once('/').with_context(|| {
        format!("--budget: expected AMOUNT_USD/PERIOD such as 25/month, got {text:?}")
    })?;
    if !["hour", "day", "week", "month", "total"].contains(&period) {
        bail!("--budget: the period is hour, day, week, month or total, got {period:?}");
    }
    amount
        .parse::<kernel::Nano>()
        .with_context(|| format!("--budget {text:?}"))?;
    Ok(json!({ "amount_usd": amount, "period": period, "hard": true }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn asked(line: &[&str]) -> anyhow::Result<Value> {
        let line = ["switchyard", "keys", "create"].iter().chain(line);
        let Some(Command::Keys(KeysArgs {
            command: KeysCommand::Create(args),
            ..
        })) = Cli::parse_from(line).command
        else {
            panic!("keys create");
        };
        fields(&args)
    }

    #[test]
    fn only_what_is_given_is_sent() {
        assert_eq!(asked(&["app"]).unwrap(), json!({"name": "app"}));
        assert_eq!(
            asked(&["app", "--unlimited"]).unwrap(),
            json!({"name": "app", "limits": {}})
        );
        let all = asked(&[
            "app",
            "--scopes",
            "gateway:invoke,analytics:read",
            "--requests-per-minute",
            "5",
            "--budget",
            "2.50/day",
            "--tag",
            "team=core",
            "--capture",
        ]);
        let expected = json!({
            "name": "app",
            "scopes": ["gateway:invoke", "analytics:read"],
            "limits": {"requests_per_minute": 5},
            "budgets": [{"amount_usd": "2.50", "period": "day", "hard": true}],
            "tags": {"team": "core"},
            "capture": true,
        });
        assert_eq!(all.unwrap(), expected);
    }

    #[test]
    fn what_is_not_understood_is_not_sent() {
        assert!(asked(&["app", "--budget", "lots"]).is_err());
        assert!(asked(&["app", "--budget", "5/fortnight"]).is_err());
        assert!(asked(&["app", "--tag", "team"]).is_err());
        assert!(well_formed("key_1/../../admin").is_err());
    }
}
