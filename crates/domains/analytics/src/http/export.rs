//! `GET /v1/calls/export.ndjson` and `GET /v1/calls/export.csv`: all calls that fit, streamed a page at a time.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use facts::CallClosed;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use web::{ApiError, Can, Query};

use super::call_view::{CallRow, CallView};
use super::calls::CallsQuery;
use super::{CallsRead, csv};
use crate::Analytics;
use crate::error::AnalyticsError;

/// Calls as lines of JSON, each as `/v1/calls/{id}` shows it; `limit` is the most rows to give
#[utoipa::path(
    get,
    path = "/v1/calls/export.ndjson",
    tag = "calls",
    params(CallsQuery),
    responses((status = 200, description = "NDJSON", content_type = "application/x-ndjson", body = String), web::Refusals),
    extensions(("x-permission" = json!("calls:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn export_calls_ndjson(
    State(room): State<Analytics>,
    caller: Can<CallsRead>,
    Query(query): Query<CallsQuery>,
) -> Result<Response, ApiError> {
    let pages = pages(&room, &caller, &query).await?;
    let lines = pages.map_ok(move |calls| {
        let mut text = String::new();
        for call in calls {
            // A record that was read can be written.
            let view = CallView::new(&room, call);
            text.push_str(&serde_json::to_string(&view).unwrap_or_default());
            text.push('\n');
        }
        Bytes::from(text)
    });
    Ok(answer("application/x-ndjson", "calls.ndjson", lines))
}

/// Calls as CSV; `limit` is the most rows to give
#[utoipa::path(
    get,
    path = "/v1/calls/export.csv",
    tag = "calls",
    params(CallsQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv", body = String), web::Refusals),
    extensions(("x-permission" = json!("calls:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn export_calls_csv(
    State(room): State<Analytics>,
    caller: Can<CallsRead>,
    Query(query): Query<CallsQuery>,
) -> Result<Response, ApiError> {
    let pages = pages(&room, &caller, &query).await?;
    let lines = pages.map_ok(move |calls| {
        let mut text = String::new();
        for call in calls {
            csv::line(&mut text, &CallRow::new(&room, call));
        }
        Bytes::from(text)
    });
    let header = stream::once(async { Ok(Bytes::from_static(csv::HEADER.as_bytes())) });
    Ok(answer(
        "text/csv; charset=utf-8",
        "calls.csv",
        header.chain(lines),
    ))
}

/// The pages that fit. The first is read before the answer begins, so that a store that is gone is an error and not an
/// answer cut short.
async fn pages(
    room: &Analytics,
    caller: &Can<CallsRead>,
    query: &CallsQuery,
) -> Result<
    impl Stream<Item = Result<Vec<CallClosed>, AnalyticsError>> + Send + 'static,
    AnalyticsError,
> {
    if query.cursor.is_some() {
        return Err(AnalyticsError::query(
            "cursor",
            "an export starts at the newest call; bound it by from and to",
        ));
    }
    let most = query.limit.map(u64::from);
    let pages = room.export(caller.0.principal.org, query.filter()?, most);
    let mut pages = Box::pin(pages);
    let first = pages.try_next().await?;
    Ok(stream::iter(first.map(Ok)).chain(pages))
}

fn answer(
    kind: &'static str,
    file: &str,
    lines: impl Stream<Item = Result<Bytes, AnalyticsError>> + Send + 'static,
) -> Response {
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
    ];
    let lines = lines.inspect_err(|error| tracing::warn!(%error, "an export broke off"));
    (headers, Body::from_stream(lines)).into_response()
}
