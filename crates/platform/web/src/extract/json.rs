//! JSON bodies in and out.

use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BadRequest;
use crate::error::ApiError;
use crate::harden::BodyBound;

/// A JSON body, read strictly: bounded, no key twice, unknown fields as the type says. As an answer, plain JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(BadRequest::ContentType.into());
        }
        let body = whole(request).await?;
        Ok(Self(read(&body)?))
    }
}

/// A body that may be left out: nothing at all is no body, whatever it is declared as, and so is `null`.
impl<T: DeserializeOwned, S: Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Option<Self>, ApiError> {
        let declared = is_json(request.headers());
        let body = whole(request).await?;
        if body.is_empty() {
            return Ok(None);
        }
        if !declared {
            return Err(BadRequest::ContentType.into());
        }
        Ok(read::<Option<T>>(&body)?.map(Self))
    }
}

/// The body's bytes, as far as its bound.
async fn whole(request: Request) -> Result<Bytes, BadRequest> {
    let bound = request
        .extensions()
        .get::<BodyBound>()
        .map_or(BodyBound::DEFAULT.0, |bound| bound.0);
    let body = Limited::new(request.into_body(), bound)
        .collect()
        .await
        .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => BadRequest::TooLarge(bound),
            None => BadRequest::Interrupted,
        })?;
    Ok(body.to_bytes())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    let tree = config::tree::from_json(body).map_err(BadRequest::Json)?;
    config::reader::read(&tree).map_err(BadRequest::body)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .is_some_and(|kind| {
            kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"))
        })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}
