//! Permission as an argument: a handler that takes `Can<KeysRead>` cannot be reached without it.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use guard::Caller;
use http::request::Parts;
use kernel::{Failure, Kind, Permission};

use crate::auth::{AuthError, Authenticate, presented};
use crate::error::{ApiError, WebError};

/// Names the permission that a route asks for; [`permits!`](crate::permits) makes the types.
pub trait NeedsPermission: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// Makes marker types for `Can`: `permits! { KeysRead = KEYS_READ, }` stands for `kernel::permission::KEYS_READ`.
#[macro_export]
macro_rules! permits {
    ($($name:ident = $permission:ident),* $(,)?) => {
        $(
            #[doc = concat!("Asks for `kernel::permission::", stringify!($permission), "`.")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl $crate::NeedsPermission for $name {
                const PERMISSION: $crate::__kernel::Permission =
                    $crate::__kernel::permission::$permission;
            }
        )*
    };
}

/// A caller that holds the permission `P`.
#[derive(Debug, Clone)]
pub struct Can<P: NeedsPermission>(pub Arc<Caller>, pub PhantomData<P>);

/// The credential holds but does not grant this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission {0}, which the key does not have; use a key with that scope")]
pub struct PermissionDenied(pub Permission);

impl Failure for PermissionDenied {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        "PERMISSION_DENIED"
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "permission": self.0.0 }))
    }
}

impl<P: NeedsPermission, S: Sync> FromRequestParts<S> for Can<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let caller = caller(parts).await?;
        if !caller.principal.may(P::PERMISSION) {
            return Err(PermissionDenied(P::PERMISSION).into());
        }
        Ok(Self(caller, PhantomData))
    }
}

/// The caller of a request, whatever it may do. Found once for a request, however many extractors ask.
pub async fn caller(parts: &mut Parts) -> Result<Arc<Caller>, ApiError> {
    if let Some(caller) = parts.extensions.get::<Arc<Caller>>() {
        return Ok(Arc::clone(caller));
    }
    let Some(authenticator) = parts.extensions.get::<Arc<dyn Authenticate>>().cloned() else {
        return Err(WebError::NoAuthenticator.into());
    };
    let credential = presented(&parts.headers).ok_or(AuthError::Missing)?;
    let caller = authenticator.authenticate(credential).await?;
    tracing::Span::current().record("key.id", tracing::field::display(caller.principal.key));
    parts.extensions.insert(Arc::clone(&caller));
    Ok(caller)
}
