//! The one body of `/v1/models` that OpenAI's and Anthropic's clients both accept. Which models there are is others' business.

use bytes::Bytes;
use kernel::Timestamp;
use serde::Serialize;

use crate::error::json;

/// A model as both families of clients list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCard<'a> {
    /// The id that a request names.
    pub id: &'a str,
    /// The name for people.
    pub display_name: &'a str,
    /// Whose model it is, e.g. the provider's configured name.
    pub owned_by: &'a str,
    /// When it came out; the epoch where that is unknown.
    pub created: Timestamp,
    /// Largest input in tokens, where known.
    pub max_input_tokens: Option<u64>,
    /// Largest output in tokens, where known.
    pub max_tokens: Option<u64>,
}

#[derive(Serialize)]
struct Card<'a> {
    id: &'a str,
    object: &'static str,
    r#type: &'static str,
    display_name: &'a str,
    owned_by: &'a str,
    created: i64,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Card<'a>>,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    has_more: bool,
}

fn card<'a>(model: &ModelCard<'a>) -> Card<'a> {
    Card {
        id: model.id,
        object: "model",
        r#type: "model",
        display_name: model.display_name,
        owned_by: model.owned_by,
        created: model.created.micros().div_euclid(1_000_000),
        created_at: model
            .created
            .to_utc()
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        max_input_tokens: model.max_input_tokens,
        max_tokens: model.max_tokens,
    }
}

/// The body of `GET /v1/models`; `has_more` says that a page was cut.
#[must_use]
pub fn list(models: &[ModelCard<'_>], has_more: bool) -> Bytes {
    json(&List {
        object: "list",
        first_id: models.first().map(|model| model.id),
        last_id: models.last().map(|model| model.id),
        data: models.iter().map(card).collect(),
        has_more,
    })
}

/// The body of `GET /v1/models/{id}`.
#[must_use]
pub fn one(model: &ModelCard<'_>) -> Bytes {
    json(&card(model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_body_for_both_families() {
        let model = ModelCard {
            id: "claude-opus-5-5",
            display_name: "Claude Opus 5.5",
            owned_by: "anthropic",
            created: Timestamp::parse("2026-09-22T00:00:00Z").unwrap(),
            max_input_tokens: Some(1_000_000),
            max_tokens: None,
        };
        insta::assert_snapshot!(
            std::str::from_utf8(&list(std::slice::from_ref(&model), false)).unwrap(),
            @r#"{"object":"list","data":[{"id":"claude-opus-5-5","object":"model","type":"model","display_name":"Claude Opus 5.5","owned_by":"anthropic","created":1790035200,"created_at":"2026-09-22T00:00:00Z","max_input_tokens":1000000}],"first_id":"claude-opus-5-5","last_id":"claude-opus-5-5","has_more":false}"#
        );
        insta::assert_snapshot!(
            std::str::from_utf8(&list(&[], false)).unwrap(),
            @r#"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#
        );
        assert!(one(&model).starts_with(br#"{"id":"claude-opus-5-5","object":"model""#));
    }
}
