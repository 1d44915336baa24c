//! Organisations and projects: found, or made where they are missing.

use kernel::{OrgId, ProjectId, Timestamp};
use sea_orm::ConnectionTrait;
use store::StoreError;

use super::{Result, statement};

/// The organisation of this name, made where there is none. Its row is locked until the end of the transaction, on
/// both databases: of several processes that start at once one comes first.
pub(crate) async fn lock_org<C: ConnectionTrait>(
    conn: &C,
    name: &str,
    now: Timestamp,
) -> Result<OrgId> {
    let insert = "INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    let values = vec![
        OrgId::new().to_string().into(),
        name.into(),
        now.micros().into(),
    ];
    conn.execute_raw(statement(conn, insert, values)).await?;
    let lock = "UPDATE organisations SET name = name WHERE name = $1 RETURNING id";
    let row = conn
        .query_one_raw(statement(conn, lock, vec![name.into()]))
        .await?;
    let unreadable = StoreError::Unreadable {
        what: "organisations.id",
    };
    let Some(row) = row else {
        return Err(unreadable);
    };
    let id: String = row.try_get_by_index(0)?;
    id.parse().map_err(|_| unreadable)
}

/// The project of this name, and whether it was made now.
pub(crate) async fn project_named<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    name: &str,
    now: Timestamp,
) -> Result<(ProjectId, bool)> {
    let insert = "INSERT INTO projects (id, org, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (org, name) DO NOTHING";
    let values = vec![
        ProjectId::new().to_string().into(),
        org.to_string().into(),
        name.into(),
        now.micros().into(),
    ];
    let made = conn.execute_raw(statement(conn, insert, values)).await?;
    let id = find_project(conn, org, name).await?;
    let id = id.ok_or(StoreError::Unreadable {
        what: "projects.id",
    })?;
    Ok((id, made.rows_affected() > 0))
}

/// The id of a project that exists, by its name.
pub(crate) async fn find_project<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    name: &str,
) -> Result<Option<ProjectId>> {
    let sql = "SELECT id FROM projects WHERE org = $1 AND name = $2";
    let values = vec![org.to_string().into(), name.into()];
    let Some(row) = conn.query_one_raw(statement(conn, sql, values)).await? else {
        return Ok(None);
    };
    let id: String = row.try_get_by_index(0)?;
    let id = id.parse().map_err(|_| StoreError::Unreadable {
        what: "projects.id",
    })?;
    Ok(Some(id))
}

/// Whether the tenant has this project.
pub(crate) async fn has_project<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    id: ProjectId,
) -> Result<bool> {
    let sql = "SELECT 1 FROM projects WHERE org = $1 AND id = $2";
    let values = vec![org.to_string().into(), id.to_string().into()];
    Ok(conn
        .query_one_raw(statement(conn, sql, values))
        .await?
        .is_some())
}
