//! This room's routes.

mod breakers;
mod debug;
mod docs;
mod health;
mod index;
mod metrics;

use std::sync::Arc;

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Ops;

web::permits! {
    OpsRead = OPS_READ,
    OpsUpdate = OPS_UPDATE,
    DebugRead = DEBUG_READ,
}

/// Every route of this room.
pub fn routes(ops: Arc<Ops>) -> OpenApiRouter {
    router().with_state(ops)
}

/// The API document of this room's routes alone.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

fn router() -> OpenApiRouter<Arc<Ops>> {
    OpenApiRouter::new()
        .routes(routes!(index::read_index))
        .routes(routes!(health::read_health))
        .routes(routes!(health::read_live))
        .routes(routes!(health::read_ready))
        .routes(routes!(health::read_ready_short))
        .routes(routes!(health::read_detailed))
        .routes(routes!(metrics::read_metrics))
        .routes(routes!(docs::read_document))
        .routes(routes!(docs::open_docs))
        .routes(routes!(docs::read_docs))
        .routes(routes!(docs::read_docs_file))
        .routes(routes!(breakers::list_breakers))
        .routes(routes!(breakers::reset_breaker))
        .routes(routes!(debug::settings::read_settings))
        .routes(routes!(debug::streams::list_streams))
        .routes(routes!(debug::tasks::read_tasks))
        .routes(routes!(debug::memory::read_memory))
        .routes(routes!(debug::cpu_profile::take_cpu_profile))
        .routes(routes!(
            debug::log_level::read_log_level,
            debug::log_level::change_log_level
        ))
}

/// Adds the ways to send a credential to the API document, and asks for one everywhere but on public routes.
pub fn security_schemes(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let header = |name: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(name)));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("api_key", header(web::auth::API_KEY));
    components.add_security_scheme("switchyard_key", header(web::auth::SWITCHYARD_KEY));
    let any = ["bearer", "api_key", "switchyard_key"].map(|name| {
        utoipa::openapi::security::SecurityRequirement::new(name, Vec::<String>::new())
    });
    document.security = Some(any.to_vec());
}

/// An administrative act as this room records it.
fn act(
    ops: &Ops,
    caller: &guard::Caller,
    context: &web::RequestContext,
    action: &str,
    target: String,
    change: serde_json::Value,
) -> facts::Act {
    facts::Act {
        at: ops.deps.clock.now(),
        org: caller.principal.org,
        actor: Some(caller.principal.key),
        request: Some(context.request_id),
        action: action.to_owned(),
        target,
        change,
    }
}

#[cfg(test)]
mod tests;
