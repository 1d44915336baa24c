//! Prices that the operator sets: `[[models]] price = { … }`. They replace the book's token prices of an id whole.

use std::sync::Arc;

use ahash::AHashMap;
use globset::{Glob, GlobMatcher};
use kernel::Timestamp;
use serde::Deserialize;

use super::error::PriceError;
use super::hours::Calendar;
use super::row::{Edges, Row, in_order};
use super::table::RateTable;

/// A price set for one id, or for all ids that a glob fits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceOverride {
    /// Only for this provider, by its configured name; none: for every one.
    #[serde(default)]
    pub provider: Option<String>,
    /// The id, or a glob over ids, as the provider is asked for it or as its answers name it.
    pub model: String,
    /// The price.
    pub rates: RateTable,
}

/// One id or glob with its prices over time.
#[derive(Debug)]
pub(super) struct Entry {
    provider: Option<String>,
    model: String,
    written: Vec<RateTable>,
    pub(super) rows: Vec<Row>,
}

impl Entry {
    fn serves(&self, provider: &str) -> bool {
        self.provider.as_deref().is_none_or(|name| name == provider)
    }

    pub(super) fn row(&self, at: Timestamp) -> Option<&Row> {
        self.rows.iter().find(|row| row.holds(at))
    }
}

/// All of them. An exact id goes before a glob, the longest glob before others, a price for one provider before
/// one for all; ties go to the first in the file.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    entries: Vec<Entry>,
    exact: AHashMap<String, Vec<usize>>,
    globs: Vec<(GlobMatcher, usize)>,
    /// When any of them begins or ends.
    pub(super) edges: Edges,
}

impl Overrides {
    pub(super) fn new(
        list: &[PriceOverride],
        calendars: &[Arc<Calendar>],
    ) -> Result<Self, PriceError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(list.len());
        for price in list {
            let path = format!("models.{}.price", price.model);
            if price.model.is_empty() {
                return Err(PriceError::invalid("models.id", "must not be empty"));
            }
            let row = Row::new(&price.rates, &path, calendars)?;
            let same = entries
                .iter_mut()
                .find(|entry| entry.model == price.model && entry.provider == price.provider);
            match same {
                // Several ids may lead to one target at the same price.
                Some(entry) if entry.written.contains(&price.rates) => {}
                Some(entry) => {
                    entry.written.push(price.rates.clone());
                    entry.rows.push(row);
                    in_order(&mut entry.rows, &path)?;
                }
                None => entries.push(Entry {
                    provider: price.provider.clone(),
                    model: price.model.clone(),
                    written: vec![price.rates.clone()],
                    rows: vec![row],
                }),
            }
        }
        // One provider's own price first; the sort keeps the file's order otherwise.
        entries.sort_by_key(|entry| entry.provider.is_none());
        let mut exact: AHashMap<String, Vec<usize>> = AHashMap::new();
        let mut globs = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            if entry.model.contains(['*', '?', '[', '{']) {
                let glob = Glob::new(&entry.model)
                    .map_err(|error| PriceError::invalid("models.id", error.to_string()))?;
                globs.push((glob.compile_matcher(), place));
            } else {
                exact.entry(entry.model.clone()).or_default().push(place);
            }
        }
        let edges = Edges::new(
            entries
                .iter()
                .flat_map(|entry| entry.rows.iter().flat_map(Row::edges)),
        );
        globs.sort_by_key(|(_, place)| std::cmp::Reverse(entries[*place].model.len()));
        Ok(Self {
            entries,
            exact,
            globs,
            edges,
        })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The price set for an id at an instant. `canonical` is the book's name of the same model: a price for it
    /// holds for its dated ids too.
    pub(super) fn get(
        &self,
        provider: &str,
        id: &str,
        canonical: Option<&str>,
        at: Timestamp,
    ) -> Option<&Entry> {
        if self.entries.is_empty() {
            return None;
        }
        let fits = |place: &&usize| {
            self.entries
                .get(**place)
                .is_some_and(|entry| entry.serves(provider) && entry.row(at).is_some())
        };
        let exact = |id: &str| {
            self.exact
                .get(id)
                .and_then(|places| places.iter().find(fits))
        };
        exact(id)
            .or_else(|| canonical.and_then(exact))
            .or_else(|| {
                self.globs
                    .iter()
                    .filter(|(glob, _)| glob.is_match(id))
                    .map(|(_, place)| place)
                    .find(fits)
            })
            .and_then(|place| self.entries.get(*place))
    }
}
