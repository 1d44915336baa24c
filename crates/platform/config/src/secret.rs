//! A secret in settings: written out, or as `env:NAME` or `file:PATH`. It never shows itself.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use crate::reader::SecretSources;

/// The name by which the reader knows a secret from any other text.
pub(crate) const SECRET: &str = "$switchyard::Secret";

/// No secret is longer; a wrong path must not read a disk into memory.
const MAX_FILE_BYTES: u64 = 65_536;

/// A secret. Its value is there once it was resolved: settings resolve theirs on load, other callers ask for it.
#[derive(Clone)]
pub struct Secret {
    /// What was written where that is a reference; absent for a secret that was written out.
    reference: Option<Box<str>>,
    value: Option<SecretString>,
}

/// Why a reference leads to nothing. The value itself is in none of the messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// `env:NAME` names a variable that is not set or empty.
    #[error("the environment variable {0} is not set; set it or write the secret another way")]
    NoVariable(String),
    /// `file:PATH` names a file that cannot be read.
    #[error("cannot read the secret file {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file holds nothing, or too much for a secret.
    #[error("the secret file {0} must hold 1 to {MAX_FILE_BYTES} bytes of text")]
    BadFile(PathBuf),
    /// Nothing is written at all.
    #[error("a secret must not be empty")]
    Empty,
}

impl Secret {
    /// A secret that is known already.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            reference: None,
            value: Some(SecretString::from(text)),
        }
    }

    /// The secret itself; empty for a reference that nobody resolved.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.value.as_ref().map_or("", ExposeSecret::expose_secret)
    }

    /// The secret in the type that other crates take.
    #[must_use]
    pub fn to_secret_string(&self) -> SecretString {
        SecretString::from(self.expose())
    }

    /// `env:NAME` or `file:PATH` where it was written so; safe to show.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Follows the reference. A relative file name starts at `base`.
    pub fn resolve(
        &mut self,
        env: &BTreeMap<String, String>,
        base: &Path,
    ) -> Result<(), SecretError> {
        if let (Some(reference), None) = (&self.reference, &self.value) {
            let [_, value] = look_up(reference, SecretSources { env, base })?;
            self.value = Some(value.into());
        }
        Ok(())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reference {
            Some(reference) => write!(f, "Secret({reference})"),
            None => f.write_str("Secret([redacted])"),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference && self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// Whether a text is a reference, not the secret itself.
pub(crate) fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

/// The reference (empty for a plain secret) and the value behind it.
pub(crate) fn look_up(text: &str, sources: SecretSources<'_>) -> Result<[String; 2], SecretError> {
    if let Some(name) = text.strip_prefix("env:") {
        return match sources
            .env
            .get(name.trim())
            .filter(|value| !value.is_empty())
        {
            Some(value) => Ok([text.to_owned(), value.clone()]),
            None => Err(SecretError::NoVariable(name.trim().to_owned())),
        };
    }
    if let Some(name) = text.strip_prefix("file:") {
        let path = sources.base.join(name.trim());
        return Ok([text.to_owned(), read_file(path)?]);
    }
    if text.is_empty() {
        return Err(SecretError::Empty);
    }
    Ok([String::new(), text.to_owned()])
}

fn read_file(path: PathBuf) -> Result<String, SecretError> {
    let mut text = String::new();
    let read = std::fs::File::open(&path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
    match read {
        Err(error) => Err(SecretError::Unreadable {
            path,
            reason: error.to_string(),
        }),
        Ok(bytes) if bytes as u64 > MAX_FILE_BYTES => Err(SecretError::BadFile(path)),
        Ok(_) => match text.trim_end_matches(['\r', '\n']) {
            "" => Err(SecretError::BadFile(path)),
            value => Ok(value.to_owned()),
        },
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret: text, `env:NAME` or `file:PATH`")
            }

            // Any other reader hands over the text; references stay unresolved.
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Secret, D::Error> {
                deserializer.deserialize_str(self)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                if text.is_empty() {
                    return Err(E::custom(SecretError::Empty));
                }
                Ok(if is_reference(text) {
                    Secret {
                        reference: Some(text.into()),
                        value: None,
                    }
                } else {
                    Secret::plain(text)
                })
            }

            // The settings reader hands over both the reference and the value behind it.
            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Secret, A::Error> {
                let reference = pair.next_element::<String>()?.unwrap_or_default();
                let value = pair.next_element::<String>()?.unwrap_or_default();
                Ok(Secret {
                    reference: (!reference.is_empty()).then(|| reference.into()),
                    value: Some(SecretString::from(value)),
                })
            }
        }

        deserializer.deserialize_newtype_struct(SECRET, Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_and_values_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "s3cret\n").unwrap();
        let env = BTreeMap::from([("NAME".to_owned(), "from-env".to_owned())]);
        for (text, value, shown) in [
            ("file:token", "s3cret", "Secret(file:token)"),
            ("env:NAME", "from-env", "Secret(env:NAME)"),
            ("as-is", "as-is", "Secret([redacted])"),
        ] {
            let mut secret: Secret = serde_json::from_value(text.into()).unwrap();
            secret.resolve(&env, dir.path()).unwrap();
            assert_eq!(secret.expose(), value);
            assert_eq!(format!("{secret:?}"), shown);
        }
    }

    #[test]
    fn what_leads_nowhere_says_so() {
        let env = BTreeMap::new();
        let mut secret: Secret = serde_json::from_value("env:GONE".into()).unwrap();
        assert_eq!(
            secret.resolve(&env, Path::new(".")),
            Err(SecretError::NoVariable("GONE".into()))
        );
        let mut secret: Secret = serde_json::from_value("file:/nowhere/at/all".into()).unwrap();
        assert!(matches!(
            secret.resolve(&env, Path::new(".")),
            Err(SecretError::Unreadable { .. })
        ));
    }
}
