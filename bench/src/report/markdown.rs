//! The report as people read it.

use std::fmt::Write as _;

use clap::ValueEnum as _;

use super::{Report, Row, megabytes};
use crate::lanes::Lane;

impl Report {
    /// The report for people: a section for each lane, in a fixed order; that of a lane that did not run is its title alone.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for lane in Lane::value_variants() {
            writeln!(text, "### {}\n", lane.title()).ok();
            self.write_claims(&mut text, *lane);
            match lane {
                Lane::Plain => write_rows(&mut text, &self.plain),
                Lane::Streams => write_rows(&mut text, &self.streams),
                Lane::Large => write_rows(&mut text, &self.large),
                Lane::Translation => self.write_translation(&mut text),
                Lane::Fallback => self.write_fallback(&mut text),
                Lane::Peers => self.write_peers(&mut text),
                Lane::Memory => self.write_memory(&mut text),
                Lane::Start => self.write_start(&mut text),
                Lane::Keys => self.write_keys(&mut text),
                Lane::Instructions => self.write_instructions(&mut text),
            }
            self.write_notes(&mut text, *lane);
        }
        text
    }

    fn write_claims(&self, text: &mut String, lane: Lane) {
        let mut claims = self
            .claims
            .iter()
            .filter(|claim| claim.lane == lane)
            .peekable();
        if claims.peek().is_none() {
            return;
        }
        text.push_str("| figure | bound | measured | holds |\n|---|---|---|---|\n");
        for claim in claims {
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
        text.push('\n');
    }

    fn write_memory(&self, text: &mut String) {
        let Some(memory) = &self.memory else { return };
        text.push_str("| at | resident MB | proportional MB |\n|---|---|---|\n");
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
        text.push('\n');
    }

    fn write_start(&self, text: &mut String) {
        let Some(start) = &self.start else { return };
        let times: Vec<String> = start.ready_ms.iter().map(|ms| format!("{ms:.0}")).collect();
        writeln!(
            text,
            "Ready on an empty data folder after {} ms.\n",
            times.join(", ")
        )
        .ok();
    }

    fn write_notes(&self, text: &mut String, lane: Lane) {
        let mut notes = self
            .notes
            .iter()
            .filter(|note| note.lane == lane)
            .peekable();
        if notes.peek().is_none() {
            return;
        }
        text.push_str("Not measured:\n\n");
        for note in notes {
            writeln!(text, "- {}", note.text).ok();
        }
        text.push('\n');
    }
}

fn write_rows(text: &mut String, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    text.push_str(
        "Added times are through minus direct in the same round; every figure is the median of the rounds.\n\n\
         | load | through | requests/s (direct) | added p50 ms | added p99 ms | added first byte ms | CPU µs | CPU ratio |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
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
    text.push('\n');
}
