//! Follows announced changes of keys, made by this process or another.

use store::changes::Subscription;
use tokio::sync::broadcast::error::RecvError;

use super::subject;
use crate::service::Identity;

pub(super) async fn run(identity: Identity, mut changes: Subscription) {
    let callers = &identity.0.callers;
    // Who looked a key up between the opening of the room and the subscription may have read an older one.
    callers.follow_all().await;
    loop {
        match changes.recv().await {
            Ok(text) => match subject(&text) {
                Some(id) => callers.follow(id).await,
                None => tracing::warn!(subject = text, "a change of no key was announced"),
            },
            Err(RecvError::Lagged(_)) => callers.follow_all().await,
            Err(RecvError::Closed) => return,
        }
    }
}
