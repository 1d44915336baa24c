//! A batch of calls sorted into lots: calls that differ in nothing but what is each one's own. What they share is made
//! into texts once, and their sums go to one row of the rollups. No queries.

use std::sync::Arc;

use ahash::AHashMap;
use facts::{CallClosed, CallStatus};

use super::{RollupKey, Sums, cut};

/// A call on its way into its table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) call: &'a CallClosed,
    /// The call as the journal wrote it.
    pub(crate) record: &'a Arc<str>,
}

/// What calls of one lot have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind<'a> {
    rollup: RollupKey<'a>,
    status: CallStatus,
    client: Option<&'a str>,
}

/// Calls that have everything in common but what is each one's own.
pub(crate) struct Lot<'a> {
    /// The rollup that they add to.
    pub(crate) key: RollupKey<'a>,
    pub(crate) sums: Sums,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) org: Arc<str>,
    pub(crate) project: Arc<str>,
    pub(crate) key_id: Arc<str>,
    pub(crate) surface: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) requested_model: Arc<str>,
    pub(crate) provider: Arc<str>,
    pub(crate) status: Arc<str>,
    pub(crate) client: Option<Arc<str>>,
}

impl<'a> Lot<'a> {
    fn new(kind: &Kind<'a>) -> Self {
        let key = kind.rollup;
        Self {
            key,
            sums: Sums::default(),
            rows: Vec::new(),
            org: key.org.text().as_str().into(),
            project: key.project.text().as_str().into(),
            key_id: key.key.text().as_str().into(),
            surface: key.surface.as_str().into(),
            model: key.model.into(),
            requested_model: key.requested_model.into(),
            provider: key.provider.into(),
            status: kind.status.as_str().into(),
            client: kind.client.map(Into::into),
        }
    }
}

/// Sorts calls into lots. Lots stand in the order of their rollups.
pub(crate) fn gather<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Vec<Lot<'a>> {
    let mut known: AHashMap<Kind<'a>, usize> = AHashMap::new();
    let mut lots: Vec<Lot<'a>> = Vec::new();
    for row in rows {
        let kind = Kind {
            rollup: RollupKey::of(row.call),
            status: row.call.status,
            client: row.call.client.as_deref().map(cut),
        };
        let at = *known.entry(kind).or_insert_with_key(|kind| {
            lots.push(Lot::new(kind));
            lots.len() - 1
        });
        let lot = &mut lots[at];
        lot.sums.add(&Sums::of(row.call));
        lot.rows.push(row);
    }
    lots.sort_by(|a, b| a.key.order().cmp(&b.key.order()));
    lots
}

/// What the lots add to each rollup, in their order; each rollup stands once.
pub(crate) fn rollups<'a>(lots: &[Lot<'a>]) -> Vec<(RollupKey<'a>, Sums)> {
    let mut rollups: Vec<(RollupKey<'a>, Sums)> = Vec::with_capacity(lots.len());
    for lot in lots {
        match rollups.last_mut() {
            Some((last, sums)) if *last == lot.key => sums.add(&lot.sums),
            _ => rollups.push((lot.key, lot.sums)),
        }
    }
    rollups
}
