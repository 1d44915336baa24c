//! This room's routes.

mod call_view;
mod calls;
mod csv;
mod export;
mod timeseries;
mod tokens;
mod usage;
mod usage_view;

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Analytics;

web::permits! {
    AnalyticsRead = ANALYTICS_READ,
    CallsRead = CALLS_READ,
    PayloadsRead = PAYLOADS_READ,
}

/// Every route of this room.
pub fn routes(room: Analytics) -> OpenApiRouter {
    operations().with_state(room)
}

/// The API document of this room's routes, without a room behind them.
#[must_use]
pub fn document() -> OpenApi {
    operations().into_openapi()
}

fn operations() -> OpenApiRouter<Analytics> {
    OpenApiRouter::new()
        .routes(routes!(usage::read_usage))
        .routes(routes!(tokens::read_tokens))
        .routes(routes!(timeseries::read_timeseries))
        .routes(routes!(calls::list_calls))
        .routes(routes!(export::export_calls_ndjson))
        .routes(routes!(export::export_calls_csv))
        .routes(routes!(calls::read_call))
        .routes(routes!(calls::read_call_payload))
}
