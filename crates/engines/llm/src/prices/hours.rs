//! Which price holds at which time of the day and week, with public holidays as data.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use kernel::Timestamp;
use serde::Deserialize;

use super::error::PriceError;
use super::table::HourTable;

const DAY_US: i64 = 86_400_000_000;
const MINUTE_US: i64 = 60_000_000;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Public holidays as the book's file lists them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    #[serde(rename = "sources")]
    pub(super) _sources: Vec<String>,
    #[serde(rename = "checked")]
    pub(super) _checked: String,
    covered: Vec<i32>,
    days: Vec<NaiveDate>,
    doubtful: Vec<NaiveDate>,
}

/// Public holidays, by the number of days since the epoch.
#[derive(Debug)]
pub(super) struct Calendar {
    name: String,
    covered: Vec<i32>,
    days: BTreeSet<i64>,
    doubtful: BTreeSet<i64>,
}

fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 719_163
}

impl Calendar {
    pub(super) fn new(name: &str, file: &CalendarFile) -> Self {
        Self {
            name: name.to_owned(),
            covered: file.covered.clone(),
            days: file.days.iter().copied().map(day_number).collect(),
            doubtful: file.doubtful.iter().copied().map(day_number).collect(),
        }
    }

    fn is_holiday(&self, day: i64) -> bool {
        self.days.contains(&day)
    }

    fn is_sure(&self, day: i64) -> bool {
        let year = Timestamp(day.saturating_mul(DAY_US)).to_utc().year();
        self.covered.contains(&year) && !self.doubtful.contains(&day)
    }
}

/// A stretch of the week.
#[derive(Debug)]
struct Window {
    days: u8,
    from_minute: i64,
    to_minute: i64,
    holidays: Option<Arc<Calendar>>,
}

impl Window {
    fn holds(&self, weekday: i64, minute: i64, holiday: bool) -> bool {
        self.days & (1 << weekday) != 0
            && (self.from_minute..self.to_minute).contains(&minute)
            && (self.holidays.is_none() || holiday)
    }

    fn new(table: &HourTable, path: &str, calendars: &[Arc<Calendar>]) -> Result<Self, PriceError> {
        let mut days = 0u8;
        for name in &table.days {
            let day = DAYS.iter().position(|day| day == name).ok_or_else(|| {
                PriceError::invalid(
                    format!("{path}.days"),
                    format!(
                        "{name:?} is no day, expected one of mon, tue, wed, thu, fri, sat, sun"
                    ),
                )
            })?;
            days |= 1 << day;
        }
        let from_minute = minute(table.from.as_deref(), 0, &format!("{path}.from"))?;
        let to_minute = minute(table.to.as_deref(), 24 * 60, &format!("{path}.to"))?;
        if from_minute >= to_minute {
            return Err(PriceError::invalid(
                format!("{path}.to"),
                "must be later than `from`; split a window that crosses midnight in two",
            ));
        }
        let holidays = match &table.holidays {
            None => None,
            Some(name) => Some(
                calendars
                    .iter()
                    .find(|calendar| calendar.name == *name)
                    .cloned()
                    .ok_or_else(|| {
                        PriceError::invalid(
                            format!("{path}.holidays"),
                            format!("no calendar {name:?} in the price book"),
                        )
                    })?,
            ),
        };
        Ok(Self {
            days: if days == 0 { 0x7f } else { days },
            from_minute,
            to_minute,
            holidays,
        })
    }
}

fn minute(text: Option<&str>, default: i64, field: &str) -> Result<i64, PriceError> {
    let Some(text) = text else { return Ok(default) };
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        if hour.len() != 2 || minute.len() != 2 {
            return None;
        }
        let (hour, minute) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
        let total = i64::from(hour) * 60 + i64::from(minute);
        (minute < 60 && total <= 24 * 60).then_some(total)
    });
    parsed.ok_or_else(|| {
        PriceError::invalid(
            field,
            format!(
                "expected a time of day in UTC such as \"06:00\", up to \"24:00\", got {text:?}"
            ),
        )
    })
}

/// The windows of a price, in order; the first that fits holds.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    windows: Vec<Window>,
}

/// Which of the prices holds at an instant: 0 for the base price, else one more than the window's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picked {
    /// By the calendar as it stands.
    pub(super) plan: usize,
    /// By the calendar's other reading, where it is not certain whether the day is a holiday.
    pub(super) otherwise: usize,
}

impl Schedule {
    pub(super) fn new(
        tables: &[HourTable],
        path: &str,
        calendars: &[Arc<Calendar>],
    ) -> Result<Self, PriceError> {
        let windows = tables
            .iter()
            .enumerate()
            .map(|(place, table)| Window::new(table, &format!("{path}.hours[{place}]"), calendars))
            .collect::<Result<_, _>>()?;
        Ok(Self { windows })
    }

    pub(super) fn pick(&self, at: Timestamp) -> Picked {
        let day = at.micros().div_euclid(DAY_US);
        let minute = at.micros().rem_euclid(DAY_US) / MINUTE_US;
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        let pick = |doubt: bool| {
            self.windows
                .iter()
                .position(|window| {
                    let holiday = window
                        .holidays
                        .as_ref()
                        .is_some_and(|days| days.is_holiday(day) != (doubt && !days.is_sure(day)));
                    window.holds(weekday, minute, holiday)
                })
                .map_or(0, |place| place + 1)
        };
        Picked {
            plan: pick(false),
            otherwise: pick(true),
        }
    }
}
