//! What requests carry.

use std::collections::BTreeMap;

use guard::BudgetSpec;
use kernel::{Cursor, Timestamp};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::limits::LimitsBody;
use super::view::BudgetShape;
use crate::error::IdentityError;
use crate::model::{KeyChange, NewKey};
use crate::service::{KeyQuery, MAX_PAGE};

/// Rows of a page where the caller names no number.
const PAGE: usize = 50;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKeyBody {
    /// Its name, for people.
    #[schema(min_length = 1, max_length = 100, example = "my app")]
    name: String,
    /// The id of a project, or a name; a project of a new name is made. Left out: the maker's own.
    project: Option<String>,
    /// Permissions `resource:action`, `*` on either side. Left out: `gateway:invoke` and `models:read`.
    #[schema(example = json!(["gateway:invoke", "models:read"]))]
    scopes: Option<Vec<String>>,
    /// Patterns of the models it may call (`claude*`); none means all.
    models: Option<Vec<String>>,
    /// Its limits. Left out: those of `limits.default`; `{}`: none.
    limits: Option<LimitsBody>,
    /// Its budgets.
    #[schema(value_type = Option<Vec<BudgetShape>>)]
    budgets: Option<Vec<BudgetSpec>>,
    /// Tags that all of its calls carry, at most ten.
    tags: Option<BTreeMap<String, String>>,
    /// When it stops to hold; never where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Whether payloads of its calls are kept. Left out: no.
    capture: Option<bool>,
}

impl From<NewKeyBody> for NewKey {
    fn from(body: NewKeyBody) -> Self {
        Self {
            name: body.name,
            project: body.project,
            scopes: body.scopes,
            models: body.models.unwrap_or_default(),
            limits: body.limits.map(Into::into),
            budgets: body.budgets.unwrap_or_default(),
            tags: body.tags.unwrap_or_default(),
            capture: body.capture.unwrap_or_default(),
            expires_at: body.expires_at,
        }
    }
}

/// What shall change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedKey {
    /// Its name, for people.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Permissions `resource:action`, `*` on either side.
    scopes: Option<Vec<String>>,
    /// Patterns of the models it may call; none means all.
    models: Option<Vec<String>>,
    /// Its limits; `null` goes back to those of `limits.default`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Option<LimitsBody>>,
    /// Its budgets; one with the same period and models keeps what it has spent.
    #[schema(value_type = Option<Vec<BudgetShape>>)]
    budgets: Option<Vec<BudgetSpec>>,
    /// Tags that all of its calls carry.
    tags: Option<BTreeMap<String, String>>,
    /// When it stops to hold; `null` is never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<Timestamp>>,
    /// Whether payloads of its calls are kept.
    capture: Option<bool>,
}

/// Tells `null` from a field that is left out.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

impl From<ChangedKey> for KeyChange {
    fn from(body: ChangedKey) -> Self {
        Self {
            name: body.name,
            scopes: body.scopes,
            models: body.models,
            limits: body.limits.map(|limits| limits.map(Into::into)),
            budgets: body.budgets,
            tags: body.tags,
            capture: body.capture,
            expires_at: body.expires_at,
        }
    }
}

/// A rotation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// How long earlier secrets still hold, in seconds; 0 ends them at once. At most 30 days.
    #[serde(default = "day")]
    #[schema(default = 86_400, maximum = 2_592_000)]
    pub overlap_seconds: u64,
}

const fn day() -> u64 {
    86_400
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            overlap_seconds: day(),
        }
    }
}

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct KeyFilter {
    /// Of this project, by id or name.
    project: Option<String>,
    /// Revoked ones too. Left out: no.
    revoked: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200. Left out: 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl KeyFilter {
    pub(super) fn query(self) -> Result<KeyQuery, IdentityError> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            let problem = format!("expected 1 to {MAX_PAGE}");
            return Err(IdentityError::query("limit", problem));
        }
        Ok(KeyQuery {
            project: self.project,
            revoked: self.revoked.unwrap_or_default(),
            cursor: self.cursor.map(Cursor),
            limit,
        })
    }
}
