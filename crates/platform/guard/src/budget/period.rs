//! Calendar windows in UTC. It counts nothing.

use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
const WEEK_US: i64 = 7 * DAY_US;
/// 1970-01-01 was a Thursday: the Monday before it lies three days earlier.
const MONDAY_US: i64 = -3 * DAY_US;

/// How often a budget starts anew; windows are those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From the full hour.
    Hour,
    /// From midnight.
    Day,
    /// From Monday, midnight.
    Week,
    /// From the first of the month, midnight.
    Month,
    /// Never.
    Total,
}

impl Period {
    /// The name in settings and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// When the window that `at` falls into began; the epoch for `Total`.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        let floor =
            |origin: i64, width: i64| Timestamp(origin + (at.0 - origin).div_euclid(width) * width);
        match self {
            Self::Hour => floor(0, HOUR_US),
            Self::Day => floor(0, DAY_US),
            Self::Week => floor(MONDAY_US, WEEK_US),
            Self::Month => midnight(at.to_utc().date_naive().with_day(1)),
            Self::Total => Timestamp(0),
        }
    }

    /// When the window that began at `start` ends; never for `Total`.
    #[must_use]
    pub fn end(self, start: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Hour => Some(Timestamp(start.0 + HOUR_US)),
            Self::Day => Some(Timestamp(start.0 + DAY_US)),
            Self::Week => Some(Timestamp(start.0 + WEEK_US)),
            Self::Month => {
                let next = start
                    .to_utc()
                    .date_naive()
                    .checked_add_months(Months::new(1));
                Some(midnight(next))
            }
            Self::Total => None,
        }
    }
}

fn midnight(date: Option<NaiveDate>) -> Timestamp {
    let at = date.unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
    Timestamp(at.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn windows_are_the_calendars() {
        let now = at("2026-11-21T12:38:07.5Z");
        for (period, start, end) in [
            (Period::Hour, "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"),
            (Period::Day, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
            (Period::Week, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            (
                Period::Month,
                "2026-11-01T00:00:00Z",
                "2026-12-01T00:00:00Z",
            ),
        ] {
            assert_eq!(period.start(now), at(start), "{period:?}");
            assert_eq!(period.end(at(start)), Some(at(end)), "{period:?}");
        }
        assert_eq!(Period::Total.end(Period::Total.start(now)), None);
        assert_eq!(
            Period::Month.end(at("2026-12-01T00:00:00Z")),
            Some(at("2027-01-01T00:00:00Z"))
        );
        assert_eq!(
            Period::Month.end(at("2028-02-01T00:00:00Z")),
            Some(at("2028-03-01T00:00:00Z"))
        );
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_its_own_window(
            micros in 0..4_102_444_800_000_000i64,
            period in prop::sample::select(vec![Period::Hour, Period::Day, Period::Week, Period::Month]),
        ) {
            let now = Timestamp(micros);
            let start = period.start(now);
            let end = period.end(start).unwrap();
            prop_assert!(start <= now && now < end);
            prop_assert_eq!(period.start(start), start);
            prop_assert_eq!(period.start(Timestamp(end.0 - 1)), start);
            prop_assert_eq!(period.start(end), end);
        }
    }
}
