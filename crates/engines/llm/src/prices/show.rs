//! What callers may see of the book: the models that there are, what they can do and what they cost.

use kernel::{Pico, Timestamp};
use serde::Serialize;

use super::PriceBook;
use super::book::ModelFacts;
use super::bucket::Bucket;
use super::card::{Card, Rates};
use super::row::{Region, Row};
use super::service::Service;
use super::table::{Decimal, HourTable, RateTable, TierTable, Variation, VariationTable};
use super::vendor::Vendor;
use crate::ProviderKind;

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceOrigin {
    /// The bundled book.
    Book,
    /// The operator's settings.
    Settings,
}

/// A model's facts and price at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// What it takes and makes.
    #[serde(flatten)]
    pub facts: ModelFacts,
    /// USD per million tokens (`web_search`, `file_search` per 1,000, `request` each), every level worked out.
    pub pricing: RateTable,
    /// Prices already known for later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upcoming_pricing: Vec<RateTable>,
    /// Where the price comes from.
    pub price_origin: PriceOrigin,
    /// The sources of the book's price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub price_sources: Vec<String>,
    /// The day of the newest of these sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_checked: Option<String>,
    /// Price fields that follow from a rule of the family and were read nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub price_derived: Vec<String>,
    /// Price fields that stand in one source only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub price_single_source: Vec<String>,
    /// When the model came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Timestamp>,
    /// The earliest that its maker says it may retire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retires_no_sooner: Option<Timestamp>,
    /// When it is shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shut: Option<Timestamp>,
}

/// A model as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// The id.
    pub id: String,
    /// The id that this one is another name of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_of: Option<String>,
    /// Its maker.
    pub vendor: &'static str,
    /// When it came out, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Timestamp>,
    /// What it takes and makes.
    #[serde(flatten)]
    pub facts: ModelFacts,
}

impl PriceBook {
    /// What is known of a model beside its price.
    #[must_use]
    pub fn facts(&self, kind: ProviderKind, model: &str) -> Option<&ModelFacts> {
        self.book.model(kind, model).map(|model| &model.facts)
    }

    /// A model's facts and price; `None` where no price is known for it.
    #[must_use]
    pub fn capabilities(
        &self,
        kind: ProviderKind,
        provider: &str,
        model: &str,
        at: Timestamp,
    ) -> Option<Capabilities> {
        let found = self.find(kind, provider, model, None, at)?;
        let known = self.book.model(kind, model);
        let set = self
            .overrides
            .get(provider, model, known.map(|model| &*model.id), at);
        let rows = match (set, known) {
            (Some(entry), _) => &entry.rows,
            (None, Some(model)) => &self.book.billed_as(model, at).rows,
            (None, None) => return None,
        };
        let mut pricing = pricing(found.row);
        pricing.web_search = found.fees.web_search.map(per_thousand);
        pricing.file_search = found.fees.file_search.map(per_thousand);
        let from_book = set.is_none();
        Some(Capabilities {
            facts: known.map(|model| model.facts.clone()).unwrap_or_default(),
            pricing,
            upcoming_pricing: rows
                .iter()
                .filter(|row| row.from.is_some_and(|from| from > at))
                .map(self::pricing)
                .collect(),
            price_origin: if from_book {
                PriceOrigin::Book
            } else {
                PriceOrigin::Settings
            },
            price_sources: known
                .filter(|_| from_book)
                .map(|model| {
                    let describe =
                        |mark: &String| self.book.sources.get(mark).unwrap_or(mark).clone();
                    model.sources.iter().map(describe).collect()
                })
                .unwrap_or_default(),
            price_checked: known
                .filter(|_| from_book)
                .map(|model| model.checked.clone()),
            price_derived: found.row.derived.clone(),
            price_single_source: found.row.single_source.clone(),
            released: known.and_then(|model| model.released),
            retires_no_sooner: known.and_then(|model| model.retires_no_sooner),
            shut: known.and_then(|model| model.shut),
        })
    }

    /// The models that a provider of this kind serves by itself and that are not shut at `at`, in the book's order.
    /// Empty for kinds that serve no family by themselves.
    #[must_use]
    pub fn models(&self, kind: ProviderKind, at: Timestamp) -> Vec<ModelInfo> {
        if kind.family().is_empty() {
            return Vec::new();
        }
        let vendor = Vendor::of(kind, "");
        let mut list = Vec::new();
        for model in &self.book.models {
            if Some(model.vendor) != vendor || model.shut.is_some_and(|shut| shut <= at) {
                continue;
            }
            let info = |id: &str, alias_of: Option<&str>| ModelInfo {
                id: id.to_owned(),
                alias_of: alias_of.map(str::to_owned),
                vendor: model.vendor.as_str(),
                released: model.released,
                facts: model.facts.clone(),
            };
            list.push(info(&model.id, None));
            list.extend(
                model
                    .aliases
                    .iter()
                    .map(|alias| info(alias, Some(&model.id))),
            );
        }
        list
    }

    /// The day on which the whole book was last compared with its sources.
    #[must_use]
    pub fn checked(&self) -> &str {
        &self.book.checked
    }
}

fn decimal(rate: Pico) -> Decimal {
    Decimal(rate.to_per_million())
}

fn per_thousand(fee: Pico) -> Decimal {
    // A thousandth of the pico-dollars is the same figure per million.
    let (whole, part) = (fee.0 / 1_000_000_000, fee.0 % 1_000_000_000);
    if part == 0 {
        return Decimal(whole.to_string());
    }
    let digits = format!("{part:09}");
    Decimal(format!("{whole}.{}", digits.trim_end_matches('0')))
}

/// A row as a table, with every multiplier worked out.
fn pricing(row: &Row) -> RateTable {
    let base = &row.plans[0];
    let mut table = RateTable {
        valid_from: row.from.map(|from| from.to_string()),
        valid_to: row.to.map(|to| to.to_string()),
        web_search: row.fees.web_search.map(per_thousand),
        web_search_input_tokens: Some(row.fees.web_search_input_tokens)
            .filter(|tokens| *tokens > 0),
        file_search: row.fees.file_search.map(per_thousand),
        request: row.fees.request.map(|fee| {
            let (whole, part) = (fee.0 / 1_000_000_000_000, fee.0 % 1_000_000_000_000);
            let digits = format!("{part:012}");
            Decimal(
                format!("{whole}.{digits}")
                    .trim_end_matches('0')
                    .trim_end_matches('.')
                    .to_owned(),
            )
        }),
        audio_cache_read: row.audio_cache_read.map(decimal),
        image_cache_read: row.image_cache_read.map(decimal),
        tiers: tiers(&base.standard),
        ..RateTable::default()
    };
    fill(&base.standard.base, |bucket, rate| {
        *table.slot(bucket) = Some(rate);
    });
    for service in Service::SPECIAL {
        let level = base
            .level(service)
            .map(|card| Variation::Table(Box::new(variation(card))));
        match service {
            Service::Standard => {}
            Service::Batch => table.service.batch = level,
            Service::Flex => table.service.flex = level,
            Service::Fast => table.service.fast = level,
            Service::Ultrafast => table.service.ultrafast = level,
        }
    }
    for (name, region) in &row.regions {
        let shown = match region {
            Region::Card(card) => Variation::Table(Box::new(variation(card))),
            Region::Factor(factor) => Variation::Multiplier(Decimal(factor.to_string())),
        };
        table.regions.insert(name.clone(), shown);
    }
    for (hour, plan) in row.hours.iter().zip(row.plans.iter().skip(1)) {
        let mut shown = HourTable {
            days: hour.days.clone(),
            from: hour.from.clone(),
            to: hour.to.clone(),
            holidays: hour.holidays.clone(),
            tiers: tiers(&plan.standard),
            ..HourTable::default()
        };
        fill(&plan.standard.base, |bucket, rate| {
            *shown.slot(bucket) = Some(rate);
        });
        table.hours.push(shown);
    }
    table
}

fn fill(rates: &Rates, mut set: impl FnMut(Bucket, Decimal)) {
    for bucket in Bucket::ALL {
        if let Some(rate) = rates.listed[bucket as usize] {
            set(bucket, decimal(rate));
        }
    }
}

fn tiers(card: &Card) -> Vec<TierTable> {
    card.tiers
        .iter()
        .map(|tier| {
            let mut table = TierTable {
                above: tier.above,
                ..TierTable::default()
            };
            fill(&tier.rates, |bucket, rate| *table.slot(bucket) = Some(rate));
            table
        })
        .collect()
}

fn variation(card: &Card) -> VariationTable {
    let mut table = VariationTable {
        tiers: tiers(card),
        ..VariationTable::default()
    };
    fill(&card.base, |bucket, rate| *table.slot(bucket) = Some(rate));
    table
}
