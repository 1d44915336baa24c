//! The axum kit that every room's routes are built with: who calls, what it may do, what it sent, how a failure looks, and the
//! layers around it all. It knows no room and no store; model routes do not pass through it.

pub mod auth;
pub mod context;
pub mod cors;
pub mod error;
pub mod extract;
pub mod harden;
pub mod headers;
pub mod openapi;
pub mod permit;
pub mod settings;

pub use auth::{AuthError, Authenticate, presented};
pub use context::RequestContext;
pub use cors::Cors;
pub use error::ApiError;
pub use extract::{Json, Path, Query};
pub use harden::harden;
pub use openapi::{ErrorBody, Refusals};
pub use permit::{Can, NeedsPermission, PermissionDenied};
pub use settings::HttpSettings;

#[doc(hidden)]
pub use kernel as __kernel;

/// The codes that this crate answers with, for docs/errors.md: code, kind, meaning.
pub const CODES: &[(&str, kernel::Kind, &str)] = &[
    (
        "MISSING_CREDENTIAL",
        kernel::Kind::Unauthenticated,
        "no credential was sent",
    ),
    (
        "INVALID_CREDENTIAL",
        kernel::Kind::Unauthenticated,
        "the credential is not known here or damaged",
    ),
    (
        "EXPIRED_CREDENTIAL",
        kernel::Kind::Unauthenticated,
        "the credential has run out",
    ),
    (
        "REVOKED_CREDENTIAL",
        kernel::Kind::Unauthenticated,
        "the credential was revoked",
    ),
    (
        "CREDENTIAL_NOT_YET_VALID",
        kernel::Kind::Unauthenticated,
        "the credential holds from a later time on",
    ),
    (
        "AUTH_UNAVAILABLE",
        kernel::Kind::Unavailable,
        "the credential cannot be checked now because the store does not answer",
    ),
    (
        "PERMISSION_DENIED",
        kernel::Kind::Forbidden,
        "the credential holds but lacks the permission named in details",
    ),
    (
        "UNSUPPORTED_CONTENT_TYPE",
        kernel::Kind::Invalid,
        "the body is not declared as JSON",
    ),
    (
        "INVALID_JSON",
        kernel::Kind::Invalid,
        "the body is not valid JSON",
    ),
    (
        "DUPLICATE_KEY",
        kernel::Kind::Invalid,
        "a key stands twice in one JSON object",
    ),
    (
        "MISSING_FIELD",
        kernel::Kind::Invalid,
        "a field that must be there is not",
    ),
    (
        "UNKNOWN_FIELD",
        kernel::Kind::Invalid,
        "a field that does not exist was sent",
    ),
    (
        "INVALID_FIELD",
        kernel::Kind::Invalid,
        "a field of the body has a wrong type or value",
    ),
    (
        "INVALID_QUERY",
        kernel::Kind::Invalid,
        "a query parameter is unknown or has a wrong value",
    ),
    (
        "INVALID_PATH",
        kernel::Kind::Invalid,
        "a part of the path does not have the form it must have",
    ),
    (
        "BODY_INTERRUPTED",
        kernel::Kind::Invalid,
        "the body ended before it was complete",
    ),
    (
        "BODY_TOO_LARGE",
        kernel::Kind::TooLarge,
        "the body is over http.max_body_bytes",
    ),
    (
        "ROUTE_NOT_FOUND",
        kernel::Kind::NotFound,
        "no route has this path",
    ),
    (
        "METHOD_NOT_ALLOWED",
        kernel::Kind::MethodNotAllowed,
        "the path is there but not for this method; see the Allow header",
    ),
    (
        "REQUEST_TIMEOUT",
        kernel::Kind::Unavailable,
        "the request took longer than http.request_timeout_ms",
    ),
    (
        "INTERNAL_ERROR",
        kernel::Kind::Internal,
        "a fault of our own; the request id finds it in the log",
    ),
];
