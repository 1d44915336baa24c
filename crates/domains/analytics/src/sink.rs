//! Where the journal's ended calls arrive: rows and rollups in one transaction, each call counted once however often it
//! is delivered.

use ::store::Store;
use ahash::{AHashMap, AHashSet};
use async_trait::async_trait;
use journal::{Delivery, Sink};

use crate::error::AnalyticsError;
use crate::model::{RollupKey, Sums, TagRollupKey};
use crate::ports::BoxError;
use crate::store::ingest::{self, Row};

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
    async fn write(&self, batch: &[Row<'_>]) -> Result<(), AnalyticsError> {
        if self.write_new(batch).await? {
            return Ok(());
        }
        // Some were delivered before: find out which, so that their sums are not added twice.
        let transaction = self.store.begin().await?;
        let new: AHashSet<String> = ingest::insert_returning(&transaction, batch)
            .await?
            .into_iter()
            .collect();
        let rows: Vec<Row<'_>> = batch
            .iter()
            .filter(|(call, _)| new.contains(&call.id.to_string()))
            .copied()
            .collect();
        fold(&transaction, &rows).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Writes a batch of which no call was delivered before, which is nearly always so and cheaper; `false`, and nothing
    /// written, where one was.
    async fn write_new(&self, batch: &[Row<'_>]) -> Result<bool, AnalyticsError> {
        let transaction = self.store.begin().await?;
        let new = ingest::insert(&transaction, batch).await?;
        if new != batch.len() as u64 {
            transaction.rollback().await?;
            return Ok(false);
        }
        fold(&transaction, batch).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Adds the rows' sums to both rollups. Rows go in the order of their keys, so that two processes that write the same
/// ones wait for each other instead of locking each other out.
async fn fold(
    transaction: &impl sea_orm::ConnectionTrait,
    rows: &[Row<'_>],
) -> Result<(), AnalyticsError> {
    let mut rollups: AHashMap<RollupKey<'_>, Sums> = AHashMap::new();
    let mut tags: AHashMap<TagRollupKey<'_>, Sums> = AHashMap::new();
    for (call, _) in rows {
        let sums = Sums::of(call);
        rollups.entry(RollupKey::of(call)).or_default().add(&sums);
        for key in TagRollupKey::all(call) {
            tags.entry(key).or_default().add(&sums);
        }
    }
    let mut rollups: Vec<_> = rollups.into_iter().collect();
    rollups.sort_unstable_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    ingest::add_rollups(transaction, &rollups).await?;
    if !tags.is_empty() {
        let mut tags: Vec<_> = tags.into_iter().collect();
        tags.sort_unstable_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
        ingest::add_tag_rollups(transaction, &tags).await?;
    }
    Ok(())
}

#[async_trait]
impl Sink for AnalyticsSink {
    async fn deliver(&self, batch: &[Delivery]) -> Result<(), BoxError> {
        let mut seen = AHashSet::with_capacity(batch.len());
        let rows: Vec<Row<'_>> = batch
            .iter()
            .map(|delivery| (&*delivery.call, &*delivery.json))
            .filter(|(call, _)| seen.insert(call.id))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        Ok(self.write(&rows).await?)
    }
}
