//! One router of all rooms' routes and one document of all operations.

use std::sync::Arc;

use gateway::Gateway;
use guard::Breakers;
use kernel::Clock;
use ops::{HealthProbe, Ops};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::adapters::{acts, health, live, settings_view};
use crate::boot::Rooms;
use crate::settings::Settings;

/// What the router is made of.
pub(crate) struct Parts<'a> {
    pub settings: &'a Settings,
    pub view: settings_view::View,
    pub rooms: &'a Rooms,
    pub gateway: &'a Gateway,
    pub breakers: Arc<Breakers>,
    pub logs: telemetry::Logs,
    pub clock: Arc<dyn Clock>,
}

/// Builds router and operations room.
pub(crate) fn build(parts: Parts<'_>) -> (axum::Router, Arc<Ops>) {
    let probes: Vec<Arc<dyn HealthProbe>> = vec![
        Arc::new(health::StoreProbe(parts.rooms.store.clone())),
        Arc::new(health::JournalProbe(parts.rooms.journal.clone())),
    ];
    let registry = telemetry::registry();
    health::expose_journal(registry, parts.rooms.journal.clone(), parts.clock.clone());
    live::expose(registry, parts.gateway.live().clone());
    telemetry::process::expose(registry, env!("CARGO_PKG_VERSION"));
    let ops = Ops::new(ops::Deps {
        clock: parts.clock,
        settings: parts.settings.ops.clone(),
        version: env!("CARGO_PKG_VERSION"),
        probes,
        breakers: parts.breakers,
        settings_view: Arc::new(parts.view),
        live_calls: Arc::new(live::Live(parts.gateway.live().clone())),
        acts: Arc::new(acts::Acts(parts.rooms.store.clone())),
        logs: parts.logs,
        registry: registry.clone(),
    });
    let rooms = OpenApiRouter::new()
        .merge(identity::routes(parts.rooms.identity.clone()))
        .merge(analytics::routes(parts.rooms.analytics.clone()))
        .merge(ops::routes(ops.clone()));
    let (router, _) = rooms.split_for_parts();
    ops.publish(&document());
    (web::harden(router, &parts.settings.http), ops)
}

/// The API document: every room's operations and the gateway's.
#[must_use]
pub fn document() -> OpenApi {
    let description = "Every route below /v1 answers identically below /api/v1. Model routes answer in the error shape \
                       of their protocol, all others in {error, code, details}.";
    let info = InfoBuilder::new()
        .title("Switchyard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    for part in [
        gateway::http::document(),
        identity::document(),
        analytics::document(),
        ops::document(),
    ] {
        document.merge(part);
    }
    ops::security_schemes(&mut document);
    document
}
