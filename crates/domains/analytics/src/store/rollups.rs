//! Sums read back from the rollups, grouped in the database.

use kernel::{KeyId, OrgId, ProjectId, Timestamp};
use sea_orm::{ConnectionTrait, QueryResult};

use super::Result;
use crate::error::AnalyticsError;
use crate::model::{MAX_COLUMN, Sums};
use crate::sql::Sql;

/// Rows that one query gives at most.
pub(crate) const MOST_ROWS: usize = 50_000;

/// A line along which sums are grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Group {
    Model,
    RequestedModel,
    Provider,
    Project,
    Key,
    Surface,
    Tag(String),
}

impl Group {
    /// The group of a name in `group_by`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "model" => Self::Model,
            "requested_model" => Self::RequestedModel,
            "provider" => Self::Provider,
            "project" => Self::Project,
            "key" => Self::Key,
            "surface" => Self::Surface,
            _ => Self::Tag(
                name.strip_prefix("tag:")
                    .filter(|tag| !tag.is_empty())?
                    .to_owned(),
            ),
        })
    }

    /// Its column in an answer: as it is spelled in `group_by`.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Model => "model".to_owned(),
            Self::RequestedModel => "requested_model".to_owned(),
            Self::Provider => "provider".to_owned(),
            Self::Project => "project".to_owned(),
            Self::Key => "key".to_owned(),
            Self::Surface => "surface".to_owned(),
            Self::Tag(tag) => format!("tag:{tag}"),
        }
    }

    const fn column(&self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::RequestedModel => "requested_model",
            Self::Provider => "provider",
            Self::Project => "project",
            Self::Key => "key_id",
            Self::Surface => "surface",
            Self::Tag(_) => "value",
        }
    }

    /// Whether the rollups by tag can tell these apart.
    pub(crate) const fn stands_beside_tags(&self) -> bool {
        matches!(
            self,
            Self::Model | Self::Provider | Self::Project | Self::Tag(_)
        )
    }
}

/// Which rollups count.
#[derive(Debug, Clone, Default)]
pub(crate) struct RollupFilter {
    pub(crate) model: Option<String>,
    pub(crate) requested_model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) key: Option<KeyId>,
    pub(crate) surface: Option<String>,
    /// A tag's name, and its value where only one counts.
    pub(crate) tag: Option<(String, Option<String>)>,
}

/// How time is grouped: by `(bucket + offset) / grain`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) offset: i64,
    pub(crate) grain: i64,
}

/// One group's sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RollupRow {
    /// The time group, 0 where time is not grouped.
    pub(crate) slot: i64,
    /// The group's values, in the order asked for.
    pub(crate) group: Vec<String>,
    pub(crate) sums: Sums,
}

/// Sums over `from..to`, both at a bucket's edge.
pub(crate) async fn sums<C: ConnectionTrait>(
    conn: &C,
    org: OrgId,
    (from, to): (Timestamp, Timestamp),
    filter: &RollupFilter,
    groups: &[Group],
    slots: Option<Slots>,
) -> Result<Vec<RollupRow>> {
    let mut sql = Sql::new(conn.get_database_backend(), "SELECT ");
    if let Some(slots) = slots {
        sql.push("(bucket + ")
            .bind(slots.offset)
            .push(") / ")
            .bind(slots.grain);
    } else {
        sql.push("0");
    }
    for group in groups {
        sql.push(", ").push(group.column());
    }
    for column in Sums::COLUMNS {
        let total = if *column == MAX_COLUMN { "MAX" } else { "SUM" };
        sql.push(&format!(", CAST(COALESCE({total}({column}), 0) AS BIGINT)"));
    }
    sql.push(if filter.tag.is_some() {
        " FROM usage_tag_rollups WHERE org = "
    } else {
        " FROM usage_rollups WHERE org = "
    });
    sql.bind(org.to_string());
    if let Some((tag, value)) = &filter.tag {
        sql.and("tag =", Some(tag.clone()))
            .and("value =", value.clone());
    }
    sql.and("bucket >=", Some(from.0))
        .and("bucket <", Some(to.0))
        .and("model =", filter.model.clone())
        .and("requested_model =", filter.requested_model.clone())
        .and("provider =", filter.provider.clone())
        .and("project =", filter.project.map(|id| id.to_string()))
        .and("key_id =", filter.key.map(|id| id.to_string()))
        .and("surface =", filter.surface.clone());
    // By position: the first is an expression with parameters, which PostgreSQL would not see is the same.
    let by: Vec<String> = (1..=groups.len() + 1)
        .skip(usize::from(slots.is_none()))
        .map(|position| position.to_string())
        .collect();
    if !by.is_empty() {
        sql.push(" GROUP BY ").push(&by.join(", "));
    }
    sql.push(" LIMIT ").bind(MOST_ROWS as i64 + 1);
    let rows = conn.query_all_raw(sql.statement()).await?;
    if rows.len() > MOST_ROWS {
        return Err(AnalyticsError::ResultTooLarge {
            what: "groups",
            limit: MOST_ROWS,
        });
    }
    rows.iter()
        .map(|row| read(row, groups.len(), slots.is_some()))
        .filter(|row| row.as_ref().map_or(true, |row| row.sums.calls > 0))
        .collect()
}

fn read(row: &QueryResult, groups: usize, slotted: bool) -> Result<RollupRow> {
    let slot = if slotted { row.try_get_by_index(0)? } else { 0 };
    let group = (1..=groups)
        .map(|index| row.try_get_by_index(index))
        .collect::<std::result::Result<_, _>>()?;
    Ok(RollupRow {
        slot,
        group,
        sums: read_sums(row, groups + 1)?,
    })
}

fn read_sums(row: &QueryResult, first: usize) -> Result<Sums> {
    let mut values = Sums::default().values();
    for (index, value) in values.iter_mut().enumerate() {
        *value = row.try_get_by_index(first + index)?;
    }
    Ok(Sums::from_values(&values))
}

/// What a key spent since a bucket's start, by the model asked for.
pub(crate) async fn spent_by_model<C: ConnectionTrait>(
    conn: &C,
    key: KeyId,
    since: Timestamp,
) -> Result<Vec<(String, i64)>> {
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT requested_model, CAST(SUM(cost_nano) AS BIGINT) FROM usage_rollups WHERE key_id = ",
    );
    sql.bind(key.to_string())
        .and("bucket >=", Some(since.0))
        .push(" GROUP BY requested_model");
    conn.query_all_raw(sql.statement())
        .await?
        .iter()
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}
