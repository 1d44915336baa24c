//! The Prometheus text format, version 0.0.4.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Kind;
use super::cell::Series;
use super::family::{Family, Labels};

/// No rendering is longer. The caps per metric keep it well below; this is the last line.
pub(super) const MAX_BYTES: usize = 1_000_000;

/// Room for what one series may still write when the bound is checked.
const SPARE_BYTES: usize = 16 * 1024;

pub(super) fn text(families: &[(Cow<'static, str>, Arc<Family>)]) -> String {
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut out = String::with_capacity(32 * 1024);
    for (name, family) in families {
        let rows = family.sorted(now_s);
        if rows.is_empty() {
            continue;
        }
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        if !family.help.is_empty() {
            let _ = writeln!(out, "# HELP {name} {}", family.help);
        }
        let _ = writeln!(out, "# TYPE {name} {kind}");
        for (labels, series) in &rows {
            if out.len() + SPARE_BYTES > MAX_BYTES {
                return out;
            }
            match family.kind {
                Kind::Counter => {
                    line(&mut out, name, "", labels, None);
                    parts(&mut out, series.value.load(Relaxed), family.parts);
                }
                Kind::Gauge => {
                    line(&mut out, name, "", labels, None);
                    float(&mut out, series.float());
                }
                Kind::Histogram => histogram(&mut out, name, labels, series),
            }
        }
    }
    out
}

fn histogram(out: &mut String, name: &str, labels: &Labels, series: &Series) {
    let mut total = 0;
    for (slot, count) in series.counts.iter().enumerate() {
        total += count.load(Relaxed);
        let bound = series.bounds.get(slot).copied().unwrap_or(f64::INFINITY);
        line(out, name, "_bucket", labels, Some(bound));
        let _ = writeln!(out, "{total}");
    }
    line(out, name, "_sum", labels, None);
    float(out, series.float());
    line(out, name, "_count", labels, None);
    let _ = writeln!(out, "{total}");
}

/// Name and labels, with a space behind.
fn line(out: &mut String, name: &str, suffix: &str, labels: &Labels, bound: Option<f64>) {
    out.push_str(name);
    out.push_str(suffix);
    if !labels.is_empty() || bound.is_some() {
        out.push('{');
        for (index, (label, value)) in labels.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            let _ = write!(out, "{label}=\"");
            escape(out, value);
            out.push('"');
        }
        if let Some(bound) = bound {
            let comma = if labels.is_empty() { "" } else { "," };
            if bound.is_finite() {
                let _ = write!(out, "{comma}le=\"{bound}\"");
            } else {
                let _ = write!(out, "{comma}le=\"+Inf\"");
            }
        }
        out.push('}');
    }
    out.push(' ');
}

fn escape(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

fn float(out: &mut String, value: f64) {
    let _ = if value.is_nan() {
        writeln!(out, "NaN")
    } else if value.is_infinite() {
        writeln!(out, "{}Inf", if value > 0.0 { "+" } else { "-" })
    } else {
        writeln!(out, "{value}")
    };
}

/// Parts as an exact decimal: 1,500,000,000 of 1,000,000,000 is 1.5.
fn parts(out: &mut String, value: u64, parts: u64) {
    if parts <= 1 {
        let _ = writeln!(out, "{value}");
        return;
    }
    let digits = parts.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % parts);
    let fraction = fraction.trim_end_matches('0');
    let _ = match fraction {
        "" => writeln!(out, "{}", value / parts),
        _ => writeln!(out, "{}.{fraction}", value / parts),
    };
}
