//! What the API document says about failures, the same for every operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// How every failure of our own routes looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong and what to do, for people.
    pub error: String,
    /// A stable code, listed in docs/errors.md.
    pub code: String,
    /// More for programs, e.g. `field`, `permission`, `retry_after_s`.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

/// The refusals that any operation behind a permission may answer with: `responses((status = 200, …), web::Refusals)`.
#[derive(Debug, Clone, Copy)]
pub struct Refusals;

const REFUSALS: &[(&str, &str)] = &[
    ("400", "the request is malformed or breaks a rule"),
    ("401", "no credential, or one that does not hold"),
    ("403", "the credential lacks the permission"),
    ("404", "no such thing, or none that the caller may see"),
    ("default", "any other failure"),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        REFUSALS
            .iter()
            .map(|(status, meaning)| {
                let content = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("ErrorBody")))
                    .build();
                let response = ResponseBuilder::new()
                    .description(*meaning)
                    .content("application/json", content)
                    .build();
                ((*status).to_owned(), RefOr::T(response))
            })
            .collect()
    }
}
