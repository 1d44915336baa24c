//! What answers show of a key. A secret is in the two answers that make one, and nowhere else.

use std::collections::BTreeMap;

use guard::{BudgetSpec, BudgetState, Gauge, Limits, Period};
use kernel::{ExposeSecret, KeyId, ProjectId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::LimitsBody;
use crate::model::{Key, KeyStatus};
use crate::service::{Identity, KeyUse, MadeKey, Rotated};

/// A budget, for the API document.
#[derive(ToSchema)]
#[schema(as = KeyBudget)]
#[expect(dead_code, reason = "its fields are read by the API document only")]
pub(super) struct BudgetShape {
    /// US dollars a window: a decimal string or a number, with at most nine places.
    #[schema(example = "2.50")]
    amount_usd: String,
    /// How often it starts anew: `hour`, `day`, `week`, `month` or `total`, in UTC.
    #[schema(example = "month")]
    period: String,
    /// Whether it refuses calls (the default); a soft one only shows that it is used up.
    hard: Option<bool>,
    /// Patterns of the models it counts; none means all.
    models: Option<Vec<String>>,
}

/// A budget and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BudgetView {
    amount_usd: String,
    amount_nano_usd: i64,
    #[schema(value_type = String)]
    period: Period,
    hard: bool,
    models: Vec<String>,
    /// Settled in the current window.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_usd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_nano_usd: Option<i64>,
    /// Held by calls under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_usd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_nano_usd: Option<i64>,
    /// When the next window begins; absent for `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    resets_at: Option<Timestamp>,
}

impl BudgetView {
    fn of(spec: &BudgetSpec) -> Self {
        Self {
            amount_usd: spec.amount.to_string(),
            amount_nano_usd: spec.amount.0,
            period: spec.period,
            hard: spec.hard,
            models: spec.models.clone(),
            spent_usd: None,
            spent_nano_usd: None,
            reserved_usd: None,
            reserved_nano_usd: None,
            resets_at: None,
        }
    }

    fn standing(state: &BudgetState) -> Self {
        Self {
            spent_usd: Some(state.spent.to_string()),
            spent_nano_usd: Some(state.spent.0),
            reserved_usd: Some(state.reserved.to_string()),
            reserved_nano_usd: Some(state.reserved.0),
            resets_at: state.resets_at,
            ..Self::of(&state.spec)
        }
    }
}

/// How one limit stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GaugeView {
    limit: u64,
    remaining: u64,
    /// Milliseconds until all of it is free again if nothing more is admitted.
    reset_ms: u64,
}

impl From<Gauge> for GaugeView {
    fn from(gauge: Gauge) -> Self {
        Self {
            limit: gauge.limit,
            remaining: gauge.remaining,
            reset_ms: gauge.reset_us.div_ceil(1_000),
        }
    }
}

/// How the limits stand.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitUse {
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<GaugeView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_minute: Option<GaugeView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrent_requests: Option<GaugeView>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    #[schema(value_type = String)]
    id: KeyId,
    name: String,
    #[schema(value_type = String)]
    project: ProjectId,
    status: KeyStatus,
    /// What may be shown of its newest secret.
    display: String,
    scopes: Vec<String>,
    /// Patterns of the models it may call; none means all.
    models: Vec<String>,
    /// Its limits, those of `limits.default` where it has none of its own.
    #[schema(value_type = LimitsBody)]
    limits: Limits,
    /// Whether its limits are those of `limits.default`.
    limits_are_default: bool,
    budgets: Vec<BudgetView>,
    tags: BTreeMap<String, String>,
    capture: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>)]
    created_by: Option<KeyId>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// A minute or so exact.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// How the limits stand; shown for one key only.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_state: Option<LimitUse>,
}

impl KeyView {
    pub(super) fn of(key: &Key, room: &Identity) -> Self {
        let default = || room.default_limits().as_ref().clone();
        Self {
            id: key.id,
            name: key.name.clone(),
            project: key.project,
            status: key.status(room.0.clock.now()),
            display: key.display.clone(),
            scopes: key.scopes.clone(),
            models: key.models.clone(),
            limits: key.limits.clone().unwrap_or_else(default),
            limits_are_default: key.limits.is_none(),
            budgets: key.budgets.iter().map(BudgetView::of).collect(),
            tags: key.tags.clone(),
            capture: key.capture,
            created_at: key.created_at,
            created_by: key.created_by,
            updated_at: key.updated_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            limit_state: None,
        }
    }

    pub(super) fn with_use(mut self, used: &KeyUse) -> Self {
        self.budgets = used.budgets.iter().map(BudgetView::standing).collect();
        self.limit_state = Some(LimitUse {
            requests_per_minute: used.limits.requests.map(Into::into),
            tokens_per_minute: used.limits.tokens.map(Into::into),
            concurrent_requests: used.limits.concurrent.map(Into::into),
        });
        self
    }
}

/// A new key with its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKeyView {
    /// The secret, shown this once.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

impl MadeKeyView {
    pub(super) fn of(made: &MadeKey, room: &Identity) -> Self {
        Self {
            key: made.secret.expose_secret().to_owned(),
            view: KeyView::of(&made.key, room),
        }
    }
}

/// A key with its new secret.
#[derive(Serialize, ToSchema)]
pub(super) struct RotatedKeyView {
    /// The new secret, shown this once.
    key: String,
    /// Until when earlier secrets hold.
    #[schema(value_type = String, format = DateTime)]
    previous_expires_at: Timestamp,
    #[serde(flatten)]
    view: KeyView,
}

impl RotatedKeyView {
    pub(super) fn of(rotated: &Rotated, room: &Identity) -> Self {
        Self {
            key: rotated.secret.expose_secret().to_owned(),
            previous_expires_at: rotated.previous_expires_at,
            view: KeyView::of(&rotated.key, room),
        }
    }
}

/// One page of keys.
#[derive(ToSchema)]
#[expect(dead_code, reason = "its fields are read by the API document only")]
pub(super) struct KeyList {
    data: Vec<KeyView>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}
