//! Time as the product sees it: instants in UTC, and a clock that tests can set.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// A text that is no instant. It says what would be one: a body, a setting and the command line show it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected RFC 3339 such as 2026-11-21T10:00:00Z")]
pub struct InvalidTime;

/// Microseconds since 1970-01-01T00:00:00Z; written as RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The instant `seconds` after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self(at.timestamp_micros()))
            .map_err(|_| InvalidTime)
    }

    /// The same instant for calendar work.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The start of the 15-minute bucket that this instant falls into.
    #[must_use]
    pub const fn quarter_hour(self) -> Self {
        const QUARTER: i64 = 15 * 60 * 1_000_000;
        Self(self.0.div_euclid(QUARTER) * QUARTER)
    }

    /// This instant moved by a duration.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Microseconds from `earlier` to this instant; negative when it lies before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl Timestamp {
    /// `2026-11-18T02:30:00.250000Z`, written onto the stack; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn text(self) -> Option<[u8; 27]> {
        const DAY: i64 = 86_400_000_000;
        let (days, within) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days)?;
        // Both below a day, so that words of half the size do.
        let second = (within / 1_000_000) as u32;
        let micro = (within % 1_000_000) as u32;
        let mut out = *b"0000-00-00T00:00:00.000000Z";
        for (at, value) in [
            (0, year / 100),
            (2, year % 100),
            (5, month),
            (8, day),
            (11, second / 3_600),
            (14, second / 60 % 60),
            (17, second % 60),
            (20, micro / 10_000),
            (22, micro / 100 % 100),
            (24, micro % 100),
        ] {
            // Below a hundred, all of them.
            let value = value as u8;
            out[at] = b'0' + value / 10;
            out[at + 1] = b'0' + value % 10;
        }
        Some(out)
    }
}

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar: eras of 400 years that begin in
/// March, so that the leap day comes last. `None` outside the years 0 to 9999.
fn civil(days: i64) -> Option<(u32, u32, u32)> {
    const ERA: u32 = 146_097;
    // Counted from an era before the year 0, so that no day of interest is negative.
    let shifted = u32::try_from(days.checked_add(719_468 + i64::from(ERA))?).ok()?;
    let (era, day_of_era) = (shifted / ERA, shifted % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = (year_of_era + era * 400 + u32::from(month <= 2)).checked_sub(400)?;
    (year <= 9_999).then_some((year, month, day))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self
            .text()
            .as_ref()
            .and_then(|text| std::str::from_utf8(text).ok())
        {
            Some(text) => f.write_str(text),
            None => f.write_str(
                &self
                    .to_utc()
                    .to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            ),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self
            .text()
            .as_ref()
            .and_then(|text| std::str::from_utf8(text).ok())
        {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Where wall time and monotonic time come from. Every room takes one, none asks the system.
pub trait Clock: Send + Sync + 'static {
    /// Wall time.
    fn now(&self) -> Timestamp;

    /// Microseconds on a clock that never goes back; only differences mean anything.
    fn monotonic_us(&self) -> u64;
}

/// The machine's clock, shifted by an offset so that a whole process can be started at another instant.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
    offset_us: i64,
}

impl SystemClock {
    /// The machine's own time.
    #[must_use]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
            offset_us: 0,
        }
    }

    /// A clock that shows `start` now and runs on at the usual speed.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        let real = Self::new();
        Self {
            offset_us: start.0 - real.now().0,
            ..real
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(
            i64::try_from(since.as_micros())
                .unwrap_or(i64::MAX)
                .saturating_add(self.offset_us),
        )
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug, Clone)]
pub struct TestClock {
    wall: Arc<AtomicI64>,
    start: i64,
}

impl TestClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self {
            wall: Arc::new(AtomicI64::new(start.0)),
            start: start.0,
        }
    }

    /// Moves both wall and monotonic time forward.
    pub fn advance(&self, by: Duration) {
        self.wall.fetch_add(
            i64::try_from(by.as_micros()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }

    /// Sets the wall time; monotonic time follows where it lies ahead.
    pub fn set(&self, to: Timestamp) {
        self.wall.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.wall.load(Ordering::SeqCst) - self.start).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_utc_with_micros() {
        let at = Timestamp::parse("2026-11-18T03:30:00.25+01:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-18T02:30:00.250000Z");
        assert_eq!(at.quarter_hour().to_string(), "2026-11-18T02:30:00.000000Z");
        assert_eq!(
            Timestamp(at.0 - 1).quarter_hour().to_string(),
            "2026-11-18T02:30:00.000000Z"
        );
    }

    #[test]
    fn a_text_that_is_no_instant_is_told_what_would_be() {
        let words = "expected RFC 3339 such as 2026-11-21T10:00:00Z";
        for text in ["", "tomorrow", "2027-01-01", "2027-13-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(text).unwrap_err().to_string(), words);
            let error = serde_json::from_value::<Timestamp>(text.into()).unwrap_err();
            assert_eq!(error.to_string(), words);
        }
    }

    proptest::proptest! {
        #[test]
        fn the_quick_text_is_chronos(micros in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
            let at = Timestamp(micros);
            let expected = at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            proptest::prop_assert_eq!(at.to_string(), expected);
        }
    }

    #[test]
    fn a_shifted_clock_shows_its_start() {
        let start = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
        let shown = SystemClock::starting_at(start).now();
        assert!((0..5_000_000).contains(&shown.since(start)));
    }
}
