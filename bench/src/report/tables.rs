//! The tables of lanes that have their own.

use std::fmt::Write as _;

use super::Report;

impl Report {
    pub(super) fn write_translation(&self, text: &mut String) {
        if self.translation.is_empty() {
            return;
        }
        text.push_str(
            "\n### Translation\n\nCPU of the gateway at 8 connections, beside the same caller's calls passed through in the same rounds.\n\n\
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
    }

    pub(super) fn write_fallback(&self, text: &mut String) {
        if self.fallback.is_empty() {
            return;
        }
        text.push_str(
            "\n### Falling over\n\nCalls whose first target has failed, beside calls straight to the second; 1 connection.\n\n\
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
    }

    pub(super) fn write_peers(&self, text: &mut String) {
        if self.peers.is_empty() {
            return;
        }
        text.push_str(
            "\n### Other gateways\n\nTranslated calls at 8 connections; added is through minus straight to the mock in the caller's protocol.\n\n\
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
    }

    pub(super) fn write_notes(&self, text: &mut String) {
        if self.notes.is_empty() {
            return;
        }
        text.push_str("\n### Not measured\n\n");
        for note in &self.notes {
            writeln!(text, "- {note}").ok();
        }
    }
}
