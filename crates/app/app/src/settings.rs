//! The tree of all settings: each room owns its part, this file only hangs them together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use config::{Check, Fault, Faults, Loaded, Origin, Secret, Sources, Validate};
use gateway::GatewaySettings;
use kernel::Timestamp;
use llm::ProviderKind;
use llm::config::{ModelConfig, ProviderConfig};
use serde::Deserialize;

/// The commented defaults; also the reference page of the documentation.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Environment names that people expect, and the settings behind them. Provider keys are not among them: they make
/// providers (see [`providers_of_env`]).
const ALIASES: &[(&str, &str)] = &[
    ("PORT", "server.port"),
    ("DATABASE_URL", "database.url"),
    ("SECRET_KEY", "security.secret_key"),
    ("SWITCHYARD_ADMIN_KEY", "security.admin_key"),
    ("CORS_ORIGINS", "http.cors_origins"),
    ("LOG_LEVEL", "log.level"),
    ("ANTHROPIC_MODEL", "gateway.default_model"),
    ("HTTPS_PROXY", "gateway.proxy"),
    ("NO_PROXY", "gateway.no_proxy"),
];

/// Providers that a key in the environment makes: name, kind, variable.
const KEYED: &[(&str, ProviderKind, &str)] = &[
    ("anthropic", ProviderKind::Anthropic, "ANTHROPIC_API_KEY"),
    ("openai", ProviderKind::OpenAi, "OPENAI_API_KEY"),
    ("deepseek", ProviderKind::DeepSeek, "DEEPSEEK_API_KEY"),
    ("gemini", ProviderKind::Gemini, "GEMINI_API_KEY"),
];

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where and how this process serves.
    pub server: ServerConfig,
    /// Our own routes.
    pub http: web::HttpSettings,
    /// The relational store.
    pub database: DatabaseConfig,
    /// Keys of the house.
    pub security: SecurityConfig,
    /// The write-ahead file.
    pub journal: JournalConfig,
    /// The model gateway.
    pub gateway: gateway::GatewayConfig,
    /// Budgets.
    pub budgets: gateway::BudgetsConfig,
    /// Limits of keys that bring none.
    pub limits: identity::LimitSettings,
    /// Reports.
    pub analytics: analytics::AnalyticsConfig,
    /// How long things are kept.
    pub retention: analytics::RetentionConfig,
    /// Logs.
    pub log: telemetry::LogSettings,
    /// Health, metrics and debugging.
    pub ops: ops::OpsSettings,
    /// For tests and demonstrations.
    pub debug: DebugConfig,
    /// Model providers.
    #[serde(default)]
    pub providers: Vec<ProviderConfig>,
    /// Model ids.
    #[serde(default)]
    pub models: Vec<ModelConfig>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to serve on.
    pub host: std::net::IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Where local files live.
    pub data_dir: PathBuf,
    /// What this process does.
    pub roles: Vec<Role>,
    /// Threads that serve connections; 0 for one per core.
    pub workers: usize,
    /// Connections at most; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long a connection may take to send a request's head.
    pub header_read_ms: u64,
    /// How long live calls may go on after the signal to stop.
    pub drain_ms: u64,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    All,
    /// The gateway and its console.
    Gateway,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Where; SQLite in the data folder where left out.
    #[serde(default)]
    pub url: Option<Secret>,
    /// Connections in all (PostgreSQL).
    pub max_connections: u32,
    /// How long to wait for one.
    pub connect_ms: u64,
    /// How long one statement may run (PostgreSQL).
    pub statement_ms: u64,
}

/// `[security]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityConfig {
    /// Wraps the random keys of the house; a file in the data folder where left out.
    #[serde(default)]
    pub secret_key: Option<Secret>,
    /// The admin key; made at the first start where left out.
    #[serde(default)]
    pub admin_key: Option<Secret>,
}

/// `[journal]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// Bytes on disk beyond which no call is admitted.
    pub max_bytes: u64,
    /// Bytes of one file.
    pub segment_bytes: u64,
    /// How often it is synced.
    pub sync_ms: u64,
    /// How often it is moved to the store.
    pub deliver_ms: u64,
}

/// `[debug]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebugConfig {
    /// The instant that the clock shows at the start.
    #[serde(default)]
    pub clock_start: Option<Timestamp>,
}

impl Settings {
    /// The address to serve on.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::new(self.server.host, self.server.port)
    }

    /// The gateway's part, with the providers that keys in the environment make.
    #[must_use]
    pub fn gateway(&self, env: &BTreeMap<String, String>) -> GatewaySettings {
        let mut providers = self.providers.clone();
        for provider in &mut providers {
            provider.take_environment(env);
        }
        providers.extend(providers_of_env(&self.providers, env));
        GatewaySettings {
            gateway: self.gateway.clone(),
            budgets: self.budgets.clone(),
            providers,
            models: self.models.clone(),
        }
    }
}

impl Validate for Settings {
    fn validate(&self, check: &mut Check) {
        check.part("http", &self.http);
        check.part("gateway", &self.gateway);
        check.part("ops", &self.ops);
        if let Err(error) = self.log.check() {
            check.fault("log.level", error.to_string());
        }
        check.at("server", |check| {
            check.require(
                self.server.workers <= 1024,
                "workers",
                "must be 1024 or less; 0 takes one per core",
            );
            check.require(
                self.server.max_connections > 0,
                "max_connections",
                "must be 1 or more",
            );
            check.require(
                self.server.header_read_ms >= 100,
                "header_read_ms",
                "must be 100 or more",
            );
            check.require(
                !self.server.roles.is_empty(),
                "roles",
                "name at least one role, e.g. [\"all\"]",
            );
        });
        check.at("journal", |check| {
            check.require(
                self.journal.max_bytes >= 1 << 20,
                "max_bytes",
                "must be 1048576 or more",
            );
            check.require(
                (1..=1_000).contains(&self.journal.sync_ms),
                "sync_ms",
                "must lie between 1 and 1000",
            );
            check.require(
                (1..=1_000).contains(&self.journal.deliver_ms),
                "deliver_ms",
                "must lie between 1 and 1000",
            );
        });
        check.part("limits", &self.limits);
        if let Some(url) = &self.database.url {
            if let Err(error) = store::StoreUrl::parse(url.expose()) {
                check.fault("database.url", error.to_string());
            }
            let is_postgres = url.expose().starts_with("postgres");
            check.require(
                !is_postgres || self.security.secret_key.is_some(),
                "security.secret_key",
                "is required with a PostgreSQL database: every replica must unwrap the same keys (SECRET_KEY)",
            );
        }
        if let Some(key) = &self.security.secret_key {
            least_chars(
                check,
                "security.secret_key",
                key,
                crypto::SECRET_KEY_LEAST_CHARS,
            );
        }
        if let Some(key) = &self.security.admin_key {
            least_chars(
                check,
                "security.admin_key",
                key,
                identity::ADMIN_KEY_LEAST_CHARS,
            );
        }
        self.check_catalogue(check);
    }
}

/// A secret that could be guessed is found before anything is made with it.
fn least_chars(check: &mut Check, path: &str, secret: &Secret, least: usize) {
    let got = secret.expose().chars().count();
    if got < least {
        check.fault(
            path,
            format!(
                "has {got} characters and must have {least} or more, for instance from `openssl rand -base64 32`"
            ),
        );
    }
}

impl Settings {
    /// What only a built catalogue can tell: addresses, certificates, routes to providers that are not there.
    fn check_catalogue(&self, check: &mut Check) {
        // Which keys the environment holds is not known here: each may make its provider. `load` looks again.
        let every_key = KEYED
            .iter()
            .map(|(_, _, variable)| *variable)
            .chain(["AWS_REGION", "AWS_BEARER_TOKEN_BEDROCK"])
            .map(|variable| (variable.to_owned(), "key".to_owned()))
            .collect();
        // Where a provider could not be read, a simulated one stands in under its name, so that all other faults come to
        // light and no route is said to lead nowhere.
        let lost = check.lost("providers", "name");
        let mut whole = self.clone();
        whole.providers.extend(
            lost.iter()
                .flatten()
                .map(|name| ProviderConfig::new(name, ProviderKind::Sim)),
        );
        let stand_ins = self.providers.len()..whole.providers.len();
        let is_nameless = lost.contains(&None);
        for (path, reason) in whole.catalogue_faults(&every_key) {
            let is_of_stand_in = stand_ins
                .clone()
                .any(|index| path.starts_with(&format!("providers[{index}]")));
            // One without a readable name may be the one that is missed.
            let may_be_lost = is_nameless && reason.starts_with("there is no provider named");
            if !is_of_stand_in && !may_be_lost {
                check.fault(&path, reason);
            }
        }
    }

    /// Path and reason of every fault of providers and models, with the providers that this environment makes.
    fn catalogue_faults(&self, env: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let Ok(prices) = llm::prices::PriceBook::bundled() else {
            return Vec::new();
        };
        let clock = std::sync::Arc::new(kernel::SystemClock::new());
        gateway::Gateway::check(&self.gateway(env), &prices, clock)
            .into_iter()
            .map(|fault| match fault {
                llm::LlmError::Setting { path, reason } => (path, reason),
                other => (String::new(), other.to_string()),
            })
            .collect()
    }
}

/// A provider for each key in the environment, unless the file has one of that kind.
fn providers_of_env(
    configured: &[ProviderConfig],
    env: &BTreeMap<String, String>,
) -> Vec<ProviderConfig> {
    KEYED
        .iter()
        .filter_map(|(name, kind, variable)| {
            let key = env
                .get(*variable)
                .map(|key| key.trim())
                .filter(|key| !key.is_empty())?;
            let known = configured
                .iter()
                .any(|provider| provider.kind == *kind || provider.name == *name);
            (!known).then(|| ProviderConfig {
                api_key: Some(Secret::plain(key)),
                ..ProviderConfig::new(name, *kind)
            })
        })
        .collect()
}

/// The layers that settings come from. `flags` is a table of settings by path.
#[must_use]
pub fn sources(
    file: Option<PathBuf>,
    env: BTreeMap<String, String>,
    flags: toml::Table,
) -> Sources {
    Sources {
        defaults: DEFAULTS,
        file,
        env,
        aliases: ALIASES,
        flags,
    }
}

/// Nothing set on the command line.
#[must_use]
pub fn no_flags() -> toml::Table {
    toml::Table::new()
}

/// Loads all settings; they hold for the environment that they came with.
pub fn load(sources: &Sources) -> Result<Loaded<Settings>, Faults> {
    let loaded: Loaded<Settings> = config::load(sources)?;
    let faults: Vec<Fault> = loaded
        .settings
        .catalogue_faults(&sources.env)
        .into_iter()
        .map(|(path, reason)| {
            let origin = loaded.origin(&path).cloned().unwrap_or(Origin::Inline);
            Fault::new(origin, path, with_remedy(&reason))
        })
        .collect();
    if faults.is_empty() {
        Ok(loaded)
    } else {
        Err(Faults(faults))
    }
}

/// Says which variable would make the provider that is missing.
fn with_remedy(reason: &str) -> String {
    KEYED
        .iter()
        .find(|(name, ..)| reason.contains(&format!("named {name:?}")))
        .map_or_else(
            || reason.to_owned(),
            |(_, _, variable)| format!("{reason}; set {variable} or add it to [[providers]]"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold() {
        let loaded = load(&sources(None, BTreeMap::new(), toml::Table::new())).unwrap();
        assert_eq!(loaded.settings.listen().to_string(), "127.0.0.1:8000");
        let gateway = loaded.settings.gateway(&BTreeMap::new());
        assert_eq!(gateway.gateway, gateway::GatewayConfig::default());
        assert_eq!(gateway.budgets, gateway::BudgetsConfig::default());
    }

    #[test]
    fn secrets_that_could_be_guessed_are_faults() {
        let env = [
            ("SECRET_KEY", "fifteen letters"),
            ("SWITCHYARD_ADMIN_KEY", "thirty-one characters, not more"),
        ];
        let faults = of_file("", &env).unwrap_err();
        for told in [
            "SECRET_KEY: security.secret_key: has 15 characters and must have 16 or more",
            "SWITCHYARD_ADMIN_KEY: security.admin_key: has 31 characters and must have 32 or more",
        ] {
            assert!(
                faults.iter().any(|fault| fault.contains(told)),
                "{faults:#?}"
            );
        }
        assert!(!faults.concat().contains("letters"), "{faults:#?}");
        assert!(of_file("", &[("SECRET_KEY", "sixteen letters!")]).is_ok());
    }

    #[test]
    fn a_key_in_the_environment_makes_a_provider() {
        let env = BTreeMap::from([("ANTHROPIC_API_KEY".to_owned(), "k".to_owned())]);
        let made = providers_of_env(&[], &env);
        assert_eq!(made.len(), 1);
        assert!(providers_of_env(&made, &env).is_empty());
    }

    fn of_file(text: &str, env: &[(&str, &str)]) -> Result<Loaded<Settings>, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("switchyard.toml");
        std::fs::write(&file, text).unwrap();
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let prefix = format!("{}/", folder.path().display());
        load(&sources(Some(file), env, toml::Table::new())).map_err(|faults| {
            let lines = faults.0.iter();
            lines
                .map(|fault| fault.to_string().replace(&prefix, ""))
                .collect()
        })
    }

    const ROUTE: &str = "[[models]]\nid = \"house\"\nroute = [{ provider = \"anthropic\", model = \"claude-opus-5-5\" }]\n";

    #[test]
    fn a_route_may_name_a_provider_that_only_a_key_makes() {
        assert!(of_file(ROUTE, &[("ANTHROPIC_API_KEY", "k")]).is_ok());
        let faults = of_file(ROUTE, &[]).unwrap_err();
        assert_eq!(
            faults,
            [
                "switchyard.toml:3:12: models[0].route[0].provider: there is no provider named \"anthropic\"; set ANTHROPIC_API_KEY or add it to [[providers]]"
            ]
        );
    }

    const AWS: &str = "[[providers]]\nname = \"aws\"\nkind = \"bedrock\"\n";

    #[test]
    fn bedrock_takes_what_it_lacks_from_the_environment() {
        let env = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let loaded = of_file(AWS, &env).unwrap();
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let gateway = loaded.settings.gateway(&env.into());
        assert_eq!(gateway.providers[0].region.as_deref(), Some("eu-west-1"));
        assert!(gateway.providers[0].secret_access_key.is_some());
        let faults = of_file(AWS, &[]).unwrap_err();
        let told = |fault: &str| faults.iter().any(|line| line.contains(fault));
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert!(told("providers[0].region") && told("providers[0].access_key_id"));
    }

    #[test]
    fn a_provider_that_cannot_be_read_hides_no_fault_of_models() {
        let models = "[[models]]\nid = \"m\"\nroute = [{ provider = \"house\" }, { provider = \"nobody\" }]\n\n[[models]]\nid = \"n\"\n";
        for (provider, expected) in [
            (
                "name = \"house\"\nkind = \"opneai\"",
                &[
                    "providers[0].kind",
                    "models[0].route[1].provider",
                    "models[1].route",
                ][..],
            ),
            // Which of the two routes leads to this one cannot be told.
            (
                "name = 5\nkind = \"openai\"",
                &["providers[0].name", "models[1].route"][..],
            ),
        ] {
            let text = format!("[[providers]]\n{provider}\n\n{models}");
            let faults = of_file(&text, &[]).unwrap_err();
            let places: Vec<&str> = faults
                .iter()
                .map(|fault| fault.split(": ").nth(1).unwrap())
                .collect();
            assert_eq!(places, expected, "{faults:#?}");
        }
    }

    #[test]
    fn faults_of_providers_and_models_are_listed_with_their_lines_beside_all_others() {
        let text = r#"
[gateway]
breaker_failures = 0

[[providers]]
name = "house"
kind = "openai-compatible"

[[providers]]
name = "house"
kind = "openai"
proxy = "socks5://user:secret@proxy"

[[models]]
id = "m"
route = [{ provider = "nobody" }]
"#;
        let faults = of_file(text, &[("OPENAI_API_KEY", "k")]).unwrap_err();
        let places: Vec<&str> = faults
            .iter()
            .map(|fault| fault.split(": ").nth(1).unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "gateway.breaker_failures",
                "providers[0].base_url",
                "providers[1].name",
                "providers[1].proxy",
                "models[0].route[0].provider"
            ],
            "{faults:#?}"
        );
        assert!(
            faults
                .iter()
                .all(|fault| fault.starts_with("switchyard.toml:"))
        );
        assert!(!faults.concat().contains("secret@"));
    }
}
