//! Kinds of failure, the same in every room. How a kind looks on a wire is `web`'s and `wire`'s business.

/// What sort of failure this is; decides the status in every protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed or breaks a rule that the caller can mend.
    Invalid,
    /// No credential, or one that does not hold.
    Unauthenticated,
    /// The credential holds but does not allow this.
    Forbidden,
    /// No such thing, or none that this caller may see.
    NotFound,
    /// The method is not offered on this path.
    MethodNotAllowed,
    /// The state of the thing does not allow it now.
    Conflict,
    /// The body or one of its parts is over a bound.
    TooLarge,
    /// The caller's limit is used up; it may come back later.
    RateLimited,
    /// The caller's money is used up.
    BudgetExhausted,
    /// A client that must fall back to another transport.
    UpgradeRequired,
    /// The caller asks for what this build or setting does not offer.
    NotSupported,
    /// The upstream answered with something unusable or broke off.
    Upstream,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// We cannot serve now: overloaded, draining, journal full, breaker open.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Kind {
    /// The HTTP status of this kind.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid | Self::NotSupported => 400,
            Self::Unauthenticated => 401,
            Self::BudgetExhausted => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UpgradeRequired => 426,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Upstream => 502,
            Self::Unavailable => 503,
            Self::UpstreamTimeout => 504,
        }
    }
}

/// What every room's error enum offers, so that one table can show it in any protocol.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// The sort of failure.
    fn kind(&self) -> Kind;

    /// A stable code in UPPER_SNAKE, listed in docs/errors.md.
    fn code(&self) -> &'static str;

    /// The field that is at fault, as the caller spelled its path.
    fn field(&self) -> Option<&str> {
        None
    }

    /// Seconds after which trying again makes sense.
    fn retry_after_s(&self) -> Option<u64> {
        None
    }

    /// More for the caller, as JSON; never a secret, never a source error.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }
}
