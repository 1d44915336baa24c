//! Administrative acts: who changed what. Written in the act's own transaction.

use kernel::{KeyId, OrgId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};

/// One administrative act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// The tenant.
    pub org: OrgId,
    /// The key it was done with; `None` for the command line on the machine itself.
    pub actor: Option<KeyId>,
    /// The request it was done by.
    pub request: Option<RequestId>,
    /// `resource.verb`, e.g. `key.create`.
    pub action: String,
    /// The id of the thing changed.
    pub target: String,
    /// What changed, without secrets.
    pub change: serde_json::Value,
}
