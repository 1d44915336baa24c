//! Which provider keeps which stored response, as far as this process saw it made. Bounded; forgetting an entry
//! only means that the first provider that speaks Responses is asked.

use std::sync::Arc;

use moka::sync::Cache;

const REMEMBERED: u64 = 50_000;

/// Response ids and the providers that made them.
#[derive(Debug)]
pub(crate) struct ResponseOwners {
    by_id: Cache<String, Arc<str>>,
}

impl Default for ResponseOwners {
    fn default() -> Self {
        Self {
            by_id: Cache::new(REMEMBERED),
        }
    }
}

impl ResponseOwners {
    pub fn remember(&self, id: &str, provider: &Arc<str>) {
        self.by_id.insert(id.to_owned(), provider.clone());
    }

    pub fn provider(&self, id: &str) -> Option<Arc<str>> {
        self.by_id.get(id)
    }
}
