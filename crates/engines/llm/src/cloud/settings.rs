//! What the settings of a cloud must say, all faults at once, and what they take from the environment where they are
//! silent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use config::Secret;

use super::azure::is_api_version;
use super::vertex::account::ServiceAccount;
use crate::config::{CredentialSource, ProviderConfig};
use crate::error::LlmError;
use crate::kind::ProviderKind;

impl ProviderConfig {
    /// Takes from the environment what the settings of a Bedrock provider leave out: `AWS_REGION` (or
    /// `AWS_DEFAULT_REGION`), and where no credential is set `AWS_BEARER_TOKEN_BEDROCK`, else `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    pub fn take_environment(&mut self, env: &BTreeMap<String, String>) {
        if self.kind != ProviderKind::Bedrock {
            return;
        }
        let value = |name: &str| env.get(name).filter(|value| !value.is_empty());
        if self.region.is_none() {
            let named = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"));
            self.region = named.cloned();
        }
        let keys = [&self.api_key, &self.access_key_id, &self.secret_access_key];
        if self.credential == CredentialSource::Client || keys.iter().any(|key| key.is_some()) {
            return;
        }
        let secret = |name: &str| value(name).map(|text| Secret::plain(text));
        self.api_key = secret("AWS_BEARER_TOKEN_BEDROCK");
        if self.api_key.is_none() {
            self.access_key_id = secret("AWS_ACCESS_KEY_ID");
            self.secret_access_key = secret("AWS_SECRET_ACCESS_KEY");
            self.session_token = secret("AWS_SESSION_TOKEN");
        }
    }
}

/// The public address of a cloud's region, where nothing else is set; `None` where there is none.
pub(crate) fn default_base(config: &ProviderConfig) -> Option<Cow<'static, str>> {
    let region = config.region.as_deref()?;
    let address = match config.kind {
        ProviderKind::Bedrock if region.starts_with("cn-") => {
            format!("https://bedrock-runtime.{region}.amazonaws.com.cn")
        }
        ProviderKind::Bedrock => format!("https://bedrock-runtime.{region}.amazonaws.com"),
        ProviderKind::Vertex => match region {
            "global" => return Some("https://aiplatform.googleapis.com".into()),
            "us" | "eu" => format!("https://aiplatform.{region}.rep.googleapis.com"),
            _ => format!("https://{region}-aiplatform.googleapis.com"),
        },
        _ => return None,
    };
    Some(address.into())
}

/// Every fault in what a provider's settings say of a cloud.
pub(crate) fn faults(config: &ProviderConfig, path: &str) -> Vec<LlmError> {
    let mut faults = Faults {
        path,
        found: Vec::new(),
    };
    misplaced(config, &mut faults);
    match config.kind {
        ProviderKind::Bedrock => bedrock(config, &mut faults),
        ProviderKind::Vertex => vertex(config, &mut faults),
        ProviderKind::Azure => azure(config, &mut faults),
        _ => {}
    }
    faults.found
}

struct Faults<'a> {
    path: &'a str,
    found: Vec<LlmError>,
}

impl Faults<'_> {
    fn add(&mut self, field: &str, reason: impl Into<String>) {
        self.found.push(LlmError::Setting {
            path: format!("{}.{field}", self.path),
            reason: reason.into(),
        });
    }
}

fn misplaced(config: &ProviderConfig, faults: &mut Faults<'_>) {
    use ProviderKind::{Azure, Bedrock, Vertex};
    let settings: [(&str, bool, &[ProviderKind]); 7] = [
        ("project", config.project.is_some(), &[Vertex]),
        (
            "service_account",
            config.service_account.is_some(),
            &[Vertex],
        ),
        ("api_version", config.api_version.is_some(), &[Azure]),
        ("access_key_id", config.access_key_id.is_some(), &[Bedrock]),
        (
            "secret_access_key",
            config.secret_access_key.is_some(),
            &[Bedrock],
        ),
        ("session_token", config.session_token.is_some(), &[Bedrock]),
        ("betas", config.betas.is_some(), &[Azure, Bedrock, Vertex]),
    ];
    for (field, is_set, kinds) in settings {
        if is_set && !kinds.contains(&config.kind) {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            faults.add(
                field,
                format!("only a provider of kind {} has it", names.join(" or ")),
            );
        }
    }
}

fn azure(config: &ProviderConfig, faults: &mut Faults<'_>) {
    let version = config.api_version.as_deref();
    if version.is_some_and(|text| !is_api_version(text)) {
        faults.add(
            "api_version",
            "expected a day such as \"2024-10-21\", \"preview\", or nothing at all for the current surface",
        );
    }
}

fn bedrock(config: &ProviderConfig, faults: &mut Faults<'_>) {
    region(config, faults, "us-east-1 (or AWS_REGION)");
    let pair = (&config.access_key_id, &config.secret_access_key);
    if config.credential == CredentialSource::Client {
        if pair.0.is_some() || pair.1.is_some() {
            faults.add(
                "access_key_id",
                "credential = \"client\" sends the caller's own; leave the keys out",
            );
        }
        return;
    }
    match pair {
        (None, None) if config.api_key.is_none() => faults.add(
            "access_key_id",
            "no credential is set: access_key_id and secret_access_key, or api_key (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK)",
        ),
        (Some(_), Some(_)) if config.api_key.is_some() => {
            faults.add("api_key", "a call is signed by an access key or carries this; leave one of the two out");
        }
        (Some(_), None) => faults.add("secret_access_key", "access_key_id is set, so this must be, too"),
        (None, Some(_)) => faults.add("access_key_id", "secret_access_key is set, so this must be, too"),
        (None | Some(_), None | Some(_)) => {}
    }
    if config.session_token.is_some() && pair.0.is_none() {
        faults.add(
            "session_token",
            "it belongs to an access key; set access_key_id and secret_access_key",
        );
    }
}

fn vertex(config: &ProviderConfig, faults: &mut Faults<'_>) {
    region(config, faults, "us-east5, eu or global");
    let account = config
        .service_account
        .as_ref()
        .map(|text| ServiceAccount::read(text.expose()));
    let own_project = match &account {
        Some(Err(reason)) => {
            faults.add("service_account", reason);
            // What it would have said is not known.
            true
        }
        Some(Ok(account)) => account.project_id.is_some(),
        None => false,
    };
    match config.project.as_deref() {
        None if !own_project => faults.add(
            "project",
            "the id of the Google Cloud project is needed here",
        ),
        Some(project) if !is_name(project) => {
            faults.add("project", "expected a project's id such as my-project-1");
        }
        _ => {}
    }
    let client = config.credential == CredentialSource::Client;
    match (account.is_some(), config.api_key.is_some()) {
        (true, _) if client => faults.add(
            "service_account",
            "credential = \"client\" sends the caller's own; leave the account out",
        ),
        (true, true) => faults.add(
            "api_key",
            "service_account gets its own tokens; leave one of the two out",
        ),
        (false, false) if !client => faults.add(
            "service_account",
            "no credential is set: the account's JSON as \"file:PATH\" or \"env:NAME\", or an access token in api_key",
        ),
        _ => {}
    }
}

fn region(config: &ProviderConfig, faults: &mut Faults<'_>, example: &str) {
    match config.region.as_deref() {
        None => faults.add(
            "region",
            format!("the region is needed here, e.g. {example}"),
        ),
        Some(region) if !is_name(region) => {
            faults.add(
                "region",
                format!("this is no name of a region; expected e.g. {example}"),
            );
        }
        Some(_) => {}
    }
}

/// Goes into host names and paths.
fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    !text.is_empty() && text.len() <= 100 && text.bytes().all(word) && !matches!(text, "." | "..")
}
