//! Keys and secrets: their formats, keyed hashes, and sealing at rest. It knows no store and no caller; who keeps
//! sealed things is the rooms' business.

mod error;
pub mod key;
mod marker;
mod pepper;
pub mod private_file;
mod seal;
mod secret_key;

pub use error::CryptoError;
pub use key::KeyKind;
pub use marker::{Mark, Marker, short_name};
pub use pepper::{Digest, Pepper};
pub use seal::{KeyTag, SecretBox};
pub use secret_key::{SECRET_FILE, SECRET_KEY_LEAST_CHARS, SecretSource, secret_key};
