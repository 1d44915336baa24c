//! What a key has spent: the number that its budgets start from.

use guard::Glob;
use kernel::{KeyId, Nano, Timestamp};

use crate::Analytics;
use crate::error::AnalyticsError;
use crate::store::rollups;

impl Analytics {
    /// What a key spent on calls begun since `since` (a window's start, so a quarter hour's), on models that fit one of
    /// the patterns, or on any where there is none. What the provider bills to the caller's own subscription is not in it.
    /// The model asked for decides alone, as it does where calls are admitted: the record holds the id that budgets go by.
    ///
    /// # Errors
    /// [`AnalyticsError::Store`] when the store does not answer.
    pub async fn spent(
        &self,
        key: KeyId,
        since: Timestamp,
        models: &[String],
    ) -> Result<Nano, AnalyticsError> {
        let patterns: Vec<Glob> = models.iter().map(|pattern| Glob::new(pattern)).collect();
        let conn = self.deps.store.read();
        let spent = rollups::spent_by_model(conn, key, since.quarter_hour()).await?;
        Ok(spent
            .into_iter()
            .filter(|(model, _)| {
                patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(model))
            })
            .map(|(_, nano)| Nano(nano))
            .sum())
    }
}
