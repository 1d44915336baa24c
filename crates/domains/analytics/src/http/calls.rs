//! `GET /v1/calls`, `/v1/calls/{id}`, `/v1/calls/{id}/payload`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use facts::CallStatus;
use kernel::Nano;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Can, Json, Path, Query};

use super::call_view::{CallRow, CallView};
use super::{CallsRead, PayloadsRead};
use crate::Analytics;
use crate::error::AnalyticsError;
use crate::service::query::{id, instant, limit, pair, surface, zone};
use crate::store::calls::CallFilter;

/// Which calls are asked for. Everything that is given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CallsQuery {
    /// Begun at or after this: RFC 3339, or a day in `time_zone`.
    from: Option<String>,
    /// Begun before this: RFC 3339, or a day in `time_zone`, which stands for its end.
    to: Option<String>,
    /// IANA name of the zone that days are meant in; UTC when left out.
    time_zone: Option<String>,
    /// The model that answered or was asked for.
    model: Option<String>,
    /// The provider, by its configured name.
    provider: Option<String>,
    /// The project charged.
    project: Option<String>,
    /// The key used.
    key: Option<String>,
    /// `chat`, `responses`, `messages`, `count_tokens`, `embeddings`, `native`.
    surface: Option<String>,
    /// `ok`, `upstream_error`, `upstream_failed`, `timed_out`, `client_gone`, `budget_stopped`, `unavailable`, `interrupted`.
    status: Option<String>,
    /// `true` for calls that ended in an error of any kind, `false` for the others.
    failed: Option<bool>,
    /// The status that the caller saw.
    http_status: Option<u16>,
    /// The session that the client named.
    session: Option<String>,
    /// Tags, `name=value`; several with commas, all of which must be there.
    #[serde(default)]
    #[param(style = Form, explode = false)]
    tag: Vec<String>,
    /// The end user that the body named.
    end_user: Option<String>,
    /// The client program, e.g. `claude-cli`.
    client: Option<String>,
    /// Cost at least this much, in US dollars at list price.
    #[param(example = "0.50")]
    min_cost: Option<String>,
    /// Took at least this many milliseconds.
    min_duration_ms: Option<u64>,
    /// Text within the error's code or words, whatever its case.
    error: Option<String>,
    /// The request's id, as its answer bore it in `x-request-id`.
    request_id: Option<String>,
    /// Calls per page, 1 to 500; 50 when left out. An export takes it as the most rows to give.
    pub(super) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl CallsQuery {
    pub(super) fn filter(&self) -> Result<CallFilter, AnalyticsError> {
        let zone = zone(self.time_zone.as_deref())?;
        let at = |field, text: &Option<String>, end| {
            text.as_deref()
                .map(|text| instant(field, text, zone, end))
                .transpose()
        };
        let status = self.status.as_deref().map(|name| {
            CallStatus::parse(name)
                .ok_or_else(|| AnalyticsError::query("status", "expected ok, upstream_error, upstream_failed, timed_out, client_gone, budget_stopped, unavailable or interrupted"))
        });
        let min_cost = self.min_cost.as_deref().map(|text| {
            text.parse::<Nano>()
                .map_err(|error| AnalyticsError::query("min_cost", error.to_string()))
        });
        let tags: Result<_, _> = self.tag.iter().map(|tag| pair(tag.trim())).collect();
        let (from, to) = (at("from", &self.from, false)?, at("to", &self.to, true)?);
        // Usage is refused in the same words. Where `to` is left out there is nothing to lie before: calls have no end.
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(AnalyticsError::query("from", "must lie before to"));
        }
        Ok(CallFilter {
            from,
            to,
            model: self.model.clone(),
            provider: self.provider.clone(),
            project: id("project", self.project.as_deref())?,
            key: id("key", self.key.as_deref())?,
            surface: self.surface.as_deref().map(surface).transpose()?,
            status: status.transpose()?,
            failed: self.failed,
            http_status: self.http_status,
            session: self.session.clone(),
            tags: tags?,
            end_user: self.end_user.clone(),
            client: self.client.clone(),
            min_cost: min_cost.transpose()?,
            min_duration_us: self
                .min_duration_ms
                .map(|ms| i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)),
            error: self.error.clone().filter(|text| !text.is_empty()),
            request: id("request_id", self.request_id.as_deref())?,
        })
    }
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallsAnswer {
    /// Calls, newest first.
    data: Vec<CallRow>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// Calls, newest first, found by anything that is known of them
#[utoipa::path(
    get,
    path = "/v1/calls",
    tag = "calls",
    params(CallsQuery),
    responses((status = 200, body = CallsAnswer), web::Refusals),
    extensions(("x-permission" = json!("calls:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn list_calls(
    State(room): State<Analytics>,
    caller: Can<CallsRead>,
    Query(query): Query<CallsQuery>,
) -> Result<Json<CallsAnswer>, ApiError> {
    let limit = limit(query.limit, 50, 500)?;
    let page = room
        .calls(
            caller.0.principal.org,
            &query.filter()?,
            query.cursor.as_deref(),
            limit,
        )
        .await?;
    let page = page.map(|call| CallRow::new(&room, call));
    Ok(Json(CallsAnswer {
        data: page.data,
        next_cursor: page.next_cursor.map(|cursor| cursor.0),
    }))
}

/// One call with its attempts, timings, tokens and price
#[utoipa::path(
    get,
    path = "/v1/calls/{id}",
    tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, body = CallView), web::Refusals),
    extensions(("x-permission" = json!("calls:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_call(
    State(room): State<Analytics>,
    caller: Can<CallsRead>,
    Path(id): Path<String>,
) -> Result<Json<CallView>, ApiError> {
    let call = room.call(caller.0.principal.org, &id).await?;
    Ok(Json(CallView::new(&room, call)))
}

/// The captured request and answer of a call
#[utoipa::path(
    get,
    path = "/v1/calls/{id}/payload",
    tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses(
        (status = 200, description = "The payload as JSON", body = serde_json::Value),
        web::Refusals,
    ),
    extensions(("x-permission" = json!("payloads:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_call_payload(
    State(room): State<Analytics>,
    caller: Can<PayloadsRead>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let payload = room.payload(caller.0.principal.org, &id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], payload))
}
