//! What a call loses when the first target of its route has failed and the second answers.

use std::path::Path;

use anyhow::{Result, ensure};
use serde::Serialize;
use tokio::net::TcpSocket;

use super::{Effort, load};
use crate::gateway::{Gateway, Settings};
use crate::load::Options;
use crate::peers::Peer;
use crate::report::added_ms;
use crate::stats;

/// What the first target does, its name, and the model whose route begins there.
const FAILURES: [(&str, &str, &str); 2] = [
    ("answers 503", "failing", "over-failing"),
    ("refuses connections", "gone", "over-gone"),
];

/// State of the first target's breaker and the failures after which it opens.
const BREAKERS: [(&str, u32); 2] = [("closed", u32::MAX), ("open", 5)];

/// One kind of failure.
#[derive(Debug, Clone, Serialize)]
pub struct Fallback {
    /// What the first target does.
    pub failure: &'static str,
    /// Whether it is still asked first: its breaker is closed; or asked last: it is open.
    pub breaker: &'static str,
    /// The middle call straight to the second target, in milliseconds.
    pub straight_p50_ms: f64,
    /// Milliseconds added to the middle call.
    pub added_p50_ms: f64,
    /// Milliseconds added to the 99th of 100.
    pub added_p99_ms: f64,
}

/// Each failure with the breaker closed, then open; on one connection, so that only the call itself is seen.
pub async fn fallback(binary: &Path, mock: &str, effort: Effort) -> Result<Vec<Fallback>> {
    // Bound and never listening: nobody else gets the port, and every connection is refused.
    let refusing = TcpSocket::new_v4()?;
    refusing.bind("127.0.0.1:0".parse()?)?;
    let refusing_at = refusing.local_addr()?.to_string();
    let mut rows = Vec::new();
    for (breaker, failures) in BREAKERS {
        let settings = Settings::falling_over(mock, &refusing_at, failures);
        let gateway = Gateway::start_with(&[], binary, &settings).await?;
        let peer = Peer {
            target: gateway.address().to_owned(),
            pid: Some(gateway.pid()?),
            keys: Some(gateway.key().await?),
        };
        for (failure, first, model) in FAILURES {
            rows.push(rounds(&peer, (failure, breaker), model, effort).await?);
            let state = gateway.breaker(first).await?;
            ensure!(
                state == breaker,
                "the breaker of the target that {failure} is {state}, not {breaker}"
            );
        }
    }
    Ok(rows)
}

/// In each round straight to the second target, then by way of the first.
async fn rounds(
    peer: &Peer,
    (failure, breaker): (&'static str, &'static str),
    model: &str,
    effort: Effort,
) -> Result<Fallback> {
    let asking = |model: &str| Options {
        model: Some(model.to_owned()),
        ..load(1, effort)
    };
    let (straight, over) = (asking("straight"), asking(model));
    // More than enough to open a breaker that opens at all.
    let first = Options {
        requests: Some(50),
        ..over.clone()
    };
    peer.measure(&first).await?;
    let (mut base, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let straight = peer.measure(&straight).await?.seen;
        let over = peer.measure(&over).await?.seen;
        base.push(added_ms(straight.p50_us, 0));
        p50.push(added_ms(over.p50_us, straight.p50_us));
        p99.push(added_ms(over.p99_us, straight.p99_us));
    }
    let row = Fallback {
        failure,
        breaker,
        straight_p50_ms: stats::median(&base),
        added_p50_ms: stats::median(&p50),
        added_p99_ms: stats::median(&p99),
    };
    eprintln!(
        "first target {failure}, breaker {breaker}: {:.2} ms added",
        row.added_p50_ms
    );
    Ok(row)
}
