//! Calls one by one: a page of them, one with everything, its payload, and all that fit as a stream.

use bytes::Bytes;
use facts::CallClosed;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use kernel::{CallId, OrgId, Page, Timestamp};

use crate::Analytics;
use crate::error::AnalyticsError;
use crate::store::calls::{self, After, CallFilter};

/// Rows that an export reads at a time.
const EXPORT_PAGE: usize = 500;

type Result<T> = std::result::Result<T, AnalyticsError>;

impl Analytics {
    /// A page of calls, newest first.
    ///
    /// # Errors
    /// [`AnalyticsError::InvalidQuery`] for a cursor of another list.
    pub async fn calls(
        &self,
        org: OrgId,
        filter: &CallFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<CallClosed>> {
        let after = cursor.map(read_cursor).transpose()?;
        self.settled().await;
        let conn = self.deps.store.read();
        let rows = calls::list(conn, org, filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, write_cursor))
    }

    /// One call.
    ///
    /// # Errors
    /// [`AnalyticsError::CallNotFound`] where the organisation has none of this id.
    pub async fn call(&self, org: OrgId, id: &str) -> Result<CallClosed> {
        self.settled().await;
        let conn = self.deps.store.read();
        let found = match id.parse::<CallId>() {
            Ok(id) => calls::find(conn, org, id).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| AnalyticsError::CallNotFound { id: id.to_owned() })
    }

    /// The captured payload of a call, as the JSON text that was kept.
    ///
    /// # Errors
    /// [`AnalyticsError::PayloadNotFound`] where none was captured or it is past its retention.
    pub async fn payload(&self, org: OrgId, id: &str) -> Result<Bytes> {
        let call = self.call(org, id).await?;
        self.deps
            .payloads
            .read(org, call.id, call.started_at)
            .await
            .map_err(AnalyticsError::Payloads)?
            .ok_or_else(|| AnalyticsError::PayloadNotFound { id: id.to_owned() })
    }

    /// All calls that fit, newest first, in pages, up to `analytics.export_max_rows`. One page is held at a time.
    pub fn export(
        &self,
        org: OrgId,
        filter: CallFilter,
        most: Option<u64>,
    ) -> impl Stream<Item = Result<Vec<CallClosed>>> + Send + 'static {
        let bound = self.deps.config.export_max_rows;
        let left = most.map_or(bound, |most| most.min(bound));
        let start = (self.clone(), filter, None::<After>, left);
        try_unfold(start, move |(room, filter, after, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            if after.is_none() {
                room.settled().await;
            }
            let take = usize::try_from(left).map_or(EXPORT_PAGE, |left| left.min(EXPORT_PAGE));
            let rows = calls::list(room.deps.store.read(), org, &filter, after, take).await?;
            let Some(last) = rows.last() else {
                return Ok(None);
            };
            let next = (last.started_at, last.id);
            let left = if rows.len() < take {
                0
            } else {
                left - take as u64
            };
            Ok(Some((rows, (room, filter, Some(next), left))))
        })
    }

    /// Whether a call counts as slow.
    #[must_use]
    pub fn is_slow(&self, call: &CallClosed) -> bool {
        call.duration_us / 1_000 >= self.deps.config.slow_call_ms
    }
}

fn write_cursor(call: &CallClosed) -> String {
    format!("{}.{}", call.started_at.0, call.id)
}

fn read_cursor(text: &str) -> Result<After> {
    text.split_once('.')
        .and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.parse().ok()?)))
        .ok_or_else(|| AnalyticsError::query("cursor", "take it from next_cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_our_own_is_read_back() {
        let id = CallId::from_u128(7);
        let text = format!("1763728123456789.{id}");
        assert_eq!(
            read_cursor(&text).unwrap(),
            (Timestamp(1_763_728_123_456_789), id)
        );
        assert!(read_cursor("x.y").is_err());
    }
}
