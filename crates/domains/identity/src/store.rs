//! The queries of this room. Rows never leave this module; digests leave it only for `callers`.

pub(crate) mod hex;
mod row;
pub(crate) mod tenancy;

use crypto::Digest;
use kernel::{Cursor, KeyId, OrgId, Page, ProjectId, Timestamp};
use sea_orm::{ConnectionTrait, Statement, Value};
use store::StoreError;

use crate::model::Key;
use row::{COLUMNS, json, read};

type Result<T> = std::result::Result<T, StoreError>;

fn statement<C: ConnectionTrait>(
    conn: &C,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Statement {
    Statement::from_sql_and_values(conn.get_database_backend(), sql, values)
}

/// One secret of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptSecret {
    pub digest: Digest,
    /// Not of our own form, so that no checksum tells it apart: the one of `SWITCHYARD_ADMIN_KEY`.
    pub bare: bool,
    /// The end of its overlap; `None` for the newest.
    pub expires_at: Option<Timestamp>,
}

/// Which keys to list, newest first.
#[derive(Debug, Clone)]
pub(crate) struct ListKeys {
    pub org: OrgId,
    pub project: Option<ProjectId>,
    pub revoked: bool,
    pub after: Option<KeyId>,
    pub limit: usize,
}

pub(crate) async fn insert<C: ConnectionTrait>(conn: &C, key: &Key) -> Result<()> {
    let sql = format!(
        "INSERT INTO api_keys ({COLUMNS}) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    );
    let micros = |at: Option<Timestamp>| at.map(Timestamp::micros);
    let values = vec![
        key.id.to_string().into(),
        key.org.to_string().into(),
        key.project.to_string().into(),
        key.name.clone().into(),
        key.role.as_str().into(),
        key.display.clone().into(),
        json(&key.scopes)?.into(),
        json(&key.models)?.into(),
        key.limits.as_ref().map(json).transpose()?.into(),
        json(&key.budgets)?.into(),
        json(&key.tags)?.into(),
        i64::from(key.capture).into(),
        key.created_at.micros().into(),
        key.created_by.map(|by| by.to_string()).into(),
        key.updated_at.micros().into(),
        micros(key.expires_at).into(),
        micros(key.revoked_at).into(),
        micros(key.last_used_at).into(),
    ];
    conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(())
}

/// Writes every field that a change may touch.
pub(crate) async fn update<C: ConnectionTrait>(conn: &C, key: &Key) -> Result<()> {
    let sql = "UPDATE api_keys SET name = $1, display = $2, scopes = $3, models = $4, limits = $5, budgets = $6, \
               tags = $7, capture = $8, updated_at = $9, expires_at = $10, revoked_at = $11 \
               WHERE id = $12 AND org = $13";
    let values = vec![
        key.name.clone().into(),
        key.display.clone().into(),
        json(&key.scopes)?.into(),
        json(&key.models)?.into(),
        key.limits.as_ref().map(json).transpose()?.into(),
        json(&key.budgets)?.into(),
        json(&key.tags)?.into(),
        i64::from(key.capture).into(),
        key.updated_at.micros().into(),
        key.expires_at.map(Timestamp::micros).into(),
        key.revoked_at.map(Timestamp::micros).into(),
        key.id.to_string().into(),
        key.org.to_string().into(),
    ];
    conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(())
}

/// A key, locked until the end of the transaction: the update makes other changers wait, on both databases.
pub(crate) async fn find_to_change<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    id: KeyId,
) -> Result<Option<Key>> {
    let sql = format!(
        "UPDATE api_keys SET updated_at = updated_at WHERE id = $1 AND org = $2 RETURNING {COLUMNS}"
    );
    let values = vec![id.to_string().into(), org.to_string().into()];
    let row = conn.query_one_raw(statement(conn, sql, values)).await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    id: KeyId,
) -> Result<Option<Key>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1 AND org = $2");
    let values = vec![id.to_string().into(), org.to_string().into()];
    let row = conn.query_one_raw(statement(conn, sql, values)).await?;
    row.as_ref().map(read).transpose()
}

/// Keys by id, whatever their tenant: for what is remembered of them.
pub(crate) async fn reload<C: ConnectionTrait>(conn: &C, ids: &[KeyId]) -> Result<Vec<Key>> {
    let places: Vec<String> = (1..=ids.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys WHERE id IN ({})",
        places.join(", ")
    );
    let values = ids.iter().map(|id| id.to_string().into()).collect();
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    rows.iter().map(read).collect()
}

/// The key behind a digest, and when that secret stops to hold.
pub(crate) async fn find_by_digest<C: ConnectionTrait>(
    conn: &C,
    digest: &Digest,
) -> Result<Option<(Key, Option<Timestamp>)>> {
    let columns: Vec<String> = COLUMNS
        .split(", ")
        .map(|column| format!("api_keys.{column}"))
        .collect();
    let sql = format!(
        "SELECT {}, api_key_secrets.expires_at AS overlap FROM api_key_secrets \
         JOIN api_keys ON api_keys.id = api_key_secrets.key WHERE api_key_secrets.digest = $1",
        columns.join(", ")
    );
    let values = vec![hex::encode(digest).into()];
    let Some(row) = conn.query_one_raw(statement(conn, sql, values)).await? else {
        return Ok(None);
    };
    let overlap: Option<i64> = row.try_get_by_index(row::COUNT)?;
    Ok(Some((read(&row)?, overlap.map(Timestamp))))
}

/// One page, newest first.
pub(crate) async fn list<C: ConnectionTrait>(conn: &C, query: &ListKeys) -> Result<Page<Key>> {
    let mut sql = format!("SELECT {COLUMNS} FROM api_keys WHERE org = $1");
    let mut values: Vec<Value> = vec![query.org.to_string().into()];
    if let Some(project) = query.project {
        values.push(project.to_string().into());
        sql.push_str(&format!(" AND project = ${}", values.len()));
    }
    if let Some(after) = query.after {
        values.push(after.to_string().into());
        sql.push_str(&format!(" AND id < ${}", values.len()));
    }
    if !query.revoked {
        sql.push_str(" AND revoked_at IS NULL");
    }
    values.push(i64::try_from(query.limit + 1).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", values.len()));
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    let keys = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(keys, query.limit, |key| key.id.to_string()))
}

/// Where a page ended, as its cursor says.
pub(crate) fn position(cursor: &Cursor) -> Option<KeyId> {
    cursor.0.parse().ok()
}

/// The oldest administrator's key that is not revoked, else whether there ever was one.
pub(crate) async fn find_admin<C: ConnectionTrait>(conn: &C, org: OrgId) -> Result<Vec<Key>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE org = $1 AND kind = $2 ORDER BY id");
    let values = vec![
        org.to_string().into(),
        crate::model::Role::Admin.as_str().into(),
    ];
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn add_secret<C: ConnectionTrait>(
    conn: &C,
    key: KeyId,
    secret: &KeptSecret,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO api_key_secrets (digest, key, bare, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let values = vec![
        hex::encode(&secret.digest).into(),
        key.to_string().into(),
        i64::from(secret.bare).into(),
        now.micros().into(),
        secret.expires_at.map(Timestamp::micros).into(),
    ];
    conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(())
}

/// The secrets of some keys.
pub(crate) async fn secrets<C: ConnectionTrait>(
    conn: &C,
    keys: &[KeyId],
) -> Result<Vec<(KeyId, KeptSecret)>> {
    let places: Vec<String> = (1..=keys.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT key, digest, bare, expires_at FROM api_key_secrets WHERE key IN ({})",
        places.join(", ")
    );
    let values = keys.iter().map(|key| key.to_string().into()).collect();
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    rows.iter().map(row::secret).collect()
}

/// The digests of secrets that are not of our own form.
pub(crate) async fn bare_digests<C: ConnectionTrait>(conn: &C) -> Result<Vec<Digest>> {
    let sql = "SELECT key, digest, bare, expires_at FROM api_key_secrets WHERE bare = 1";
    let rows = conn.query_all_raw(statement(conn, sql, vec![])).await?;
    rows.iter()
        .map(|row| row::secret(row).map(|(_, secret)| secret.digest))
        .collect()
}

/// Ends every secret of a key at `end`, those that end earlier excepted, and forgets those that ended by `now`.
pub(crate) async fn end_secrets<C: ConnectionTrait>(
    conn: &C,
    key: KeyId,
    end: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE api_key_secrets SET expires_at = $1 WHERE key = $2 AND (expires_at IS NULL OR expires_at > $1)";
    let values = vec![end.micros().into(), key.to_string().into()];
    conn.execute_raw(statement(conn, sql, values)).await?;
    let sql = "DELETE FROM api_key_secrets WHERE key = $1 AND expires_at <= $2";
    let values = vec![key.to_string().into(), now.micros().into()];
    conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(())
}

/// Notes that keys were used; announces nothing, since nobody decides by it.
pub(crate) async fn used<C: ConnectionTrait>(
    conn: &C,
    keys: &[KeyId],
    at: Timestamp,
) -> Result<()> {
    let places: Vec<String> = (2..=keys.len() + 1).map(|at| format!("${at}")).collect();
    let sql = format!(
        "UPDATE api_keys SET last_used_at = $1 WHERE id IN ({}) AND (last_used_at IS NULL OR last_used_at < $1)",
        places.join(", ")
    );
    let mut values: Vec<Value> = vec![at.micros().into()];
    values.extend(keys.iter().map(|key| Value::from(key.to_string())));
    conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(())
}
