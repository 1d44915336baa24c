//! `/v1/models`, one of them, and what each can do and costs.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use kernel::{RequestId, Timestamp, permission};
use llm::Upstream;
use llm::prices::ModelInfo;
use serde::Serialize;
use wire::Protocol;
use wire::models::ModelCard;

use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};
use crate::headers;
use crate::speech;

/// A model as it is listed.
#[derive(Clone)]
struct Listed {
    id: String,
    display_name: String,
    upstream: Arc<Upstream>,
    /// The id that the provider knows it by.
    upstream_model: String,
    info: Option<ModelInfo>,
}

/// One row of `/v1/models/capabilities`.
#[derive(Serialize)]
struct Capable<'a, C: Serialize> {
    id: &'a str,
    display_name: &'a str,
    provider: &'a str,
    kind: &'static str,
    surfaces: Vec<&'static str>,
    #[serde(flatten)]
    capabilities: Option<C>,
}

pub(super) async fn list<B>(
    gateway: &Gateway,
    state: &State,
    request: &Request<B>,
    id: RequestId,
) -> Result<Response<AnswerBody>, GatewayError> {
    let mut listed = listed(gateway, state, request).await?;
    if lists_claude_alone(request.headers()) {
        let aliases: Vec<Listed> = listed
            .values()
            .filter(|model| surfaces(&model.upstream, &model.upstream_model).contains(&"messages"))
            .filter_map(|model| {
                Some(Listed {
                    id: state.catalogue.alias(&model.id)?,
                    ..model.clone()
                })
            })
            .collect();
        listed.extend(aliases.into_iter().map(|model| (model.id.clone(), model)));
    }
    let cards: Vec<ModelCard<'_>> = listed.values().map(card).collect();
    Ok(json(wire::models::list(&cards, false), id))
}

pub(super) async fn one<B>(
    gateway: &Gateway,
    state: &State,
    request: &Request<B>,
    id: RequestId,
    model: &str,
) -> Result<Response<AnswerBody>, GatewayError> {
    let listed = listed(gateway, state, request).await?;
    let model = percent_decoded(model);
    match listed.get(state.catalogue.unalias(&model)) {
        Some(found) => Ok(json(wire::models::one(&card(found)), id)),
        None => Err(GatewayError::UnknownModel(model)),
    }
}

pub(super) async fn capabilities<B>(
    gateway: &Gateway,
    state: &State,
    request: &Request<B>,
    id: RequestId,
) -> Result<Response<AnswerBody>, GatewayError> {
    let listed = listed(gateway, state, request).await?;
    let now = gateway.shared.deps.clock.now();
    let prices = state.catalogue.prices();
    let data: Vec<_> = listed
        .values()
        .map(|model| Capable {
            id: &model.id,
            display_name: &model.display_name,
            provider: &model.upstream.name,
            kind: model.upstream.kind.as_str(),
            surfaces: surfaces(&model.upstream, &model.upstream_model),
            capabilities: prices.capabilities(
                model.upstream.kind,
                &model.upstream.name,
                &model.upstream_model,
                now,
            ),
        })
        .collect();
    let body = serde_json::to_vec(&serde_json::json!({"object": "list", "data": data}))
        .unwrap_or_default();
    Ok(json(body.into(), id))
}

/// Claude Code leaves out every id that does not begin as Anthropic's do.
fn lists_claude_alone(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    agent.is_some_and(|agent| agent.starts_with("claude-code/") || agent.starts_with("claude-cli/"))
}

/// What a model can be called by, translated or not.
fn surfaces(upstream: &Upstream, model: &str) -> Vec<&'static str> {
    use Protocol::{Chat, Embeddings, Messages, Responses};
    [Chat, Responses, Messages, Embeddings]
        .into_iter()
        .filter(|protocol| speech::of(upstream, model, *protocol).is_some())
        .map(Protocol::as_str)
        .collect()
}

/// All models that this caller may use, by id: those of providers that some surface can call.
async fn listed<B>(
    gateway: &Gateway,
    state: &State,
    request: &Request<B>,
) -> Result<BTreeMap<String, Listed>, GatewayError> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(GatewayError::Method { allow: "GET, HEAD" });
    }
    let caller = gateway.caller(request).await?;
    let principal = &caller.principal;
    // Whoever may call models may see them: clients list models with the key that they call with.
    if !principal.may(permission::MODELS_READ) && !principal.may(permission::GATEWAY_INVOKE) {
        return Err(GatewayError::Forbidden(permission::MODELS_READ.0));
    }
    let now = gateway.shared.deps.clock.now();
    let catalogue = &state.catalogue;
    let mut found = BTreeMap::new();
    for upstream in catalogue.providers() {
        for info in catalogue.prices().models(upstream.kind, now) {
            if catalogue.serves(upstream, &info.id) && !surfaces(upstream, &info.id).is_empty() {
                found.entry(info.id.clone()).or_insert_with(|| Listed {
                    id: info.id.clone(),
                    display_name: display_name(&info.id),
                    upstream: upstream.clone(),
                    upstream_model: info.id.clone(),
                    info: Some(info),
                });
            }
        }
    }
    for (id, entry) in catalogue.entries() {
        let Some(target) = entry.route.first() else {
            continue;
        };
        let model = Listed {
            id: id.to_owned(),
            display_name: entry.display_name.clone().unwrap_or_else(|| id.to_owned()),
            upstream: target.upstream.clone(),
            upstream_model: target.model.as_deref().unwrap_or(id).to_owned(),
            info: None,
        };
        found.insert(id.to_owned(), model);
    }
    found.retain(|id, _| caller.models.allows(id));
    Ok(found)
}

fn card(model: &Listed) -> ModelCard<'_> {
    let info = model.info.as_ref();
    ModelCard {
        id: &model.id,
        display_name: &model.display_name,
        owned_by: &model.upstream.name,
        created: info.and_then(|info| info.released).unwrap_or(Timestamp(0)),
        max_input_tokens: info
            .and_then(|info| info.facts.max_input_tokens.or(info.facts.context_window)),
        max_tokens: info.and_then(|info| info.facts.max_output_tokens),
    }
}

/// `claude-opus-5-5` is shown as `Claude Opus 5.5`: words capitalised, digits next to one another joined by a point.
fn display_name(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    let mut after_digit = false;
    for word in id.split('-').filter(|word| !word.is_empty()) {
        let is_number = word.bytes().all(|b| b.is_ascii_digit()) && word.len() < 3;
        if !out.is_empty() {
            out.push(if after_digit && is_number { '.' } else { ' ' });
        }
        let mut chars = word.chars();
        match (word, chars.next()) {
            ("gpt", _) => out.push_str("GPT"),
            (_, Some(first)) => {
                out.extend(first.to_uppercase());
                out.push_str(chars.as_str());
            }
            (_, None) => {}
        }
        after_digit = is_number;
    }
    out
}

fn json(body: Bytes, id: RequestId) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers::stamp(response.headers_mut(), id);
    response
}

/// Ids with a slash come as `sim%2Fecho` from clients that encode path parts.
fn percent_decoded(text: &str) -> String {
    let decoded = text
        .replace("%2F", "/")
        .replace("%2f", "/")
        .replace("%3A", ":")
        .replace("%3a", ":");
    decoded.replace("%40", "@").replace("%20", " ")
}
