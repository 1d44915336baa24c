//! What the settings say of providers and models. Reading the file is `config`'s business, routing `catalogue`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::Secret;
use serde::Deserialize;

use crate::kind::ProviderKind;
use crate::prices::RateTable;

/// One `[[providers]]` entry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Free choice; stands before the slash in `provider/model`.
    pub name: String,
    /// What it is.
    pub kind: ProviderKind,
    /// Where it is; for OpenAI kinds it ends in `/v1`. Each kind has its public address as default.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The credential sent upstream.
    #[serde(default)]
    pub api_key: Option<Secret>,
    /// Whose credential is used.
    #[serde(default)]
    pub credential: CredentialSource,
    /// Globs of the model ids served without a `[[models]]` entry; the kind's family where left out.
    #[serde(default)]
    pub serves: Option<Vec<String>>,
    /// Sent with every request, after the caller's own.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// Added to every request's query.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// HTTP proxy for this provider; `"none"` goes direct even where a general one is set. It may hold a password.
    #[serde(default)]
    pub proxy: Option<Secret>,
    /// PEM file of certificate authorities trusted besides the public ones.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// PEM file with the client certificate chain.
    #[serde(default)]
    pub client_cert_file: Option<PathBuf>,
    /// PEM file with the client certificate's private key.
    #[serde(default)]
    pub client_key_file: Option<PathBuf>,
    /// Time limits that differ from `gateway.timeouts`.
    #[serde(default)]
    pub timeouts: TimeoutsConfig,
    /// Where this provider runs inference, for providers whose answers do not say (OpenAI's data residency: `us`, `eu`).
    /// Decides the price. For Bedrock and Vertex the cloud's region, which decides the address.
    #[serde(default)]
    pub region: Option<String>,
    /// Requests in flight at most; further ones wait a little, then get 503.
    #[serde(default)]
    pub max_concurrent: Option<usize>,
    /// Free labels such as `eu`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Vertex: the Google Cloud project; the service account's own where left out.
    #[serde(default)]
    pub project: Option<String>,
    /// Vertex: the JSON of a service account, whose tokens go with the calls.
    #[serde(default)]
    pub service_account: Option<Secret>,
    /// Azure: a day for the older surface with deployments in its paths, `preview`, or nothing for `/openai/v1`.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Bedrock: the access key that calls are signed with; `AWS_ACCESS_KEY_ID` where no credential is set.
    #[serde(default)]
    pub access_key_id: Option<Secret>,
    /// Bedrock: its secret; `AWS_SECRET_ACCESS_KEY` where no credential is set.
    #[serde(default)]
    pub secret_access_key: Option<Secret>,
    /// Bedrock: the token of a temporary access key; `AWS_SESSION_TOKEN` where no credential is set.
    #[serde(default)]
    pub session_token: Option<Secret>,
    /// Clouds: globs of the `anthropic-beta` names that may go with a call; all where left out. A cloud refuses a call
    /// for a name that it does not know.
    #[serde(default)]
    pub betas: Option<Vec<String>>,
}

impl ProviderConfig {
    /// A provider of which nothing but name and kind is said.
    #[must_use]
    pub fn new(name: &str, kind: ProviderKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            base_url: None,
            api_key: None,
            credential: CredentialSource::Key,
            serves: None,
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
            proxy: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            timeouts: TimeoutsConfig::default(),
            region: None,
            max_concurrent: None,
            tags: Vec::new(),
            project: None,
            service_account: None,
            api_version: None,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            betas: None,
        }
    }
}

/// Whose credential goes upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialSource {
    /// The provider's `api_key`.
    #[default]
    Key,
    /// The caller's own `Authorization` or `x-api-key`, to this provider's host only.
    Client,
}

/// Time limits; those left out come from the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsConfig {
    /// To a connection, TLS included.
    #[serde(default)]
    pub connect_ms: Option<u64>,
    /// From the request to the head of the answer. An answer that is no stream may take minutes.
    #[serde(default)]
    pub first_byte_ms: Option<u64>,
    /// Between two pieces of an answer.
    #[serde(default)]
    pub idle_ms: Option<u64>,
    /// For the whole call.
    #[serde(default)]
    pub total_ms: Option<u64>,
}

/// One `[[models]]` entry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The id that callers ask for; globs allowed.
    pub id: String,
    /// Where it goes; which target comes first is the strategy's to say.
    #[serde(default)]
    pub route: Vec<TargetConfig>,
    /// Where it goes when the route fails before it answered, in this order.
    #[serde(default)]
    pub fallback: Vec<FallbackConfig>,
    /// How the targets of the route are ordered.
    #[serde(default)]
    pub strategy: Strategy,
    /// A price that goes before the price book.
    #[serde(default)]
    pub price: Option<RateTable>,
    /// The name shown in lists.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// One target of a route.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// The provider's name.
    pub provider: String,
    /// The id asked of it; the asked id where left out.
    #[serde(default)]
    pub model: Option<String>,
    /// Share of the calls among the targets of this route.
    #[serde(default = "one")]
    pub weight: u32,
}

/// One target of a fallback.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FallbackConfig {
    /// The provider's name.
    pub provider: String,
    /// The id asked of it; the asked id where left out.
    #[serde(default)]
    pub model: Option<String>,
}

/// How the targets of a route are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Drawn by weight; calls of one session go to one target.
    #[default]
    Weighted,
    /// The fewest calls under way for its weight.
    LeastLoaded,
    /// The lowest price; one without a price comes last.
    Cheapest,
}

const fn one() -> u32 {
    1
}
