//! JSON bodies in and out.

use axum::extract::{FromRequest, Request};
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
            })?
            .to_bytes();
        let tree = config::tree::from_json(&body).map_err(BadRequest::Json)?;
        let value = config::reader::read(&tree).map_err(BadRequest::body)?;
        Ok(Self(value))
    }
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
