//! Permissions `resource:action` and the scopes that grant them. Who holds which is `identity`'s business.

use std::fmt;

/// A permission as a route asks for it, e.g. `keys:create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permission(pub &'static str);

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: Permission = Permission($text);)*

        /// Every permission there is, for documents and for checks on what a key asks for.
        pub const ALL: &[Permission] = &[$($name),*];
    };
}

permissions! {
    /// Call models.
    GATEWAY_INVOKE = "gateway:invoke";
    /// Use native pass-through routes.
    GATEWAY_PASSTHROUGH = "gateway:passthrough";
    /// See models and what they cost.
    MODELS_READ = "models:read";
    /// Read the record of calls.
    CALLS_READ = "calls:read";
    /// Read captured payloads of calls.
    PAYLOADS_READ = "payloads:read";
    /// Read usage and cost.
    ANALYTICS_READ = "analytics:read";
    /// See keys (never their secrets).
    KEYS_READ = "keys:read";
    /// Make keys.
    KEYS_CREATE = "keys:create";
    /// Change, rotate keys.
    KEYS_UPDATE = "keys:update";
    /// Revoke keys.
    KEYS_DELETE = "keys:delete";
    /// See breakers, detailed health and metrics.
    OPS_READ = "ops:read";
    /// Reset breakers, change log levels, reload settings.
    OPS_UPDATE = "ops:update";
    /// Look inside the process.
    DEBUG_READ = "debug:read";
}

impl Permission {
    /// The part before the colon.
    #[must_use]
    pub fn resource(&self) -> &'static str {
        self.0
            .split_once(':')
            .map_or(self.0, |(resource, _)| resource)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Why a text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no scope; expected `resource:action`, `resource:*`, `*:action` or `*`, with a known resource and action"
)]
pub struct InvalidScope(pub String);

/// What a credential may do: permissions with `*` on either side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes {
    patterns: Vec<Box<str>>,
}

impl Scopes {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self {
            patterns: vec!["*".into()],
        }
    }

    /// Reads patterns; each must match at least one permission there is.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, InvalidScope> {
        let mut patterns = Vec::with_capacity(texts.len());
        for text in texts {
            let text = text.as_ref();
            if !ALL.iter().any(|known| matches(text, known.0)) {
                return Err(InvalidScope(text.to_owned()));
            }
            patterns.push(text.into());
        }
        Ok(Self { patterns })
    }

    /// Whether this permission is granted.
    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        self.patterns
            .iter()
            .any(|pattern| matches(pattern, permission.0))
    }

    /// Whether everything that `other` grants is granted here too: a key's maker can give no more than it has.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        ALL.iter()
            .all(|permission| !other.allow(*permission) || self.allow(*permission))
    }

    /// The patterns as they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(AsRef::as_ref)
    }
}

fn matches(pattern: &str, permission: &str) -> bool {
    if pattern == "*" || pattern == permission {
        return true;
    }
    let (Some((want_resource, want_action)), Some((resource, action))) =
        (pattern.split_once(':'), permission.split_once(':'))
    else {
        return false;
    };
    (want_resource == "*" || want_resource == resource)
        && (want_action == "*" || want_action == action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_hold_on_either_side() {
        let scopes = Scopes::parse(&["keys:*", "*:read"]).unwrap();
        assert!(scopes.allow(KEYS_CREATE) && scopes.allow(ANALYTICS_READ));
        assert!(!scopes.allow(GATEWAY_INVOKE) && !scopes.allow(OPS_UPDATE));
    }

    #[test]
    fn a_scope_that_grants_nothing_is_refused() {
        assert!(Scopes::parse(&["kyes:read"]).is_err());
        assert!(Scopes::parse(&["keys"]).is_err());
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let keys = Scopes::parse(&["keys:*"]).unwrap();
        assert!(Scopes::all().cover(&keys) && !keys.cover(&Scopes::all()));
        assert!(!keys.cover(&Scopes::parse(&["gateway:invoke"]).unwrap()));
    }
}
