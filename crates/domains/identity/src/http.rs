//! The routes of this room.

mod body;
mod keys;
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
    OpenApiRouter::new()
        .routes(routes!(keys::create_key, keys::list_keys))
        .routes(routes!(keys::get_key, keys::update_key, keys::revoke_key))
        .routes(routes!(keys::rotate_key))
        .with_state(room)
}
