//! The price of a model over a stretch of time: by hour, service level, size and region, with its fees.

use std::sync::Arc;

use chrono::NaiveDate;
use kernel::money::InvalidAmount;
use kernel::{Pico, Timestamp};

use super::card::{Card, Factor, Rates, amount, named_beside_multiplier};
use super::error::PriceError;
use super::hours::{Calendar, Schedule};
use super::service::Service;
use super::table::{Decimal, HourTable, RateTable, Variation};

/// All service levels at one time of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) standard: Card,
    special: [Option<Card>; 4],
}

impl Plan {
    fn new(standard: Card, table: &RateTable, path: &str) -> Result<Self, PriceError> {
        let levels = &table.service;
        let mut special = [const { None }; 4];
        for (place, variation) in [&levels.batch, &levels.flex, &levels.fast, &levels.ultrafast]
            .into_iter()
            .enumerate()
        {
            if let Some(variation) = variation {
                let name = Service::SPECIAL[place].as_str();
                special[place] =
                    Some(standard.varied(variation, &format!("{path}.service.{name}"))?);
            }
        }
        Ok(Self { standard, special })
    }

    /// The prices of a level; `None` where it is not sold.
    pub(super) fn level(&self, service: Service) -> Option<&Card> {
        match service {
            Service::Standard => Some(&self.standard),
            _ => Service::SPECIAL
                .iter()
                .position(|special| *special == service)
                .and_then(|place| self.special[place].as_ref()),
        }
    }

    fn at(&self, hour: &HourTable, table: &RateTable, path: &str) -> Result<Self, PriceError> {
        let Some(factor) = &hour.multiplier else {
            return Self::new(Card::new(hour.tokens(), &hour.tiers, path)?, table, path);
        };
        named_beside_multiplier(&hour.tokens(), &hour.tiers, path)?;
        let factor = Factor::read(factor, &format!("{path}.multiplier"))?;
        let mut special = [const { None }; 4];
        for (place, card) in self.special.iter().enumerate() {
            special[place] = card
                .as_ref()
                .map(|card| card.times(factor, path))
                .transpose()?;
        }
        Ok(Self {
            standard: self.standard.times(factor, path)?,
            special,
        })
    }
}

/// What a region changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Region {
    /// Multiplies the sum of all token classes, at every level and time.
    Factor(Factor),
    /// Its own prices, at the standard level.
    Card(Box<Card>),
}

/// What is charged by the piece; never multiplied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fees {
    pub(super) web_search: Option<Pico>,
    pub(super) web_search_input_tokens: u64,
    pub(super) file_search: Option<Pico>,
    pub(super) request: Option<Pico>,
}

/// The price of a model over a stretch of time.
#[derive(Debug)]
pub(super) struct Row {
    /// The first instant.
    pub(super) from: Option<Timestamp>,
    /// The first instant after.
    pub(super) to: Option<Timestamp>,
    pub(super) schedule: Schedule,
    /// The base price, then one for each window of the schedule.
    pub(super) plans: Vec<Plan>,
    pub(super) regions: Vec<(String, Region)>,
    pub(super) fees: Fees,
    pub(super) audio_cache_read: Option<Pico>,
    pub(super) image_cache_read: Option<Pico>,
    /// The windows as written, for showing.
    pub(super) hours: Vec<HourTable>,
    /// Fields whose figure follows from a rule of the family.
    pub(super) derived: Vec<String>,
    /// Fields whose figure stands in one source only.
    pub(super) single_source: Vec<String>,
}

impl Row {
    /// Checks and works out a price. `path` is where it stands, for messages.
    pub(super) fn new(
        table: &RateTable,
        path: &str,
        calendars: &[Arc<Calendar>],
    ) -> Result<Self, PriceError> {
        let from = instant(table.valid_from.as_deref(), &format!("{path}.valid_from"))?;
        let to = instant(table.valid_to.as_deref(), &format!("{path}.valid_to"))?;
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(PriceError::invalid(
                format!("{path}.valid_to"),
                "must be later than `valid_from`",
            ));
        }
        let standard = Card::new(table.tokens(), &table.tiers, path)?;
        let mut plans = vec![Plan::new(standard, table, path)?];
        for (place, hour) in table.hours.iter().enumerate() {
            let plan = plans[0].at(hour, table, &format!("{path}.hours[{place}]"))?;
            plans.push(plan);
        }
        let mut regions = Vec::with_capacity(table.regions.len());
        for (name, variation) in &table.regions {
            let path = format!("{path}.regions.{name}");
            let region = match variation {
                Variation::Multiplier(factor) => Region::Factor(Factor::read(factor, &path)?),
                Variation::Table(inner) => match &inner.multiplier {
                    Some(factor) => {
                        named_beside_multiplier(&inner.tokens(), &inner.tiers, &path)?;
                        Region::Factor(Factor::read(factor, &format!("{path}.multiplier"))?)
                    }
                    None => Region::Card(Box::new(Card::new(inner.tokens(), &inner.tiers, &path)?)),
                },
            };
            regions.push((name.clone(), region));
        }
        let fee =
            |value: &Option<Decimal>, name: &str, read: fn(&str) -> Result<Pico, InvalidAmount>| {
                value
                    .as_ref()
                    .map(|text| amount(text, &format!("{path}.{name}"), read))
                    .transpose()
            };
        Ok(Self {
            from,
            to,
            schedule: Schedule::new(&table.hours, path, calendars)?,
            plans,
            regions,
            fees: Fees {
                web_search: fee(&table.web_search, "web_search", Pico::per_thousand)?,
                web_search_input_tokens: table.web_search_input_tokens.unwrap_or(0),
                file_search: fee(&table.file_search, "file_search", Pico::per_thousand)?,
                request: fee(&table.request, "request", Pico::per_unit)?,
            },
            audio_cache_read: fee(
                &table.audio_cache_read,
                "audio_cache_read",
                Pico::per_million,
            )?,
            image_cache_read: fee(
                &table.image_cache_read,
                "image_cache_read",
                Pico::per_million,
            )?,
            hours: table.hours.clone(),
            derived: Vec::new(),
            single_source: Vec::new(),
        })
    }

    /// Whether this price holds at an instant.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The instants at which it begins and ends.
    pub(super) fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.from.into_iter().chain(self.to)
    }

    /// The base prices at an instant.
    pub(super) fn base(&self, at: Timestamp) -> &Rates {
        let plan = self.schedule.pick(at).plan;
        &self.plans.get(plan).unwrap_or(&self.plans[0]).standard.base
    }
}

/// The instants at which some price begins or ends, sorted.
#[derive(Debug, Default)]
pub(super) struct Edges(Vec<Timestamp>);

impl Edges {
    pub(super) fn new(instants: impl Iterator<Item = Timestamp>) -> Self {
        let mut edges: Vec<_> = instants.collect();
        edges.sort_unstable();
        edges.dedup();
        Self(edges)
    }

    /// Whether one lies after `from` and not after `to`.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> bool {
        let next = self.0.partition_point(|edge| *edge <= from);
        self.0.get(next).is_some_and(|edge| *edge <= to)
    }
}

/// Sorts the prices of one model by time and refuses two that hold at once.
pub(super) fn in_order(rows: &mut [Row], path: &str) -> Result<(), PriceError> {
    rows.sort_by_key(|row| row.from);
    for pair in rows.windows(2) {
        let ends_first = pair[0]
            .to
            .zip(pair[1].from)
            .is_some_and(|(to, from)| to <= from);
        if !ends_first {
            return Err(PriceError::invalid(
                path,
                "two prices hold at the same time; set `valid_to` of the earlier and `valid_from` of the later",
            ));
        }
    }
    Ok(())
}

/// A day (00:00 UTC) or an instant.
pub(super) fn instant(text: Option<&str>, field: &str) -> Result<Option<Timestamp>, PriceError> {
    let Some(text) = text else { return Ok(None) };
    let day = || {
        let day: NaiveDate = text.parse().ok()?;
        Some(Timestamp(
            day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros(),
        ))
    };
    day()
        .or_else(|| Timestamp::parse(text).ok())
        .map(Some)
        .ok_or_else(|| {
            PriceError::invalid(
                field,
                format!(
                    "expected a day such as \"2026-12-01\" or an instant in RFC 3339, got {text:?}"
                ),
            )
        })
}
