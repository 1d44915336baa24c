//! `switchyard keys create|list|show|change|rotate|revoke`: through the API of the running server, else in this process.

mod words;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::api::{Api, admin_key};
use crate::cli::{KeyChangeArgs, KeyCreateArgs, KeyRules, KeysArgs, KeysCommand};
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
    /// The running server where one answers (or is named), else this process: only with `make` on a store that is made
    /// for it.
    pub async fn open(
        environment: &Environment,
        url: Option<&str>,
        key: Option<&str>,
        make: bool,
    ) -> anyhow::Result<Self> {
        let loaded = environment.settings()?;
        let data_dir = &loaded.settings.server.data_dir;
        let key = admin_key(key, environment.variable("SWITCHYARD_ADMIN_KEY"), data_dir);
        let local = crate::address::url(&loaded.settings);
        let api = Api::new(url.unwrap_or(&local), key)?;
        if url.is_some() || api.is_live().await {
            return Ok(Self::Server(api));
        }
        let keys = app::offline::keys(&environment.sources, make).await?;
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

    async fn show(&self, id: &str) -> anyhow::Result<Value> {
        match self {
            Self::Server(api) => api.send(Method::GET, &format!("/v1/keys/{id}"), None).await,
            Self::Here(keys) => Ok(keys.show(id).await?),
        }
    }

    async fn change(&self, id: &str, fields: &Value) -> anyhow::Result<Value> {
        match self {
            Self::Server(api) => {
                api.send(Method::PATCH, &format!("/v1/keys/{id}"), Some(fields))
                    .await
            }
            Self::Here(keys) => Ok(keys.change(id, fields).await?),
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
        KeysCommand::Change(change) => {
            well_formed(&change.id)?;
            Some(changes(change)?)
        }
        KeysCommand::Show { id } | KeysCommand::Rotate { id, .. } | KeysCommand::Revoke { id } => {
            well_formed(id)?;
            None
        }
        KeysCommand::List { .. } => None,
    };
    let desk = Desk::open(
        environment,
        server.url.as_deref(),
        server.admin_key.as_deref(),
        matches!(args.command, KeysCommand::Create(_)),
    )
    .await?;
    match &args.command {
        KeysCommand::Create(_) => {
            let made = desk.create(&fields.unwrap_or_default()).await?;
            words::show_secret(&made, args.json);
        }
        KeysCommand::List { revoked } => {
            let rows = desk.list(*revoked).await?;
            if args.json {
                print::json(&json!({ "data": rows }));
            } else {
                print::line(&words::listed(&rows));
            }
        }
        KeysCommand::Show { id } => {
            let key = desk.show(id).await?;
            words::show(&key, args.json);
        }
        KeysCommand::Change(change) => {
            let mut fields = fields.unwrap_or_default();
            if change.rules.names_limits() {
                // Limits are replaced as a whole: those that are not named stay as they are shown.
                fields["limits"] = merged(&desk.show(&change.id).await?, &fields["limits"]);
            }
            let key = desk.change(&change.id, &fields).await?;
            print::note(&format!("{} is changed", change.id));
            words::show(&key, args.json);
        }
        KeysCommand::Rotate {
            id,
            overlap_seconds,
        } => {
            let rotated = desk.rotate(id, *overlap_seconds).await?;
            words::show_secret(&rotated, args.json);
        }
        KeysCommand::Revoke { id } => {
            desk.revoke(id).await?;
            print::note(&format!("{id} is revoked"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An id goes into a path: nothing else may stand in it.
fn well_formed(id: &str) -> anyhow::Result<()> {
    id.parse::<kernel::KeyId>()
        .map(|_| ())
        .with_context(|| format!("{id:?} is no key id; `switchyard keys list` shows them"))
}

/// The fields of `POST /v1/keys`.
fn fields(args: &KeyCreateArgs) -> anyhow::Result<Value> {
    let mut fields = ruled(&args.rules)?;
    fields.insert("name".into(), args.name.clone().into());
    if let Some(project) = &args.project {
        fields.insert("project".into(), project.clone().into());
    }
    Ok(fields.into())
}

/// The fields of `PATCH /v1/keys/{id}`.
fn changes(args: &KeyChangeArgs) -> anyhow::Result<Value> {
    let mut fields = ruled(&args.rules)?;
    if let Some(name) = &args.name {
        fields.insert("name".into(), name.clone().into());
    }
    for (wanted, field, value) in [
        (args.default_limits, "limits", Value::Null),
        (args.no_budget, "budgets", json!([])),
        (args.no_tag, "tags", json!({})),
        (args.no_expiry, "expires_at", Value::Null),
        (args.no_capture, "capture", json!(false)),
    ] {
        if wanted {
            fields.insert(field.into(), value);
        }
    }
    if fields.is_empty() {
        bail!(
            "nothing to change is named; name it, for instance --name NAME or --budget 25/month (`switchyard keys change --help`)"
        );
    }
    Ok(fields.into())
}

/// What flags of both commands say of a key.
fn ruled(rules: &KeyRules) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    if !rules.scopes.is_empty() {
        fields.insert("scopes".into(), rules.scopes.clone().into());
    }
    if !rules.models.is_empty() {
        fields.insert("models".into(), rules.models.clone().into());
    }
    if rules.unlimited || rules.names_limits() {
        let limits: Map<String, Value> = rules
            .limits()
            .into_iter()
            .filter_map(|(name, limit)| Some((name.to_owned(), limit?.into())))
            .collect();
        fields.insert("limits".into(), limits.into());
    }
    if !rules.budget.is_empty() {
        let budgets: anyhow::Result<Vec<Value>> =
            rules.budget.iter().map(|text| budget(text)).collect();
        fields.insert("budgets".into(), budgets?.into());
    }
    if !rules.tag.is_empty() {
        let tags: anyhow::Result<BTreeMap<String, String>> = rules
            .tag
            .iter()
            .map(|tag| match tag.split_once('=') {
                Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
                _ => bail!("--tag: expected name=value, got {tag:?}"),
            })
            .collect();
        fields.insert("tags".into(), serde_json::to_value(tags?)?);
    }
    if let Some(end) = &rules.expires_at {
        fields.insert("expires_at".into(), end.clone().into());
    }
    if rules.capture {
        fields.insert("capture".into(), true.into());
    }
    Ok(fields)
}

/// The limits of a key as it is shown, with those given in their places.
fn merged(shown: &Value, given: &Value) -> Value {
    let mut limits = shown["limits"].as_object().cloned().unwrap_or_default();
    limits.extend(given.as_object().cloned().unwrap_or_default());
    limits.into()
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

    fn command(line: &[&str]) -> KeysCommand {
        let line = ["switchyard", "keys"].iter().chain(line);
        let Some(Command::Keys(keys)) = Cli::parse_from(line).command else {
            panic!("keys");
        };
        keys.command
    }

    fn asked(line: &[&str]) -> anyhow::Result<Value> {
        let KeysCommand::Create(args) = command(&[&["create"][..], line].concat()) else {
            panic!("keys create");
        };
        fields(&args)
    }

    fn changed(line: &[&str]) -> anyhow::Result<Value> {
        let KeysCommand::Change(args) = command(&[&["change", "key_1"][..], line].concat()) else {
            panic!("keys change");
        };
        changes(&args)
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
    fn a_change_holds_what_is_named_and_nothing_else() {
        assert!(changed(&[]).is_err());
        assert_eq!(changed(&["--name", "b"]).unwrap(), json!({"name": "b"}));
        assert_eq!(
            changed(&["--requests-per-minute", "5", "--no-budget", "--no-expiry"]).unwrap(),
            json!({"limits": {"requests_per_minute": 5}, "budgets": [], "expires_at": null})
        );
        assert_eq!(
            changed(&["--default-limits", "--no-tag", "--no-capture"]).unwrap(),
            json!({"limits": null, "tags": {}, "capture": false})
        );
        let shown = json!({"limits": {"requests_per_minute": 9, "tokens_per_minute": 7}});
        assert_eq!(
            merged(&shown, &json!({"requests_per_minute": 5})),
            json!({"requests_per_minute": 5, "tokens_per_minute": 7})
        );
    }

    #[test]
    fn what_is_not_understood_is_not_sent() {
        assert!(asked(&["app", "--budget", "lots"]).is_err());
        assert!(asked(&["app", "--budget", "5/fortnight"]).is_err());
        assert!(asked(&["app", "--tag", "team"]).is_err());
        assert!(well_formed("key_1/../../admin").is_err());
    }
}
