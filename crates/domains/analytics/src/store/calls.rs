//! Records of calls: found by what the columns hold, read from the record itself.

use facts::{CallClosed, CallStatus, Surface};
use kernel::{CallId, KeyId, Nano, OrgId, ProjectId, RequestId, Timestamp};
use sea_orm::{ConnectionTrait, Value};

use super::Result;
use super::ingest::tag_pattern;
use crate::sql::Sql;

/// Which calls are asked for. Everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// Begun at or after this.
    pub from: Option<Timestamp>,
    /// Begun before this.
    pub to: Option<Timestamp>,
    /// The model that answered or was asked for.
    pub model: Option<String>,
    /// The provider, by its configured name.
    pub provider: Option<String>,
    /// The project charged.
    pub project: Option<ProjectId>,
    /// The key used.
    pub key: Option<KeyId>,
    /// The surface called.
    pub surface: Option<Surface>,
    /// How it ended.
    pub status: Option<CallStatus>,
    /// Ended in an error of any kind, or did not.
    pub failed: Option<bool>,
    /// The status that the caller saw.
    pub http_status: Option<u16>,
    /// The session that the client named.
    pub session: Option<String>,
    /// Tags that it carries, all of them.
    pub tags: Vec<(String, String)>,
    /// The end user that the body named.
    pub end_user: Option<String>,
    /// The client program.
    pub client: Option<String>,
    /// Cost at least this much, at list price.
    pub min_cost: Option<Nano>,
    /// Took at least this long, in microseconds.
    pub min_duration_us: Option<i64>,
    /// Text within the error's code or words, whatever its case.
    pub error: Option<String>,
    /// The request that it was made by.
    pub request: Option<RequestId>,
}

/// A call begins within this of its request's id, in microseconds: its body may be long in coming, and a clock may be set back.
const BEGINS_WITHIN: (i64, i64) = (-60_000_000, 600_000_000);

/// Where a page ended: the last call's start and id.
pub(crate) type After = (Timestamp, CallId);

/// Calls newest first.
pub(crate) async fn list<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    filter: &CallFilter,
    after: Option<After>,
    limit: usize,
) -> Result<Vec<CallClosed>> {
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT record FROM calls WHERE org = ",
    );
    sql.bind(org.to_string())
        .and("started_at >=", filter.from.map(|at| at.0))
        .and("started_at <", filter.to.map(|at| at.0));
    if let Some(model) = &filter.model {
        sql.push(" AND (model = ")
            .bind(model.as_str())
            .push(" OR requested_model = ")
            .bind(model.as_str())
            .push(")");
    }
    if let Some(status) = filter.status {
        // Said again in words that the partial index was made with.
        if status != CallStatus::Ok {
            sql.push(" AND status <> 'ok'");
        }
        sql.and("status =", Some(status.as_str()));
    }
    match filter.failed {
        // A client that left is no failure, see `CallStatus::is_error`.
        Some(true) => sql.push(" AND status <> 'ok' AND status <> 'client_gone'"),
        Some(false) => sql.push(" AND status IN ('ok', 'client_gone')"),
        None => &mut sql,
    };
    sql.and("provider =", filter.provider.as_deref())
        .and("project =", filter.project.map(|id| id.to_string()))
        .and("key_id =", filter.key.map(|id| id.to_string()))
        .and("surface =", filter.surface.map(Surface::as_str))
        .and("http_status =", filter.http_status.map(i64::from))
        .and("session =", filter.session.as_deref())
        .and("end_user =", filter.end_user.as_deref())
        .and("client =", filter.client.as_deref())
        .and("cost_nano >=", filter.min_cost.map(|cost| cost.0))
        .and("duration_us >=", filter.min_duration_us);
    for (tag, value) in &filter.tags {
        contains(&mut sql, "tags", tag_pattern(tag, value));
    }
    if let Some(text) = &filter.error {
        contains(&mut sql, "LOWER(error)", text.to_ascii_lowercase());
    }
    if let Some(request) = &filter.request {
        // No column of its own: it is rarely asked for, and its id says when to look.
        let made_at = request.made_at_ms().saturating_mul(1_000);
        sql.and(
            "started_at >=",
            Some(made_at.saturating_add(BEGINS_WITHIN.0)),
        )
        .and(
            "started_at <",
            Some(made_at.saturating_add(BEGINS_WITHIN.1)),
        );
        // In a text, the quotes would be escaped.
        contains(&mut sql, "record", format!("\"request\":\"{request}\""));
    }
    if let Some((at, id)) = after {
        // The first test says nothing new, but it is one that both databases find in the index.
        sql.and("started_at <=", Some(at.0))
            .push(" AND (started_at, id) < (")
            .bind(at.0)
            .push(", ")
            .bind(id.to_string())
            .push(")");
    }
    sql.push(" ORDER BY started_at DESC, id DESC LIMIT ")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    conn.query_all_raw(sql.statement())
        .await?
        .iter()
        .map(|row| {
            let record: String = row.try_get_by_index(0)?;
            Ok(serde_json::from_str(&record)?)
        })
        .collect()
}

/// Tests for a part of a text. `LIKE` would fold case in one database only and give two characters a meaning.
fn contains(sql: &mut Sql, text: &str, part: impl Into<Value>) {
    sql.push(" AND REPLACE(")
        .push(text)
        .push(", ")
        .bind(part)
        .push(", '') <> ")
        .push(text);
}

/// One call of an organisation.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    id: CallId,
) -> Result<Option<CallClosed>> {
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT record FROM calls WHERE id = ",
    );
    sql.bind(id.to_string()).and("org =", Some(org.to_string()));
    let Some(row) = conn.query_one_raw(sql.statement()).await? else {
        return Ok(None);
    };
    let record: String = row.try_get_by_index(0)?;
    Ok(Some(serde_json::from_str(&record)?))
}

/// Every organisation that has calls, found by leaps through the index instead of a walk over all rows.
pub(crate) async fn organisations<C: ConnectionTrait>(conn: &C) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let mut sql = Sql::new(
            conn.get_database_backend(),
            "SELECT org FROM calls WHERE org > ",
        );
        sql.bind(found.last().map_or("", String::as_str))
            .push(" ORDER BY org LIMIT 1");
        match conn.query_one_raw(sql.statement()).await? {
            Some(row) => found.push(row.try_get_by_index(0)?),
            None => return Ok(found),
        }
    }
}

/// Deletes up to `limit` calls of an organisation begun before `before`; says how many went.
pub(crate) async fn delete_before<C: ConnectionTrait>(
    conn: &C,
    org: &str,
    before: Timestamp,
    limit: u32,
) -> Result<u64> {
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE org = ",
    );
    sql.bind(org)
        .and("started_at <", Some(before.0))
        .push(" ORDER BY started_at LIMIT ")
        .bind(i64::from(limit))
        .push(")");
    Ok(conn.execute_raw(sql.statement()).await?.rows_affected())
}
