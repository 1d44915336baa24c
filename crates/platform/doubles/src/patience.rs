//! How long a test waits for a condition before it gives up. Never a pause: every wait ends with its condition.

use std::future::Future;
use std::time::Duration;

/// Far beyond anything that works, short enough for a run with a broken build.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Awaits `condition`; ends the test with `what` when it does not come within [`PATIENCE`].
///
/// # Panics
/// When the condition does not come in time.
pub async fn expect<F: Future>(what: &str, condition: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, condition).await {
        Ok(output) => output,
        Err(_) => panic!("waited {} s in vain for: {what}", PATIENCE.as_secs()),
    }
}
