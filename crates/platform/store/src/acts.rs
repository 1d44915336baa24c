//! The record of administrative acts: appended in the act's own transaction, never changed.

use facts::Act;
use kernel::{Cursor, OrgId, Page, Timestamp};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::StoreError;

/// An act as it stands in the record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedAct {
    /// Its own id, `act_…`; sorts by time.
    pub id: String,
    /// The act.
    pub act: Act,
}

/// Which acts to list. Newest first.
#[derive(Debug, Clone)]
pub struct ActQuery {
    /// The tenant.
    pub org: OrgId,
    /// Only this action, e.g. `key.create`.
    pub action: Option<String>,
    /// Only acts on the thing of this id.
    pub target: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// Rows of a page, at most 1,000.
    pub limit: usize,
}

/// Writes an act down; call it in the transaction of the act and before [`crate::changes::bump`].
///
/// # Errors
/// Whatever the database says; roll the transaction back then.
pub async fn record<C: ConnectionTrait>(conn: &C, act: &Act) -> Result<(), StoreError> {
    let id = format!("act_{}", Uuid::now_v7().simple());
    let statement = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "INSERT INTO acts (id, at, org, actor, request, action, target, change) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            id.into(),
            act.at.micros().into(),
            act.org.to_string().into(),
            act.actor.map(|actor| actor.to_string()).into(),
            act.request.map(|request| request.to_string()).into(),
            act.action.clone().into(),
            act.target.clone().into(),
            act.change.to_string().into(),
        ],
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

/// One page of the record, newest first.
///
/// # Errors
/// Whatever the database says; [`StoreError::Unreadable`] for a row of a later version.
pub async fn list<C: ConnectionTrait>(
    conn: &C,
    query: &ActQuery,
) -> Result<Page<RecordedAct>, StoreError> {
    let limit = query.limit.clamp(1, 1_000);
    let mut sql = String::from(
        "SELECT id, at, org, actor, request, action, target, change FROM acts WHERE org = $1",
    );
    let mut values: Vec<Value> = vec![query.org.to_string().into()];
    for (column, wanted) in [("action", &query.action), ("target", &query.target)] {
        if let Some(wanted) = wanted {
            values.push(wanted.clone().into());
            sql.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    // A cursor that cannot be read starts over: it is the caller's own text, not a right.
    if let Some((at, id)) = query.cursor.as_ref().and_then(position) {
        values.push(at.into());
        let at = values.len();
        values.push(id.into());
        let id = values.len();
        sql.push_str(&format!(" AND (at < ${at} OR (at = ${at} AND id < ${id}))"));
    }
    values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(
        " ORDER BY at DESC, id DESC LIMIT ${}",
        values.len()
    ));
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = conn.query_all_raw(statement).await?;
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(rows, limit, |row| {
        format!("{}.{}", row.act.at.micros(), row.id)
    }))
}

fn position(cursor: &Cursor) -> Option<(i64, String)> {
    let (at, id) = cursor.0.split_once('.')?;
    Some((at.parse().ok()?, id.to_owned()))
}

fn read(row: &QueryResult) -> Result<RecordedAct, StoreError> {
    let text = |index: usize| row.try_get_by_index::<String>(index);
    let unreadable = |what| StoreError::Unreadable { what };
    Ok(RecordedAct {
        id: text(0)?,
        act: Act {
            at: Timestamp(row.try_get_by_index(1)?),
            org: text(2)?.parse().map_err(|_| unreadable("acts.org"))?,
            actor: row
                .try_get_by_index::<Option<String>>(3)?
                .map(|actor| actor.parse())
                .transpose()
                .map_err(|_| unreadable("acts.actor"))?,
            request: row
                .try_get_by_index::<Option<String>>(4)?
                .map(|request| request.parse())
                .transpose()
                .map_err(|_| unreadable("acts.request"))?,
            action: text(5)?,
            target: text(6)?,
            change: serde_json::from_str(&text(7)?).map_err(|_| unreadable("acts.change"))?,
        },
    })
}
