//! Who is calling. How that was found out is `identity`'s business.

use crate::id::{KeyId, OrgId, ProjectId};
use crate::permission::{Permission, Scopes};

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The tenant.
    pub org: OrgId,
    /// The project that calls are charged to.
    pub project: ProjectId,
    /// The key that was shown.
    pub key: KeyId,
    /// The key's name, for people.
    pub key_name: String,
    /// What it may do.
    pub scopes: Scopes,
}

impl Principal {
    /// Whether this caller may do that.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.scopes.allow(permission)
    }
}
