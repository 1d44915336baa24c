//! Waiting for a server to answer.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use http::Method;
use tokio::process::Child;

use crate::client;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Asks for a path until it is answered with 200, and says how long that took. Gives up when the process ends.
pub async fn until_ready(
    child: &mut Child,
    address: &str,
    path: &str,
    begun: Instant,
    within: Duration,
) -> Result<Duration> {
    while begun.elapsed() < within {
        if is_ready(address, path).await.unwrap_or(false) {
            return Ok(begun.elapsed());
        }
        if let Some(status) = child.try_wait()? {
            bail!("ended with {status}");
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("not ready within {within:?}")
}

async fn is_ready(address: &str, path: &str) -> Result<bool> {
    let mut sender = client::connect(address).await?;
    let request = client::request(Method::GET, address, path, None, Bytes::new())?;
    Ok(client::send(&mut sender, request).await?.0 == 200)
}
