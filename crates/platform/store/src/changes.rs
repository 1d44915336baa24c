//! The change sequence: what was changed in the store, numbered without gaps in the order of commits, and a feed of it.
//!
//! Memories of the store (keys, limits, policies) follow it. It carries names of things, never their content.

mod feed;

pub use feed::{Feed, Subscription};

use sea_orm::{ConnectionTrait, Statement};

use crate::{StoreError, dialect};

/// Changes kept for feeds that lag; one that lags further is told to reload everything.
const KEPT: i64 = 10_000;
/// Old changes are cleared once in so many.
const CLEAR_EVERY: i64 = 256;

/// Announces that `subject` of `topic` changed, in the transaction that changes it. Call it last in the transaction:
/// from here to the commit every other announcer waits.
///
/// # Errors
/// Whatever the database says; roll the transaction back then.
pub async fn bump<C: ConnectionTrait>(
    conn: &C,
    topic: &str,
    subject: &str,
) -> Result<(), StoreError> {
    let backend = conn.get_database_backend();
    let next = Statement::from_string(backend, dialect::NEXT_CHANGE);
    let row = conn
        .query_one_raw(next)
        .await?
        .ok_or(StoreError::Unreadable {
            what: "the row of change_head",
        })?;
    let sequence: i64 = row.try_get_by_index(0)?;
    let record = Statement::from_sql_and_values(
        backend,
        "INSERT INTO changes (sequence, topic, subject) VALUES ($1, $2, $3)",
        [sequence.into(), topic.into(), subject.into()],
    );
    conn.execute_raw(record).await?;
    if sequence % CLEAR_EVERY == 0 {
        let clear = Statement::from_sql_and_values(
            backend,
            "DELETE FROM changes WHERE sequence <= $1",
            [(sequence - KEPT).into()],
        );
        conn.execute_raw(clear).await?;
    }
    Ok(())
}
