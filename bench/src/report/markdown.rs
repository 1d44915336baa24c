//! The report as people read it.

use std::fmt::Write as _;

use super::{Report, megabytes};

impl Report {
    /// The report for people.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.write_claims(&mut text);
        self.write_rows(&mut text);
        self.write_translation(&mut text);
        self.write_fallback(&mut text);
        self.write_peers(&mut text);
        self.write_rest(&mut text);
        self.write_notes(&mut text);
        text
    }

    fn write_claims(&self, text: &mut String) {
        if self.claims.is_empty() {
            return;
        }
        text.push_str("### Bounds\n\n| figure | bound | measured | holds |\n|---|---|---|---|\n");
        for claim in &self.claims {
            let holds = if claim.holds() { "yes" } else { "**no**" };
            writeln!(
                text,
                "| {} | {} {unit} | {:.2} {unit} | {holds} |",
                claim.figure,
                claim.bound,
                claim.measured,
                unit = claim.unit
            )
            .ok();
        }
    }

    fn write_rows(&self, text: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        text.push_str(
            "\n### Loads\n\nAdded times are through minus direct in the same round; every figure is the median of the rounds.\n\n\
             | load | through | requests/s (direct) | added p50 ms | added p99 ms | added first byte ms | CPU µs | CPU ratio |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            for (name, side, ratio) in [
                ("bare proxy", &row.proxy, String::new()),
                ("gateway", &row.gateway, format!("{:.2}", row.cpu_ratio)),
            ] {
                writeln!(
                    text,
                    "| {} | {name} | {:.0} ({:.0}) | {:.2} | {:.2} | {:.2} | {:.1} per {} | {ratio} |",
                    row.name,
                    side.rate,
                    row.direct_rate,
                    side.added_p50_ms,
                    side.added_p99_ms,
                    side.added_first_byte_ms,
                    side.cpu_us,
                    row.unit
                )
                .ok();
            }
        }
    }

    fn write_rest(&self, text: &mut String) {
        if let Some(memory) = &self.memory {
            text.push_str("\n### Memory of the gateway\n\n| at | resident MB | proportional MB |\n|---|---|---|\n");
            for (at, memory) in [
                ("idle".to_owned(), memory.idle),
                (
                    format!("after {} requests", memory.some_requests),
                    memory.after_some,
                ),
                (
                    format!("after {} requests", memory.many_requests),
                    memory.after_many,
                ),
            ] {
                writeln!(
                    text,
                    "| {at} | {:.1} | {:.1} |",
                    megabytes(memory.rss),
                    megabytes(memory.pss)
                )
                .ok();
            }
        }
        if let Some(start) = &self.start {
            let times: Vec<String> = start.ready_ms.iter().map(|ms| format!("{ms:.0}")).collect();
            writeln!(
                text,
                "\n### Start\n\nReady on an empty data folder after {} ms.",
                times.join(", ")
            )
            .ok();
        }
        if let Some(keys) = &self.keys {
            writeln!(
                text,
                "\n### Keys\n\nCPU per request with {} keys: {:.1} µs; with {} keys: {:.1} µs.",
                keys.few, keys.cpu_us_few, keys.many, keys.cpu_us_many
            )
            .ok();
        }
        if !self.instructions.is_empty() {
            text.push_str("\n### Instructions\n\n| load | bare proxy | gateway | ratio |\n|---|---|---|---|\n");
        }
        for row in &self.instructions {
            let (proxy, gateway) = (row.proxy, row.gateway);
            let ratio = gateway / proxy.max(1.0);
            writeln!(
                text,
                "| {} | {proxy:.0} per {unit} | {gateway:.0} per {unit} | {ratio:.2} |",
                row.name,
                unit = row.unit
            )
            .ok();
        }
    }
}
