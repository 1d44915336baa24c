//! Parts of the path.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::BadRequest;
use crate::error::{ApiError, WebError};

/// Parts of the path, typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(rejection)) => {
                let (field, message) = match rejection.into_kind() {
                    ErrorKind::ParseErrorAtKey {
                        key, expected_type, ..
                    } => (key, format!("expected {expected_type}")),
                    ErrorKind::DeserializeError { key, message, .. } => (key, message),
                    ErrorKind::InvalidUtf8InPathParam { key } => {
                        (key, "expected UTF-8, percent-encoded".to_owned())
                    }
                    ErrorKind::Message(message) => (only_name(parts, state).await, message),
                    other => ("path".to_owned(), other.to_string()),
                };
                Err(BadRequest::Path(message, field).into())
            }
            Err(_) => Err(WebError::Panicked.into()),
        }
    }
}

/// The name of the one part of this path: a type that reads itself does not tell which it stood for.
async fn only_name<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    let names = RawPathParams::from_request_parts(parts, state).await;
    names
        .ok()
        .and_then(|names| match names.iter().collect::<Vec<_>>().as_slice() {
            [(name, _)] => Some((*name).to_owned()),
            _ => None,
        })
        .unwrap_or_else(|| "path".to_owned())
}
