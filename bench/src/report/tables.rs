//! The tables of lanes that have their own.

use std::fmt::Write as _;

use super::Report;

impl Report {
    pub(super) fn write_translation(&self, text: &mut String) {
        if self.translation.is_empty() {
            return;
        }
        text.push_str(
            "CPU of the gateway at 8 connections, beside the same caller's calls passed through in the same rounds.\n\n\
             | call | passed through µs | translated µs | ratio |\n|---|---|---|---|\n",
        );
        for row in &self.translation {
            writeln!(
                text,
                "| {} | {:.1} per {unit} | {:.1} per {unit} | {:.2} |",
                row.way,
                row.passed_through_us,
                row.translated_us,
                row.ratio,
                unit = row.unit
            )
            .ok();
        }
        text.push('\n');
    }

    pub(super) fn write_fallback(&self, text: &mut String) {
        if self.fallback.is_empty() {
            return;
        }
        text.push_str(
            "Calls whose first target has failed, beside calls straight to the second; 1 connection.\n\n\
             | first target | its breaker | straight p50 ms | added p50 ms | added p99 ms |\n|---|---|---|---|---|\n",
        );
        for row in &self.fallback {
            writeln!(
                text,
                "| {} | {} | {:.2} | {:.2} | {:.2} |",
                row.failure, row.breaker, row.straight_p50_ms, row.added_p50_ms, row.added_p99_ms
            )
            .ok();
        }
        text.push('\n');
    }

    pub(super) fn write_peers(&self, text: &mut String) {
        if self.peers.is_empty() {
            return;
        }
        text.push_str(
            "Translated calls at 8 connections; added is through minus straight to the mock in the caller's protocol.\n\n\
             | load | through | requests/s | added p50 ms | CPU µs |\n|---|---|---|---|---|\n",
        );
        for row in &self.peers {
            writeln!(
                text,
                "| {} | {} | {:.0} | {:.2} | {:.1} per {} |",
                row.load, row.through, row.rate, row.added_p50_ms, row.cpu_us, row.unit
            )
            .ok();
        }
        text.push('\n');
    }

    pub(super) fn write_keys(&self, text: &mut String) {
        if self.keys.is_empty() {
            return;
        }
        text.push_str("| keys | in use | CPU µs per request | ratio |\n|---|---|---|---|\n");
        for row in &self.keys {
            writeln!(
                text,
                "| {} | {} | {:.1} | {:.2} |",
                row.keys, row.busy, row.cpu_us, row.ratio
            )
            .ok();
        }
        text.push('\n');
    }

    pub(super) fn write_instructions(&self, text: &mut String) {
        if self.instructions.is_empty() {
            return;
        }
        text.push_str("| load | bare proxy | gateway | ratio |\n|---|---|---|---|\n");
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
        text.push('\n');
    }
}
