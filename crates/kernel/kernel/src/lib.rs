//! The vocabulary every room shares. It knows no protocol, no store and no transport.

pub mod clock;
pub mod error;
pub mod id;
pub mod money;
pub mod page;
pub mod permission;
pub mod principal;
pub mod tokens;

pub use clock::{Clock, SystemClock, TestClock, Timestamp};
pub use error::{Failure, Kind};
pub use id::{CallId, KeyId, OrgId, ProjectId, RequestId};
pub use money::{Nano, Pico};
pub use page::{Cursor, Page};
pub use permission::{Permission, Scopes};
pub use principal::Principal;
pub use secrecy::{ExposeSecret, SecretString};
pub use tokens::{Reported, Usage};
