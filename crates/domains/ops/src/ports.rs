//! What this room wants of others; the application brings the adapters.

use async_trait::async_trait;
use facts::Act;
use kernel::{CallId, KeyId, Timestamp};
use serde::Serialize;

use crate::model::Finding;

/// Any failure of another room.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What it means when a part is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// Requests cannot be served: `/health/ready` answers 503.
    Blocks,
    /// Requests are served with less: `/health/ready` answers 200 with `degraded`.
    Degrades,
}

/// A part of the system that can be looked at.
#[async_trait]
pub trait HealthProbe: Send + Sync + 'static {
    /// A fixed name, e.g. `store`.
    fn name(&self) -> &'static str;

    /// What it means when it is down.
    fn gravity(&self) -> Gravity;

    /// Looks; called in the background, bounded in time by the caller.
    async fn check(&self) -> Finding;

    /// What is known from memory alone, asked anew by each request. Parts that need no looking answer here.
    fn now(&self) -> Option<Finding> {
        None
    }
}

/// The settings in force.
pub trait SettingsView: Send + Sync + 'static {
    /// One row for each setting, secrets left out.
    fn entries(&self) -> Vec<::config::show::Entry>;
}

/// A model call under way.
#[derive(Debug, Clone)]
pub struct LiveCall {
    /// The call.
    pub id: CallId,
    /// The key used.
    pub key: KeyId,
    /// Surface.
    pub surface: String,
    /// The model asked for.
    pub model: String,
    /// The provider.
    pub provider: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// When it was admitted.
    pub started_at: Timestamp,
}

/// The model calls under way.
pub trait LiveCalls: Send + Sync + 'static {
    /// The oldest of them, at most `limit`.
    fn list(&self, limit: usize) -> Vec<LiveCall>;

    /// How many there are.
    fn count(&self) -> usize;
}

/// Keeps administrative acts.
#[async_trait]
pub trait ActLog: Send + Sync + 'static {
    /// Writes one down.
    async fn record(&self, act: Act) -> Result<(), BoxError>;
}
