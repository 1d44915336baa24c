//! Query parameters.

use axum::extract::FromRequestParts;
use config::tree::Node;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::BadRequest;
use crate::error::ApiError;

/// No route has more parameters.
const MAX_PARAMETERS: usize = 256;

/// Query parameters as a struct. A list is written with commas or by repeating the name; an empty value counts as absent for
/// an optional parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or("");
        Ok(Self(read(query)?))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, BadRequest> {
    let pairs = url::form_urlencoded::parse(query.as_bytes())
        .take(MAX_PARAMETERS)
        .map(|(name, value)| (name.into_owned(), value.into_owned()));
    config::reader::read(&Node::from_pairs(pairs)).map_err(BadRequest::query)
}

#[cfg(test)]
mod tests {
    use kernel::Failure;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: Option<u32>,
        #[serde(default)]
        model: Vec<String>,
    }

    #[test]
    fn numbers_and_lists_are_read() {
        let page: Page = read("limit=5&model=a,b").unwrap();
        assert_eq!(page.limit, Some(5));
        assert_eq!(page.model, ["a", "b"]);
        let page: Page = read("model=a&model=b&limit=").unwrap();
        assert_eq!((page.limit, page.model.len()), (None, 2));
    }

    #[test]
    fn mistakes_name_the_parameter_and_the_remedy() {
        let told = |query: &str| read::<Page>(query).unwrap_err();
        assert_eq!(
            told("limit=many").to_string(),
            "limit: expected a whole number from 0 to 4294967295, got a text"
        );
        assert_eq!(
            told("limti=3").to_string(),
            "limti: unknown name; did you mean `limit`?"
        );
        assert_eq!(told("limti=3").field(), Some("limti"));
        assert_eq!(told("limit=1&limit=2").code(), "INVALID_QUERY");
    }
}
