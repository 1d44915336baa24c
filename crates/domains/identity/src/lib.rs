//! API keys: made, shown once, verified in memory, rotated, revoked; and the organisation and project that they belong to.
//!
//! It knows nothing of models and calls. What a key has spent is asked through [`SpentReader`]; who may do what on a
//! route is `web`'s to enforce and `kernel`'s to name.

mod callers;
mod config;
mod error;
mod first_start;
mod http;
mod jobs;
mod keyring;
mod migrations;
mod model;
mod ports;
mod service;
mod store;

pub use config::{CallerSettings, LimitSettings};
pub use error::{CODES, IdentityError};
pub use first_start::{ADMIN_KEY_FILE, ADMIN_KEY_LEAST_CHARS, AdminKey, FirstStart};
pub use http::{document, routes};
pub use jobs::Running;
pub use keyring::rewrap;
pub use migrations::migrations;
pub use model::{Key, KeyChange, KeyStatus, NewKey};
pub use ports::{BoxError, SpentReader};
pub use service::{Actor, Deps, Identity, KeyQuery, KeyUse, MadeKey, Rotated};

#[cfg(test)]
mod tests;
