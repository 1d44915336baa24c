//! The book itself: the data file read into models, each with its facts and its prices over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use ahash::AHashMap;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::PriceError;
use super::hours::{Calendar, CalendarFile};
use super::row::{Edges, Row, in_order, instant};
use super::table::RateTable;
use super::vendor::{VENDORS, Vendor, makers_spelling};
use crate::ProviderKind;

/// A sort of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Vectors.
    Embedding,
}

/// What a model can take and make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelFacts {
    /// Tokens of input and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Tokens of input, where the provider bounds them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_input_tokens: Option<u64>,
    /// Tokens of output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// What it takes.
    pub input_modalities: Vec<Modality>,
    /// What it makes.
    pub output_modalities: Vec<Modality>,
    /// Whether it calls tools.
    pub tools: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    checked: String,
    sources: BTreeMap<String, String>,
    calendars: BTreeMap<String, CalendarFile>,
    refusals: Vec<RefusalFile>,
    models: Vec<ModelFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalFile {
    vendor: Vendor,
    valid_from: String,
    billed: Vec<String>,
    sources: Vec<String>,
    #[serde(rename = "checked")]
    _checked: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    vendor: Vendor,
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    also: Vec<String>,
    context_window: Option<u64>,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    input_modalities: Vec<Modality>,
    output_modalities: Vec<Modality>,
    tools: bool,
    released: Option<String>,
    retires_no_sooner: Option<String>,
    shut: Option<String>,
    served_as: Option<ServedAsFile>,
    sources: Vec<String>,
    checked: String,
    prices: Vec<PriceFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServedAsFile {
    model: String,
    from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceFile {
    rates: RateTable,
    #[serde(default)]
    derived: Vec<String>,
    #[serde(default)]
    single_source: Vec<String>,
}

/// One model of the book.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) vendor: Vendor,
    pub(super) id: Arc<str>,
    /// Other ids for the same thing that callers may use.
    pub(super) aliases: Vec<String>,
    pub(super) facts: ModelFacts,
    pub(super) released: Option<Timestamp>,
    pub(super) retires_no_sooner: Option<Timestamp>,
    /// From here on it is not served any more.
    pub(super) shut: Option<Timestamp>,
    /// From here on calls are served, and billed, as that other model.
    served_as: Option<(usize, Timestamp)>,
    pub(super) sources: Vec<String>,
    pub(super) checked: String,
    pub(super) rows: Vec<Row>,
}

/// A rule on refusals before any output: who bills which of them since when.
#[derive(Debug)]
struct RefusalRule {
    vendor: Vendor,
    from: Timestamp,
    billed: Vec<String>,
}

/// All models, by maker and id.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) checked: String,
    pub(super) sources: BTreeMap<String, String>,
    pub(super) calendars: Vec<Arc<Calendar>>,
    pub(super) models: Vec<Model>,
    index: [AHashMap<Box<str>, usize>; VENDORS],
    refusals: Vec<RefusalRule>,
    /// When anything here changes.
    pub(super) edges: Edges,
}

impl Book {
    pub(super) fn read(text: &str) -> Result<Self, PriceError> {
        let file: BookFile = toml::from_str(text).map_err(|error| PriceError::Malformed {
            reason: error.to_string(),
        })?;
        let calendars: Vec<_> = file
            .calendars
            .iter()
            .map(|(name, calendar)| Arc::new(Calendar::new(name, calendar)))
            .collect();
        let mut book = Self {
            checked: file.checked,
            sources: file.sources,
            calendars,
            models: Vec::with_capacity(file.models.len()),
            index: Default::default(),
            refusals: Vec::with_capacity(file.refusals.len()),
            edges: Edges::default(),
        };
        for (place, rule) in file.refusals.into_iter().enumerate() {
            let path = format!("refusals[{place}]");
            book.known_sources(&rule.sources, &path)?;
            book.refusals.push(RefusalRule {
                vendor: rule.vendor,
                from: required_instant(&rule.valid_from, &format!("{path}.valid_from"))?,
                billed: rule.billed,
            });
        }
        let mut redirects = Vec::new();
        for model in file.models {
            let place = book.models.len();
            if let Some(served) = &model.served_as {
                redirects.push((
                    place,
                    served.model.clone(),
                    required_instant(&served.from, &model.id)?,
                ));
            }
            book.add(model)?;
        }
        for (place, target, from) in redirects {
            let vendor = book.models[place].vendor;
            let target = book.find(vendor, &target).ok_or_else(|| {
                PriceError::invalid(
                    format!("{}.served_as.model", book.models[place].id),
                    format!("{target:?} is not in the book"),
                )
            })?;
            book.models[place].served_as = Some((target, from));
        }
        book.edges = Edges::new(book.models.iter().flat_map(|model| {
            let redirect = model.served_as.map(|(_, from)| from);
            model.rows.iter().flat_map(Row::edges).chain(redirect)
        }));
        Ok(book)
    }

    fn add(&mut self, file: ModelFile) -> Result<(), PriceError> {
        let path = file.id.clone();
        self.known_sources(&file.sources, &path)?;
        let mut rows = Vec::with_capacity(file.prices.len());
        for (place, price) in file.prices.into_iter().enumerate() {
            let mut row = Row::new(
                &price.rates,
                &format!("{path}.prices[{place}].rates"),
                &self.calendars,
            )?;
            row.derived = price.derived;
            row.single_source = price.single_source;
            rows.push(row);
        }
        in_order(&mut rows, &path)?;
        let place = self.models.len();
        let index = &mut self.index[file.vendor as usize];
        for id in std::iter::once(&file.id)
            .chain(&file.aliases)
            .chain(&file.also)
        {
            if index.insert(id.as_str().into(), place).is_some() {
                return Err(PriceError::invalid(
                    path,
                    format!("{id:?} stands in the book twice"),
                ));
            }
        }
        let date =
            |text: &Option<String>, name: &str| instant(text.as_deref(), &format!("{path}.{name}"));
        self.models.push(Model {
            vendor: file.vendor,
            facts: ModelFacts {
                context_window: file.context_window,
                max_input_tokens: file.max_input_tokens,
                max_output_tokens: file.max_output_tokens,
                input_modalities: file.input_modalities,
                output_modalities: file.output_modalities,
                tools: file.tools,
            },
            released: date(&file.released, "released")?,
            retires_no_sooner: date(&file.retires_no_sooner, "retires_no_sooner")?,
            shut: date(&file.shut, "shut")?,
            served_as: None,
            id: file.id.into(),
            aliases: file.aliases,
            sources: file.sources,
            checked: file.checked,
            rows,
        });
        Ok(())
    }

    fn known_sources(&self, marks: &[String], path: &str) -> Result<(), PriceError> {
        match marks.iter().find(|mark| !self.sources.contains_key(*mark)) {
            None if !marks.is_empty() => Ok(()),
            None => Err(PriceError::invalid(
                format!("{path}.sources"),
                "must name a source",
            )),
            Some(mark) => Err(PriceError::invalid(
                format!("{path}.sources"),
                format!("no source {mark:?} is described"),
            )),
        }
    }

    fn find(&self, vendor: Vendor, id: &str) -> Option<usize> {
        self.index[vendor as usize].get(id).copied()
    }

    /// The model behind an id as this kind of provider spells it. Only ids that the book lists: a date is never
    /// cut off to make one fit.
    pub(super) fn model(&self, kind: ProviderKind, id: &str) -> Option<&Model> {
        let vendor = Vendor::of(kind, id)?;
        let place = self
            .find(vendor, id)
            .or_else(|| self.find(vendor, &makers_spelling(kind, id)))?;
        self.models.get(place)
    }

    /// The model whose price holds for calls to `model` at an instant.
    pub(super) fn billed_as<'a>(&'a self, model: &'a Model, at: Timestamp) -> &'a Model {
        match model.served_as {
            Some((target, from)) if from <= at => self.models.get(target).unwrap_or(model),
            _ => model,
        }
    }

    /// Whether a refusal before any output is billed.
    pub(super) fn bills_refusal(
        &self,
        vendor: Option<Vendor>,
        category: Option<&str>,
        at: Timestamp,
    ) -> bool {
        let mut of_vendor = self
            .refusals
            .iter()
            .filter(|rule| Some(rule.vendor) == vendor)
            .peekable();
        if of_vendor.peek().is_none() {
            return true;
        }
        of_vendor
            .filter(|rule| rule.from <= at)
            .max_by_key(|rule| rule.from)
            .is_some_and(|rule| {
                category.is_some_and(|category| rule.billed.iter().any(|billed| billed == category))
            })
    }
}

fn required_instant(text: &str, field: &str) -> Result<Timestamp, PriceError> {
    instant(Some(text), field)?.ok_or_else(|| PriceError::invalid(field, "must be given"))
}
