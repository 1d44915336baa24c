//! Where the journal's ended calls arrive: rows and rollups in one transaction, each call counted once however often it
//! is delivered.

use ::store::Store;
use ::store::bulk::Bulk;
use ahash::{AHashMap, AHashSet};
use async_trait::async_trait;
use journal::{Delivery, Sink};

use crate::error::AnalyticsError;
use crate::model::{self, Lot, Row, Sums, TagRollupKey};
use crate::ports::BoxError;
use crate::store::ingest;

/// The journal's sink: writes `calls` and adds to the rollups.
#[derive(Clone)]
pub struct AnalyticsSink {
    store: Store,
}

impl AnalyticsSink {
    /// A sink into this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Writes a batch; calls that are there already are left out of everything.
    async fn write(&self, batch: &[Delivery]) -> Result<(), AnalyticsError> {
        let lots = model::gather(batch.iter().map(row));
        if self.write_new(batch.len(), &lots).await? {
            return Ok(());
        }
        // Some were delivered before: find out which, so that their sums are not added twice.
        let mut bulk = self.store.begin_bulk().await?;
        let new: AHashSet<String> = ingest::insert_returning(&mut bulk, &lots)
            .await?
            .into_iter()
            .collect();
        let new = batch
            .iter()
            .filter(|delivery| new.contains(delivery.call.id.text().as_str()));
        fold(&mut bulk, &model::gather(new.map(row))).await?;
        bulk.commit().await?;
        Ok(())
    }

    /// Writes a batch of which no call was delivered before, which is nearly always so and cheaper; `false`, and nothing
    /// written, where one was.
    async fn write_new(&self, count: usize, lots: &[Lot<'_>]) -> Result<bool, AnalyticsError> {
        let mut bulk = self.store.begin_bulk().await?;
        let new = ingest::insert(&mut bulk, lots).await?;
        if new != count as u64 {
            bulk.rollback().await?;
            return Ok(false);
        }
        fold(&mut bulk, lots).await?;
        bulk.commit().await?;
        Ok(true)
    }
}

fn row(delivery: &Delivery) -> Row<'_> {
    Row {
        call: &delivery.call,
        record: &delivery.json,
    }
}

/// Adds the lots' sums to both rollups. Rows go in the order of their keys, so that two processes that write the same
/// ones wait for each other instead of locking each other out.
async fn fold(bulk: &mut Bulk, lots: &[Lot<'_>]) -> Result<(), AnalyticsError> {
    ingest::add_rollups(bulk, &model::rollups(lots)).await?;
    let mut tags: AHashMap<TagRollupKey<'_>, Sums> = AHashMap::new();
    for call in lots.iter().flat_map(|lot| &lot.rows).map(|row| row.call) {
        for key in TagRollupKey::all(call) {
            tags.entry(key).or_default().add(&Sums::of(call));
        }
    }
    if !tags.is_empty() {
        let mut tags: Vec<_> = tags.into_iter().collect();
        tags.sort_unstable_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
        ingest::add_tag_rollups(bulk, &tags).await?;
    }
    Ok(())
}

#[async_trait]
impl Sink for AnalyticsSink {
    async fn deliver(&self, batch: &[Delivery]) -> Result<(), BoxError> {
        if batch.is_empty() {
            return Ok(());
        }
        Ok(self.write(batch).await?)
    }
}
