//! Intervals in a time zone, laid over 15-minute buckets. Every zone's offset is a multiple of 15 minutes today, so a
//! bucket never straddles a local hour, day or month.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use kernel::Timestamp;
use serde::Deserialize;

const SECOND: i64 = 1_000_000;
/// A bucket's width in microseconds.
pub(crate) const QUARTER: i64 = 15 * 60 * SECOND;
const HOUR: i64 = 4 * QUARTER;
const DAY: i64 = 24 * HOUR;

/// The step of a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
pub enum Interval {
    /// Fifteen minutes.
    #[serde(rename = "15m")]
    Quarter,
    /// A local hour.
    #[serde(rename = "hour")]
    Hour,
    /// A local day, 23 or 25 hours long where clocks change.
    #[default]
    #[serde(rename = "day")]
    Day,
    /// Monday to Sunday.
    #[serde(rename = "week")]
    Week,
    /// A calendar month.
    #[serde(rename = "month")]
    Month,
}

impl Interval {
    /// The width that the database groups by; weeks and months are folded from days.
    const fn grain(self) -> i64 {
        match self {
            Self::Quarter => QUARTER,
            Self::Hour => HOUR,
            Self::Day | Self::Week | Self::Month => DAY,
        }
    }
}

/// A time in which the zone's offset does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// First microsecond, at a bucket's start.
    pub(crate) from: i64,
    /// First microsecond after it.
    pub(crate) to: i64,
    /// What to add to UTC, in microseconds.
    pub(crate) offset: i64,
    /// Whether it begins with a change of clocks.
    after_change: bool,
}

/// How a time range is cut into the intervals of a zone.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    zone: Tz,
    interval: Interval,
    stretches: Vec<Stretch>,
}

impl Calendar {
    /// Lays intervals over `from..to`, both at a bucket's edge.
    pub(crate) fn new(zone: Tz, interval: Interval, from: Timestamp, to: Timestamp) -> Self {
        Self {
            zone,
            interval,
            stretches: stretches(zone, from.0, to.0),
        }
    }

    /// The stretches to query apart, each grouped by `(bucket + offset) / grain`.
    pub(crate) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The divisor of that grouping.
    pub(crate) const fn grain(&self) -> i64 {
        self.interval.grain()
    }

    /// How many groups the database can give at most, before they are folded.
    pub(crate) fn grains(&self) -> usize {
        let span: i64 = self.stretches.iter().map(|s| s.to - s.from).sum();
        usize::try_from(span / self.grain()).unwrap_or(usize::MAX)
    }

    /// The start of the interval that a group of a stretch belongs to.
    pub(crate) fn start(&self, stretch: &Stretch, group: i64) -> Timestamp {
        let local = group * self.grain();
        match self.interval {
            Interval::Quarter | Interval::Hour => {
                let start = local - stretch.offset;
                // An hour that began before the clocks changed is another hour.
                Timestamp(if stretch.after_change {
                    start.max(stretch.from)
                } else {
                    start
                })
            }
            Interval::Day | Interval::Week | Interval::Month => {
                let day = Timestamp(local).to_utc().date_naive();
                midnight(self.zone, self.first_day(day))
            }
        }
    }

    fn first_day(&self, day: NaiveDate) -> NaiveDate {
        match self.interval {
            Interval::Week => day
                .checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday())))
                .unwrap_or(day),
            Interval::Month => day.with_day(1).unwrap_or(day),
            _ => day,
        }
    }

    /// The starts of all intervals of the range, in order.
    pub(crate) fn starts(&self) -> Vec<Timestamp> {
        let starts: BTreeSet<Timestamp> = self
            .stretches
            .iter()
            .flat_map(|stretch| {
                let first = (stretch.from + stretch.offset).div_euclid(self.grain());
                let last = (stretch.to - 1 + stretch.offset).div_euclid(self.grain());
                (first..=last).map(|group| self.start(stretch, group))
            })
            .collect();
        starts.into_iter().collect()
    }

    /// An instant as people in the zone write it.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        self.zone
            .from_utc_datetime(&at.to_utc().naive_utc())
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
    }
}

fn offset(zone: Tz, at: i64) -> i64 {
    let utc = Timestamp(at).to_utc().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND
}

fn stretches(zone: Tz, from: i64, to: i64) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut begun = from;
    while begun < to {
        let here = offset(zone, begun);
        // Clocks change at most once a day: walk in days, then halve the day in which the offset differs.
        let mut at = begun;
        let end = loop {
            let next = at + DAY;
            if next >= to {
                break if offset(zone, to - 1) == here {
                    to
                } else {
                    change(zone, here, at, to)
                };
            }
            if offset(zone, next) != here {
                break change(zone, here, at, next);
            }
            at = next;
        };
        found.push(Stretch {
            from: begun,
            to: end,
            offset: here,
            after_change: begun != from,
        });
        begun = end;
    }
    found
}

/// The first bucket after `before` whose offset is not `here`; it lies at or before `after`.
fn change(zone: Tz, here: i64, mut before: i64, mut after: i64) -> i64 {
    while after - before > QUARTER {
        let middle = before + (after - before) / 2 / QUARTER * QUARTER;
        if offset(zone, middle) == here {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

/// The first instant of a local day; where clocks jump over midnight, the first instant after it.
pub(crate) fn midnight(zone: Tz, day: NaiveDate) -> Timestamp {
    let local = day.and_time(NaiveTime::MIN);
    (0..=96)
        .find_map(|quarters| {
            zone.from_local_datetime(&(local + chrono::Duration::minutes(15 * quarters)))
                .earliest()
        })
        .map_or(Timestamp(local.and_utc().timestamp_micros()), |at| {
            Timestamp(at.timestamp_micros())
        })
}

/// The local day that an instant falls into.
pub(crate) fn day_of(zone: Tz, at: Timestamp) -> NaiveDate {
    zone.from_utc_datetime(&at.to_utc().naive_utc())
        .date_naive()
}

/// The next bucket edge at or after an instant.
pub(crate) const fn ceil(at: Timestamp) -> Timestamp {
    Timestamp(at.0 + (QUARTER - at.0.rem_euclid(QUARTER)) % QUARTER)
}

#[cfg(test)]
mod tests;
