//! The routes of this room.

mod body;
mod keys;
mod limits;
mod machine;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::service::Identity;

web::permits! {
    KeysCreate = KEYS_CREATE,
    KeysRead = KEYS_READ,
    KeysUpdate = KEYS_UPDATE,
    KeysDelete = KEYS_DELETE,
}

/// All routes, with the room behind them.
pub fn routes(room: Identity) -> OpenApiRouter {
    router().with_state(room)
}

/// The API document of this room's routes alone.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

fn router() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(keys::create_key, keys::list_keys))
        .routes(routes!(keys::get_key, keys::update_key, keys::revoke_key))
        .routes(routes!(keys::rotate_key))
}
