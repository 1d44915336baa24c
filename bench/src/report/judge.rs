//! What of a report is held against a bound.

use super::{Claim, Report, Row, megabytes};
use crate::lanes::{Effort, Lane};

impl Report {
    /// Fills the claims from what was measured.
    pub fn judge(&mut self) {
        let mut claims = Vec::new();
        for (lane, rows) in [
            (Lane::Plain, &self.plain),
            (Lane::Streams, &self.streams),
            (Lane::Large, &self.large),
        ] {
            claims.extend(rows.iter().flat_map(|row| of_row(lane, row)));
        }
        claims.extend(self.of_routes());
        claims.extend(self.of_process());
        self.claims = claims;
    }

    fn of_routes(&self) -> impl Iterator<Item = Claim> {
        let translated = self.translation.iter().map(|row| {
            let figure = format!(
                "CPU per {}, translated over passed through: {}",
                row.unit, row.way
            );
            Claim::new(Lane::Translation, figure, (3.0, row.ratio, "times"))
        });
        let fallen_over = self.fallback.iter().map(|row| {
            let figure = format!(
                "added where the first target {}, its breaker {}",
                row.failure, row.breaker
            );
            Claim::new(Lane::Fallback, figure, (1.0, row.added_p50_ms, "ms"))
        });
        translated.chain(fallen_over)
    }

    fn of_process(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut claim = |lane, figure: &str, values| claims.push(Claim::new(lane, figure, values));
        if let Some(memory) = &self.memory {
            let idle = megabytes(memory.idle.rss);
            claim(Lane::Memory, "memory idle (resident)", (50.0, idle, "MB"));
            // Shorter spans are still warming up.
            if memory.some_requests >= Effort::FULL.memory_requests.0 {
                let figure = format!(
                    "memory growth, request {} to {}",
                    memory.some_requests, memory.many_requests
                );
                claim(Lane::Memory, &figure, (2.0, memory.percent(), "%"));
            }
        }
        if let Some(start) = &self.start {
            let figure = "ready on an empty data folder";
            claim(Lane::Start, figure, (300.0, start.median_ms(), "ms"));
        }
        if let [few, many, ..] = self.keys.as_slice() {
            let figure = format!(
                "CPU per request, {} keys over {}, {} in use",
                many.keys, few.keys, many.busy
            );
            // The room is for the noise of one run, not for a cost that grows.
            claim(Lane::Keys, &figure, (1.1, many.ratio, "times"));
        }
        claims
    }
}

impl Claim {
    /// Bound, measured value and the unit of both.
    fn new(
        lane: Lane,
        figure: impl Into<String>,
        (bound, measured, unit): (f64, f64, &'static str),
    ) -> Self {
        Self {
            lane,
            figure: figure.into(),
            bound,
            measured,
            unit,
        }
    }
}

fn of_row(lane: Lane, row: &Row) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let Some(bound) = row.bound {
        let figure = format!(
            "CPU per {}, gateway over bare proxy: {}",
            row.unit, row.name
        );
        claims.push(Claim::new(lane, figure, (bound, row.cpu_ratio, "times")));
    }
    let (proxy, gateway) = (&row.proxy, &row.gateway);
    match row.name.as_str() {
        "stream unpaced, 1 connection" => claims.push(Claim::new(
            lane,
            "added to the first byte of a stream, one target",
            (0.3, gateway.added_first_byte_ms, "ms"),
        )),
        // Between paced chunks the machine sleeps, and every hop waits for it to wake, the bare proxy's too.
        "stream paced 5 ms, 1 connection" => claims.push(Claim::new(
            lane,
            "added to the first byte of a paced stream, beyond what the bare proxy adds",
            (
                0.13,
                gateway.added_first_byte_ms - proxy.added_first_byte_ms,
                "ms",
            ),
        )),
        _ => {}
    }
    claims
}
