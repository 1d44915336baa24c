//! Credentials as requests carry them, and the port that says who stands behind one. `identity` implements it.

use std::sync::Arc;

use async_trait::async_trait;
use guard::Caller;
use http::{HeaderMap, HeaderName, header};
use kernel::{Failure, Kind};

/// Finds the caller behind a credential. Routes get one as `Arc<dyn Authenticate>` among the request's extensions.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// From memory alone, for the hot path: `None` means that only the store knows.
    fn known(&self, presented: &str) -> Option<Result<Arc<Caller>, AuthError>>;

    /// From memory or the store.
    async fn authenticate(&self, presented: &str) -> Result<Arc<Caller>, AuthError>;
}

/// Why a credential does not hold. It never carries the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// None was sent.
    #[error("no credential; send `Authorization: Bearer <key>`, `x-api-key` or `x-switchyard-key`")]
    Missing,
    /// Nobody knows it.
    #[error("the API key is not known here; check that it is complete and belongs to this server")]
    Unknown,
    /// Its time is over.
    #[error("the API key has expired; make or rotate one with `switchyard keys`")]
    Expired,
    /// It was taken back.
    #[error("the API key was revoked; make a new one with `switchyard keys create`")]
    Revoked,
    /// Its time has not come.
    #[error("the API key is not valid yet; wait until its start")]
    NotYet,
    /// The store does not answer and memory does not know the key.
    #[error(
        "the API key cannot be checked now: the store does not answer, or what the key has spent is still on its way there; try again soon"
    )]
    StoreUnavailable,
}

impl Failure for AuthError {
    fn kind(&self) -> Kind {
        match self {
            Self::StoreUnavailable => Kind::Unavailable,
            _ => Kind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MISSING_CREDENTIAL",
            Self::Unknown => "INVALID_CREDENTIAL",
            Self::Expired => "EXPIRED_CREDENTIAL",
            Self::Revoked => "REVOKED_CREDENTIAL",
            Self::NotYet => "CREDENTIAL_NOT_YET_VALID",
            Self::StoreUnavailable => "AUTH_UNAVAILABLE",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::StoreUnavailable).then_some(2)
    }
}

/// The header that carries our key where `Authorization` belongs to the provider.
pub const SWITCHYARD_KEY: &str = "x-switchyard-key";

/// The header that Anthropic's clients send.
pub const API_KEY: &str = "x-api-key";

/// The same names ready for look-ups: every model call passes here.
static OWN_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static(SWITCHYARD_KEY),
    HeaderName::from_static(API_KEY),
];

/// The credential of a request: `x-switchyard-key`, else `x-api-key`, else `Authorization: Bearer`. A header that is there but
/// unreadable counts as an empty credential, which nobody knows; it never falls through to the next.
#[must_use]
pub fn presented(headers: &HeaderMap) -> Option<&str> {
    for name in &OWN_HEADERS {
        if let Some(value) = headers.get(name) {
            return Some(value.to_str().unwrap_or("").trim());
        }
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or("");
    const SCHEME: &str = "bearer ";
    Some(match value.split_at_checked(SCHEME.len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(SCHEME) => key.trim(),
        _ => "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn our_own_header_comes_first() {
        let all = [
            ("authorization", "Bearer a"),
            ("x-api-key", "b"),
            ("x-switchyard-key", "c"),
        ];
        assert_eq!(presented(&of(&all)), Some("c"));
        assert_eq!(presented(&of(&all[..2])), Some("b"));
        assert_eq!(presented(&of(&all[..1])), Some("a"));
        assert_eq!(
            presented(&of(&[("authorization", "bearer  a ")])),
            Some("a")
        );
        assert_eq!(presented(&HeaderMap::new()), None);
    }

    #[test]
    fn a_broken_credential_is_no_absent_one() {
        assert_eq!(presented(&of(&[("authorization", "Basic eDp5")])), Some(""));
        let shadowed = [("authorization", "Bearer good"), ("x-api-key", "")];
        assert_eq!(presented(&of(&shadowed)), Some(""));
    }
}
