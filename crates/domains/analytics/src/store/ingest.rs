//! The one hot write: a batch of ended calls and the sums that they add to. A few microseconds a call, so it goes in
//! multi-row statements of a handful of fixed lengths, whose text is made once and whose plans the database keeps.

use std::sync::{Arc, OnceLock};

use ::store::bulk::{Bulk, Values};
use facts::CallClosed;
use sea_orm::DbBackend;

use super::Result;
use crate::model::{Lot, MAX_COLUMN, RollupKey, Row, Sums, TagRollupKey, cut};
use crate::sql::placeholder;

/// Rows per statement, the last for what is left over. Each statement costs two changes of thread on SQLite, so few long
/// ones beat many short ones; but a prepared one holds memory for each of its parameters.
const LENGTHS: [usize; 4] = [256, 32, 8, 1];
/// Calls of one lot that are worth a statement of their own.
const FEWEST_ALIKE: usize = 8;

/// What each call has of its own.
const OWN_COLUMNS: [&str; 10] = [
    "id",
    "started_at",
    "http_status",
    "duration_us",
    "cost_nano",
    "session",
    "end_user",
    "tags",
    "error",
    "record",
];
/// What calls of one lot share.
const SHARED_COLUMNS: [&str; 9] = [
    "org",
    "project",
    "key_id",
    "surface",
    "model",
    "requested_model",
    "provider",
    "status",
    "client",
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
    /// First the `shared` values, which all rows take, then rows of `own` ones.
    fn new(backend: DbBackend, table: &str, shared: &[&str], own: &[&str], conflict: &str) -> Self {
        let columns = [shared, own].concat().join(", ");
        Self(LENGTHS.map(|length| {
            let rows = tuples(backend, shared.len(), length, own.len());
            if shared.is_empty() {
                return format!("INSERT INTO {table} ({columns}) VALUES {rows} {conflict}");
            }
            let mut values = String::new();
            for number in 1..=shared.len() {
                placeholder(&mut values, backend, number);
                values.push(',');
            }
            // Without a condition SQLite would take the conflict clause for a join's.
            format!(
                "INSERT INTO {table} ({columns}) SELECT {values} own.* FROM (VALUES {rows}) AS own \
                 WHERE TRUE {conflict}"
            )
        }))
    }

    /// Cuts rows into statements: as many of the longest as fit, then the next.
    fn cut<'r, T>(&'static self, rows: &'r [T]) -> impl Iterator<Item = (&'static str, &'r [T])> {
        let mut rest = rows;
        std::iter::from_fn(move || {
            let length = LENGTHS.iter().position(|length| *length <= rest.len())?;
            let (now, later) = rest.split_at(LENGTHS[length]);
            rest = later;
            Some((self.0[length].as_str(), now))
        })
    }
}

/// `(?,?),(?,?)`: placeholders for rows of so many columns, counted on from `before`.
fn tuples(backend: DbBackend, before: usize, rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            placeholder(&mut text, backend, before + row * columns + column + 1);
        }
        text.push(')');
    }
    text
}

/// The statements of one dialect.
struct Dialect {
    /// Calls of one lot.
    alike: Texts,
    /// Calls of any lot.
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
        const KNOWN: &str = "ON CONFLICT (id) DO NOTHING";
        let (own, shared) = (&OWN_COLUMNS[..], &SHARED_COLUMNS[..]);
        let all = [shared, own].concat();
        let returning = format!("{KNOWN} RETURNING id");
        let sums = |table: &str, key: &[&str]| {
            let columns = [key, Sums::COLUMNS].concat();
            Texts::new(backend, table, &[], &columns, &add_up(table, key))
        };
        Self {
            alike: Texts::new(backend, "calls", shared, own, KNOWN),
            calls: Texts::new(backend, "calls", &[], &all, KNOWN),
            calls_returning: Texts::new(backend, "calls", &[], &all, &returning),
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
        "ON CONFLICT ({}) DO UPDATE SET {}",
        key.join(", "),
        sets.join(", ")
    )
}

/// Inserts calls; says how many of them were not there yet.
pub(crate) async fn insert(bulk: &mut Bulk, lots: &[Lot<'_>]) -> Result<u64> {
    let dialect = Dialect::of(bulk.backend());
    let mut new = 0;
    let mut strays = Vec::new();
    for lot in lots {
        let few = lot.rows.len() % FEWEST_ALIKE;
        let (alike, few) = lot.rows.split_at(lot.rows.len() - few);
        strays.extend(few.iter().map(|row| (lot, row)));
        for (text, rows) in dialect.alike.cut(alike) {
            let count = rows.len() * OWN_COLUMNS.len() + SHARED_COLUMNS.len();
            let bind = |values: &mut Values<'_>| {
                shared(values, lot);
                rows.iter().for_each(|row| own(values, row));
            };
            new += bulk.execute(text, count, bind).await?;
        }
    }
    for (text, rows) in dialect.calls.cut(&strays) {
        let bind = |values: &mut Values<'_>| calls(values, rows);
        new += bulk.execute(text, width(rows), bind).await?;
    }
    Ok(new)
}

/// Inserts calls; gives the ids of those that were not there yet. Dearer than [`insert`] by the rows that come back.
pub(crate) async fn insert_returning(bulk: &mut Bulk, lots: &[Lot<'_>]) -> Result<Vec<String>> {
    let dialect = Dialect::of(bulk.backend());
    let all: Vec<_> = lots
        .iter()
        .flat_map(|lot| lot.rows.iter().map(move |row| (lot, row)))
        .collect();
    let mut new = Vec::new();
    for (text, rows) in dialect.calls_returning.cut(&all) {
        let bind = |values: &mut Values<'_>| calls(values, rows);
        new.extend(bulk.texts(text, width(rows), bind).await?);
    }
    Ok(new)
}

/// Adds sums to the rollups.
pub(crate) async fn add_rollups(bulk: &mut Bulk, rows: &[(RollupKey<'_>, Sums)]) -> Result<()> {
    let dialect = Dialect::of(bulk.backend());
    for (text, rows) in dialect.rollups.cut(rows) {
        let count = rows.len() * (ROLLUP_KEY.len() + Sums::COLUMNS.len());
        let bind = |values: &mut Values<'_>| {
            for (key, sums) in rows {
                values.text(key.org.text().as_str().into());
                values.number(key.bucket);
                values.text(key.project.text().as_str().into());
                values.text(key.key.text().as_str().into());
                values.text(key.requested_model.into());
                values.text(key.model.into());
                values.text(key.provider.into());
                values.text(key.surface.as_str().into());
                let sums = sums.values().into_iter();
                sums.for_each(|sum| values.number(sum));
            }
        };
        bulk.execute(text, count, bind).await?;
    }
    Ok(())
}

/// Adds sums to the rollups by tag.
pub(crate) async fn add_tag_rollups(
    bulk: &mut Bulk,
    rows: &[(TagRollupKey<'_>, Sums)],
) -> Result<()> {
    let dialect = Dialect::of(bulk.backend());
    for (text, rows) in dialect.tags.cut(rows) {
        let count = rows.len() * (TAG_KEY.len() + Sums::COLUMNS.len());
        let bind = |values: &mut Values<'_>| {
            for (key, sums) in rows {
                values.text(key.org.text().as_str().into());
                values.text(key.tag.into());
                values.number(key.bucket);
                values.text(key.value.into());
                values.text(key.project.text().as_str().into());
                values.text(key.model.into());
                values.text(key.provider.into());
                let sums = sums.values().into_iter();
                sums.for_each(|sum| values.number(sum));
            }
        };
        bulk.execute(text, count, bind).await?;
    }
    Ok(())
}

const fn width(rows: &[(&Lot<'_>, &Row<'_>)]) -> usize {
    rows.len() * (OWN_COLUMNS.len() + SHARED_COLUMNS.len())
}

fn calls(values: &mut Values<'_>, rows: &[(&Lot<'_>, &Row<'_>)]) {
    for (lot, row) in rows {
        shared(values, lot);
        own(values, row);
    }
}

/// In the order of [`OWN_COLUMNS`].
fn own(values: &mut Values<'_>, row: &Row<'_>) {
    let call = row.call;
    let sums = Sums::of(call);
    let text = |text: &Option<String>| text.as_deref().map(|text| cut(text).into());
    values.text(call.id.text().as_str().into());
    values.number(call.started_at.micros());
    values.number(call.http_status.into());
    values.number(sums.duration_us);
    values.number(sums.cost_nano + sums.client_cost_nano);
    values.maybe(text(&call.session));
    values.maybe(text(&call.end_user));
    values.maybe(tags_column(call).map(Into::into));
    values.maybe(error_column(call).map(Into::into));
    values.text(Arc::clone(row.record));
}

/// In the order of [`SHARED_COLUMNS`].
fn shared(values: &mut Values<'_>, lot: &Lot<'_>) {
    values.text(Arc::clone(&lot.org));
    values.text(Arc::clone(&lot.project));
    values.text(Arc::clone(&lot.key_id));
    values.text(Arc::clone(&lot.surface));
    values.text(Arc::clone(&lot.model));
    // Most calls are answered by the model they asked for.
    let renamed = lot.requested_model != lot.model;
    values.maybe(renamed.then(|| Arc::clone(&lot.requested_model)));
    values.text(Arc::clone(&lot.provider));
    values.text(Arc::clone(&lot.status));
    values.maybe(lot.client.clone());
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
        let texts = &Dialect::of(DbBackend::Sqlite).calls;
        for rows in [0, 1, 7, 8, 255, 256, 257, 500, 1_000] {
            let rows: Vec<usize> = (0..rows).collect();
            let cut: Vec<usize> = texts
                .cut(&rows)
                .flat_map(|(_, rows)| rows.to_vec())
                .collect();
            assert_eq!(cut, rows);
        }
        let parameters = LENGTHS[0] * (ROLLUP_KEY.len() + Sums::COLUMNS.len());
        assert!(parameters < 32_766, "SQLite takes no more");
        assert!(
            LENGTHS.contains(&FEWEST_ALIKE),
            "no lot is cut into single calls"
        );
    }
}
