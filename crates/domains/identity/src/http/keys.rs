//! `/v1/keys`.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{KeyId, Page};
use web::{ApiError, Can, Json, Path, Query, Refusals, RequestContext};

use super::body::{ChangedKey, KeyFilter, NewKeyBody, Rotation};
use super::view::{KeyList, KeyView, MadeKeyView, RotatedKeyView};
use super::{KeysCreate, KeysDelete, KeysRead, KeysUpdate};
use crate::service::{Actor, Identity};

type Answer<T> = Result<T, ApiError>;
/// A secret is in the answer: nobody on the way keeps it.
type NoStore = [(HeaderName, HeaderValue); 1];

fn no_store() -> NoStore {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

/// Makes a key
///
/// The answer holds its secret, this once. Without `scopes` the key can call models and see them; without `limits` it
/// gets those of `limits.default`, with `{}` none. A key can grant only scopes that it holds itself.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "keys",
    operation_id = "create_key",
    request_body = NewKeyBody,
    responses((status = 201, description = "made; `key` is shown this once", body = MadeKeyView), Refusals),
    extensions(("x-permission" = json!("keys:create")), ("x-audit" = json!("key.create")))
)]
pub(super) async fn create_key(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysCreate>,
    context: RequestContext,
    Json(body): Json<NewKeyBody>,
) -> Answer<(StatusCode, NoStore, Json<MadeKeyView>)> {
    let actor = Actor::of(&caller, context.request_id);
    let made = room.create(&actor, body.into()).await?;
    let view = MadeKeyView::of(&made, &room);
    Ok((StatusCode::CREATED, no_store(), Json(view)))
}

/// Lists keys, newest first
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "keys",
    operation_id = "list_keys",
    params(KeyFilter),
    responses((status = 200, description = "one page", body = KeyList), Refusals),
    extensions(("x-permission" = json!("keys:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn list_keys(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysRead>,
    context: RequestContext,
    Query(filter): Query<KeyFilter>,
) -> Answer<Json<Page<KeyView>>> {
    let actor = Actor::of(&caller, context.request_id);
    let page = room.list(&actor, &filter.query()?).await?;
    Ok(Json(page.map(|key| KeyView::of(&key, &room))))
}

/// Shows a key, what it has spent and what is left of its limits
#[utoipa::path(
    get,
    path = "/v1/keys/{id}",
    tag = "keys",
    operation_id = "get_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "the key", body = KeyView), Refusals),
    extensions(("x-permission" = json!("keys:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn get_key(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysRead>,
    context: RequestContext,
    Path(id): Path<KeyId>,
) -> Answer<Json<KeyView>> {
    let actor = Actor::of(&caller, context.request_id);
    let key = room.get(&actor, id).await?;
    let used = room.state(&key).await?;
    Ok(Json(KeyView::of(&key, &room).with_use(&used)))
}

/// Changes a key
///
/// What it has counted and spent stays. `limits: null` goes back to `limits.default`, `expires_at: null` is never.
#[utoipa::path(
    patch,
    path = "/v1/keys/{id}",
    tag = "keys",
    operation_id = "update_key",
    params(("id" = String, Path, description = "`key_…`")),
    request_body = ChangedKey,
    responses((status = 200, description = "the key as it is now", body = KeyView), Refusals),
    extensions(("x-permission" = json!("keys:update")), ("x-audit" = json!("key.update")))
)]
pub(super) async fn update_key(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysUpdate>,
    context: RequestContext,
    Path(id): Path<KeyId>,
    Json(body): Json<ChangedKey>,
) -> Answer<Json<KeyView>> {
    let actor = Actor::of(&caller, context.request_id);
    let key = room.update(&actor, id, body.into()).await?;
    Ok(Json(KeyView::of(&key, &room)))
}

/// Revokes a key, at once and for good
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    tag = "keys",
    operation_id = "revoke_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 204, description = "revoked, now or before"), Refusals),
    extensions(("x-permission" = json!("keys:delete")), ("x-audit" = json!("key.revoke")))
)]
pub(super) async fn revoke_key(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysDelete>,
    context: RequestContext,
    Path(id): Path<KeyId>,
) -> Answer<StatusCode> {
    let actor = Actor::of(&caller, context.request_id);
    room.revoke(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a key a new secret
///
/// The answer holds it, this once. Earlier secrets hold for `overlap_seconds` more (a day where it is left out). The body
/// may be left out as a whole.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotate",
    tag = "keys",
    operation_id = "rotate_key",
    params(("id" = String, Path, description = "`key_…`")),
    request_body = Option<Rotation>,
    responses((status = 200, description = "rotated; `key` is shown this once", body = RotatedKeyView), Refusals),
    extensions(("x-permission" = json!("keys:update")), ("x-audit" = json!("key.rotate")))
)]
pub(super) async fn rotate_key(
    State(room): State<Identity>,
    Can(caller, _): Can<KeysUpdate>,
    context: RequestContext,
    Path(id): Path<KeyId>,
    body: Option<Json<Rotation>>,
) -> Answer<(NoStore, Json<RotatedKeyView>)> {
    let actor = Actor::of(&caller, context.request_id);
    let rotation = body.map(|Json(rotation)| rotation).unwrap_or_default();
    let overlap = Duration::from_secs(rotation.overlap_seconds);
    let rotated = room.rotate(&actor, id, overlap).await?;
    Ok((no_store(), Json(RotatedKeyView::of(&rotated, &room))))
}
