//! The one hot write: a batch of ended calls and the sums that they add to. A few microseconds a call, so it goes in
//! multi-row statements of a handful of fixed lengths, whose text is made once and whose plans the database keeps.

use std::sync::OnceLock;

use facts::CallClosed;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::model::{MAX_COLUMN, RollupKey, Sums, TagRollupKey, cut};
use crate::sql::placeholder;

/// Rows per statement. The longest keeps parameters under 20,000 (SQLite takes 32,766); the others use up what is left
/// over. Each statement costs two changes of thread on SQLite, so few long ones beat many short ones.
const LENGTHS: [usize; 5] = [1_000, 200, 32, 8, 1];

const CALL_COLUMNS: [&str; 19] = [
    "id",
    "org",
    "started_at",
    "project",
    "key_id",
    "surface",
    "model",
    "requested_model",
    "provider",
    "status",
    "http_status",
    "duration_us",
    "cost_nano",
    "session",
    "end_user",
    "client",
    "tags",
    "error",
    "record",
];
const ROLLUP_KEY: [&str; 8] = [
    "org",
    "bucket",
    "project",
    "key_id",
    "requested_model",
    "model",
    "provider",
    "surface",
];
const TAG_KEY: [&str; 7] = [
    "org", "tag", "bucket", "value", "project", "model", "provider",
];

/// One statement at each of the lengths.
struct Texts([String; LENGTHS.len()]);

impl Texts {
    fn new(backend: DbBackend, table: &str, columns: &[&str], conflict: &str) -> Self {
        Self(LENGTHS.map(|rows| {
            let mut text = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
            for row in 0..rows {
                text.push_str(if row == 0 { "(" } else { ", (" });
                for column in 0..columns.len() {
                    if column > 0 {
                        text.push(',');
                    }
                    placeholder(&mut text, backend, row * columns.len() + column + 1);
                }
                text.push(')');
            }
            text.push_str(conflict);
            text
        }))
    }
}

/// The statements of one dialect.
struct Dialect {
    backend: DbBackend,
    calls: Texts,
    calls_returning: Texts,
    rollups: Texts,
    tags: Texts,
}

impl Dialect {
    fn of(backend: DbBackend) -> &'static Self {
        static SQLITE: OnceLock<Dialect> = OnceLock::new();
        static POSTGRES: OnceLock<Dialect> = OnceLock::new();
        match backend {
            DbBackend::Postgres => POSTGRES.get_or_init(|| Self::new(backend)),
            _ => SQLITE.get_or_init(|| Self::new(backend)),
        }
    }

    fn new(backend: DbBackend) -> Self {
        let sums = |table: &str, key: &[&str]| {
            let columns: Vec<&str> = key.iter().chain(Sums::COLUMNS).copied().collect();
            Texts::new(backend, table, &columns, &add_up(table, key))
        };
        Self {
            backend,
            calls: Texts::new(
                backend,
                "calls",
                &CALL_COLUMNS,
                " ON CONFLICT (id) DO NOTHING",
            ),
            calls_returning: Texts::new(
                backend,
                "calls",
                &CALL_COLUMNS,
                " ON CONFLICT (id) DO NOTHING RETURNING id",
            ),
            rollups: sums("usage_rollups", &ROLLUP_KEY),
            tags: sums("usage_tag_rollups", &TAG_KEY),
        }
    }
}

/// The conflict clause that adds a new row's sums to those already there.
fn add_up(table: &str, key: &[&str]) -> String {
    let sets: Vec<String> = Sums::COLUMNS
        .iter()
        .map(|column| {
            if *column == MAX_COLUMN {
                format!(
                    "{column} = CASE WHEN excluded.{column} > {table}.{column} THEN excluded.{column} ELSE {table}.{column} END"
                )
            } else {
                format!("{column} = {table}.{column} + excluded.{column}")
            }
        })
        .collect();
    format!(
        " ON CONFLICT ({}) DO UPDATE SET {}",
        key.join(", "),
        sets.join(", ")
    )
}

/// Cuts rows into statements: as many of the longest as fit, then the next.
fn chunks(mut rows: usize) -> impl Iterator<Item = (usize, usize)> {
    std::iter::from_fn(move || {
        let length = LENGTHS.iter().position(|length| *length <= rows)?;
        rows -= LENGTHS[length];
        Some((length, LENGTHS[length]))
    })
}

fn statements<'a, T>(
    dialect: &'a Dialect,
    texts: &'a Texts,
    width: usize,
    rows: &'a [T],
    values: impl Fn(&T, &mut Vec<Value>) + 'a,
) -> impl Iterator<Item = Statement> + 'a {
    let mut rest = rows;
    chunks(rows.len()).map(move |(length, count)| {
        let (now, later) = rest.split_at(count);
        rest = later;
        let mut bound = Vec::with_capacity(count * width);
        for row in now {
            values(row, &mut bound);
        }
        Statement::from_sql_and_values(dialect.backend, &*texts.0[length], bound)
    })
}

/// A call and its record as the journal wrote it.
pub(crate) type Row<'a> = (&'a CallClosed, &'a str);

/// Inserts calls; says how many of them were not there yet.
pub(crate) async fn insert<C: ConnectionTrait>(conn: &C, rows: &[Row<'_>]) -> Result<u64, DbErr> {
    let dialect = Dialect::of(conn.get_database_backend());
    let mut new = 0;
    for statement in statements(
        dialect,
        &dialect.calls,
        CALL_COLUMNS.len(),
        rows,
        call_values,
    ) {
        new += conn.execute_raw(statement).await?.rows_affected();
    }
    Ok(new)
}

/// Inserts calls; gives the ids of those that were not there yet. Dearer than [`insert`] by the rows that come back.
pub(crate) async fn insert_returning<C: ConnectionTrait>(
    conn: &C,
    rows: &[Row<'_>],
) -> Result<Vec<String>, DbErr> {
    let dialect = Dialect::of(conn.get_database_backend());
    let mut new = Vec::new();
    for statement in statements(
        dialect,
        &dialect.calls_returning,
        CALL_COLUMNS.len(),
        rows,
        call_values,
    ) {
        for row in conn.query_all_raw(statement).await? {
            new.push(row.try_get_by_index(0)?);
        }
    }
    Ok(new)
}

/// Adds sums to the rollups.
pub(crate) async fn add_rollups<C: ConnectionTrait>(
    conn: &C,
    rows: &[(RollupKey<'_>, Sums)],
) -> Result<(), DbErr> {
    let dialect = Dialect::of(conn.get_database_backend());
    let width = ROLLUP_KEY.len() + Sums::COLUMNS.len();
    let values = |(key, sums): &(RollupKey<'_>, Sums), bound: &mut Vec<Value>| {
        bound.extend([
            key.org.to_string().into(),
            key.bucket.into(),
            key.project.to_string().into(),
            key.key.to_string().into(),
            key.requested_model.into(),
            key.model.into(),
            key.provider.into(),
            key.surface.as_str().into(),
        ]);
        bound.extend(sums.values().map(Value::from));
    };
    for statement in statements(dialect, &dialect.rollups, width, rows, values) {
        conn.execute_raw(statement).await?;
    }
    Ok(())
}

/// Adds sums to the rollups by tag.
pub(crate) async fn add_tag_rollups<C: ConnectionTrait>(
    conn: &C,
    rows: &[(TagRollupKey<'_>, Sums)],
) -> Result<(), DbErr> {
    let dialect = Dialect::of(conn.get_database_backend());
    let width = TAG_KEY.len() + Sums::COLUMNS.len();
    let values = |(key, sums): &(TagRollupKey<'_>, Sums), bound: &mut Vec<Value>| {
        bound.extend([
            key.org.to_string().into(),
            key.tag.into(),
            key.bucket.into(),
            key.value.into(),
            key.project.to_string().into(),
            key.model.into(),
            key.provider.into(),
        ]);
        bound.extend(sums.values().map(Value::from));
    };
    for statement in statements(dialect, &dialect.tags, width, rows, values) {
        conn.execute_raw(statement).await?;
    }
    Ok(())
}

fn call_values((call, record): &Row<'_>, bound: &mut Vec<Value>) {
    let sums = Sums::of(call);
    let text = |text: &Option<String>| -> Value { text.as_deref().map(cut).into() };
    bound.extend([
        call.id.to_string().into(),
        call.org.to_string().into(),
        call.started_at.micros().into(),
        call.project.to_string().into(),
        call.key.to_string().into(),
        call.surface.as_str().into(),
        cut(&call.model).into(),
        // Most calls are answered by the model they asked for.
        (call.requested_model != call.model)
            .then(|| cut(&call.requested_model))
            .into(),
        cut(&call.provider).into(),
        call.status.as_str().into(),
        i64::from(call.http_status).into(),
        sums.duration_us.into(),
        (sums.cost_nano + sums.client_cost_nano).into(),
        text(&call.session),
        text(&call.end_user),
        text(&call.client),
        tags_column(call).into(),
        error_column(call).into(),
        (*record).into(),
    ]);
}

/// Tags as one text in which `tag_pattern` finds a whole pair: each stands between line feeds.
fn tags_column(call: &CallClosed) -> Option<String> {
    if call.tags.is_empty() {
        return None;
    }
    let mut text = String::from("\n");
    for (tag, value) in &call.tags {
        text.push_str(cut(tag));
        text.push('=');
        text.push_str(cut(value));
        text.push('\n');
    }
    Some(text)
}

/// What to look for in the tags column.
pub(crate) fn tag_pattern(tag: &str, value: &str) -> String {
    format!("\n{tag}={value}\n")
}

/// Code and words of what went wrong, as one text to search.
fn error_column(call: &CallClosed) -> Option<String> {
    let words = call.error.as_deref().map(|words| words.replace('\0', " "));
    match (&call.error_code, words) {
        (None, None) => None,
        (Some(code), None) => Some(cut(code).to_owned()),
        (None, Some(words)) => Some(words),
        (Some(code), Some(words)) => Some(format!("{} {words}", cut(code))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_cut_into_known_lengths() {
        for rows in [0, 1, 7, 8, 127, 128, 129, 500, 1000] {
            assert_eq!(chunks(rows).map(|(_, count)| count).sum::<usize>(), rows);
        }
        let parameters = LENGTHS[0] * (ROLLUP_KEY.len() + Sums::COLUMNS.len());
        assert!(parameters < 32_766, "SQLite takes no more");
    }
}
