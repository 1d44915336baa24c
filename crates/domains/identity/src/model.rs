//! What a key is, and the rules that a new or changed one must keep. Pure: no store, no clock.

mod rules;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use guard::{BudgetSpec, Limits};
use kernel::permission::{GATEWAY_INVOKE, MODELS_READ};
use kernel::{KeyId, OrgId, ProjectId, Scopes, Timestamp};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Made through the API.
    Key,
    /// Made at the first start.
    Admin,
}

impl Role {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Admin => "adm",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Key, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// A key as it is kept. Its secrets are not here: only their digests are kept at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The tenant.
    pub org: OrgId,
    /// The project that its calls are charged to.
    pub project: ProjectId,
    /// Its name, for people.
    pub name: String,
    pub(crate) role: Role,
    /// What may be shown of its newest secret.
    pub display: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Patterns of the models it may call; empty for all.
    pub models: Vec<String>,
    /// Its limits; `None` follows `limits.default`.
    pub limits: Option<Limits>,
    /// Its budgets.
    pub budgets: Vec<BudgetSpec>,
    /// Tags that all of its calls carry.
    pub tags: BTreeMap<String, String>,
    /// Whether payloads of its calls are kept.
    pub capture: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// With which key; `None` at the first start and on the command line.
    pub created_by: Option<KeyId>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it stops to hold.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, a minute or so exact.
    pub last_used_at: Option<Timestamp>,
}

/// Whether a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It holds.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Key {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// Its scopes, to decide by. A scope that this version does not know grants nothing.
    #[must_use]
    pub fn granted(&self) -> Scopes {
        let known: Vec<&str> = self
            .scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| Scopes::parse(&[scope]).is_ok())
            .collect();
        Scopes::parse(&known).unwrap_or_default()
    }
}

/// What a maker asks for.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// Its name, for people.
    pub name: String,
    /// The id of a project, or a name; a project of a new name is made. `None` is the maker's own.
    pub project: Option<String>,
    /// What it may do; `None` is `default_scopes`.
    pub scopes: Option<Vec<String>>,
    /// Patterns of the models it may call; empty for all.
    pub models: Vec<String>,
    /// Its limits; `None` follows `limits.default`, empty ones limit nothing.
    pub limits: Option<Limits>,
    /// Its budgets.
    pub budgets: Vec<BudgetSpec>,
    /// Tags that all of its calls carry.
    pub tags: BTreeMap<String, String>,
    /// Whether payloads of its calls are kept.
    pub capture: bool,
    /// When it stops to hold.
    pub expires_at: Option<Timestamp>,
}

/// A key made without scopes can call models and see them, and administer nothing.
#[must_use]
pub fn default_scopes() -> Vec<String> {
    vec![GATEWAY_INVOKE.0.to_owned(), MODELS_READ.0.to_owned()]
}

/// What shall change; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// Name.
    pub name: Option<String>,
    /// Scopes.
    pub scopes: Option<Vec<String>>,
    /// Models.
    pub models: Option<Vec<String>>,
    /// Limits; `Some(None)` goes back to `limits.default`.
    pub limits: Option<Option<Limits>>,
    /// Budgets; one with the same period and models keeps what it has spent.
    pub budgets: Option<Vec<BudgetSpec>>,
    /// Tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// Capture.
    pub capture: Option<bool>,
    /// Expiry; `Some(None)` is never.
    pub expires_at: Option<Option<Timestamp>>,
}
