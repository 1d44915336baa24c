//! One attempt's bill: which price holds for what its answer says, and what it comes to. Sums are exact; they are
//! rounded to nano-dollars once, half up, at the end.

use kernel::tokens::{Reported, Turn};
use kernel::{Nano, Pico, Timestamp, Usage};
use smallvec::SmallVec;

use super::PriceBook;
use super::bucket::Bucket;
use super::compile::{Factor, Fees, Rates, Region, Row};
use super::service::Service;
use super::vendor::Vendor;
use crate::ProviderKind;

/// What is to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Bill<'a> {
    /// The kind of provider that answered.
    pub kind: ProviderKind,
    /// The provider's configured name.
    pub provider: &'a str,
    /// The model asked of it. It decides only where the answer names none, or one that is unknown.
    pub asked_model: &'a str,
    /// What the answer says.
    pub reported: &'a Reported,
    /// What we counted ourselves: used where the answer says nothing, and for the output of an answer that broke
    /// off (it has counts but no stop reason). A complete answer's own counts always stand.
    pub estimated_usage: Option<Usage>,
    /// When the request arrived: picks the price by date and hour.
    pub started: Timestamp,
    /// When the answer ended.
    pub ended: Timestamp,
}

/// What it costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Priced {
    /// The cost. With `unpriced` it covers only the parts whose model is known.
    pub nano: Nano,
    /// All billed turns together.
    pub usage: Usage,
    /// No price is known for the model (or for the model of one of the turns).
    pub unpriced: bool,
    /// The cost may differ from the provider's own; `notes` say why.
    pub estimated: bool,
    /// The level that was billed: `standard`, `batch`, `flex`, `fast` or `ultrafast`.
    pub service: &'static str,
    /// The model that was billed.
    pub model: String,
    /// What the cost is made of, before rounding.
    pub lines: Vec<PriceLine>,
    /// Why it is estimated or unpriced.
    pub notes: SmallVec<[Note; 2]>,
}

/// One item of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    /// A token class or a fee, under its price name.
    pub item: &'static str,
    /// The turn's own model, where it is not the answer's.
    pub model: Option<String>,
    /// Tokens or uses.
    pub units: u64,
    /// The price of one.
    pub rate: Pico,
    /// The region's multiplier, in thousandths.
    pub factor_thousandths: u32,
    /// The exact amount in femto-dollars (10⁻¹⁵ USD): `units × rate × factor`.
    pub femto: u128,
}

/// Why a cost is not certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The answer gave no counts, or broke off before it gave the last ones.
    EstimatedUsage,
    /// The model is in no price list here.
    UnknownModel,
    /// A turn's own model is in no price list here.
    UnknownTurnModel,
    /// The answer names a service level that has no price for this model, or no clear meaning.
    UnclearService,
    /// The answer names a region that has no price for this model.
    UnclearRegion,
    /// The price changed between the request's arrival and the answer's end.
    CrossesPriceChange,
    /// The price hangs on a public holiday that is not certain yet.
    UncertainHoliday,
    /// The counts of the turns and of the whole do not fit.
    UnclearTurns,
    /// A tool was used whose fee is not known, or is charged by time.
    UnknownFee,
    /// Cached tokens of several kinds with different prices in one count.
    MixedCache,
}

impl Note {
    /// A sentence for records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EstimatedUsage => "token counts are estimated",
            Self::UnknownModel => "no price is known for the model",
            Self::UnknownTurnModel => "no price is known for the model of one turn",
            Self::UnclearService => "no price is known for the service level, billed as standard",
            Self::UnclearRegion => "no price is known for the region, billed without surcharge",
            Self::CrossesPriceChange => {
                "the price changed while the call ran, billed by its arrival"
            }
            Self::UncertainHoliday => "the price hangs on a public holiday that is not certain",
            Self::UnclearTurns => "the counts of the turns do not fit the whole",
            Self::UnknownFee => "a tool was used whose fee is not known",
            Self::MixedCache => "cached tokens of several prices stand in one count",
        }
    }
}

/// One sampling turn to be billed.
struct Part<'a> {
    usage: Usage,
    /// What size tiers compare.
    size: u64,
    model: Option<&'a str>,
}

impl<'a> Part<'a> {
    fn of_turn(turn: &'a Turn) -> Self {
        Self {
            usage: turn.usage,
            size: size_of(&turn.usage),
            model: turn.model.as_deref(),
        }
    }
}

/// All input classes together; counts come from outside, so nothing may overflow.
fn size_of(usage: &Usage) -> u64 {
    [
        usage.input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.cache_write_30m,
        usage.cache_write_12h,
        usage.audio_in,
        usage.image_in,
    ]
    .into_iter()
    .fold(0, u64::saturating_add)
}

fn output_of(usage: &Usage) -> u64 {
    [
        usage.output,
        usage.reasoning,
        usage.audio_out,
        usage.image_out,
    ]
    .into_iter()
    .fold(0, u64::saturating_add)
}

fn sum(a: &Usage, b: &Usage) -> Usage {
    Usage {
        input: a.input.saturating_add(b.input),
        cache_read: a.cache_read.saturating_add(b.cache_read),
        cache_write_5m: a.cache_write_5m.saturating_add(b.cache_write_5m),
        cache_write_1h: a.cache_write_1h.saturating_add(b.cache_write_1h),
        cache_write_30m: a.cache_write_30m.saturating_add(b.cache_write_30m),
        cache_write_12h: a.cache_write_12h.saturating_add(b.cache_write_12h),
        audio_in: a.audio_in.saturating_add(b.audio_in),
        image_in: a.image_in.saturating_add(b.image_in),
        output: a.output.saturating_add(b.output),
        reasoning: a.reasoning.saturating_add(b.reasoning),
        audio_out: a.audio_out.saturating_add(b.audio_out),
        image_out: a.image_out.saturating_add(b.image_out),
    }
}

/// The same tokens by class, however finely each side splits writes and output.
fn same_counts(a: &Usage, b: &Usage) -> bool {
    let writes = |usage: &Usage| {
        size_of(usage)
            .saturating_sub(usage.input)
            .saturating_sub(usage.cache_read)
    };
    a.input == b.input
        && a.cache_read == b.cache_read
        && writes(a) == writes(b)
        && output_of(a) == output_of(b)
}

/// A model's price at the instant of the call.
pub(super) struct Found<'a> {
    pub(super) row: &'a Row,
    /// The row that holds when the answer ends, where it is another.
    pub(super) crosses: bool,
    pub(super) fees: Fees,
    pub(super) vendor: Option<Vendor>,
}

struct Running<'a> {
    bill: &'a Bill<'a>,
    service: Service,
    femto: u128,
    lines: Vec<PriceLine>,
    notes: SmallVec<[Note; 2]>,
}

impl PriceBook {
    /// Prices one attempt by what its answer says.
    #[must_use]
    pub fn price(&self, bill: &Bill<'_>) -> Priced {
        let reported = bill.reported;
        let named = reported.model.as_deref().filter(|name| !name.is_empty());
        let model = named.unwrap_or(bill.asked_model);
        let found = self.resolve(bill, model, Some(bill.asked_model));
        let vendor = found
            .as_ref()
            .and_then(|found| found.vendor)
            .or_else(|| Vendor::of(bill.kind, model));

        let mut running = Running {
            bill,
            service: Service::Standard,
            femto: 0,
            lines: Vec::new(),
            notes: SmallVec::new(),
        };
        let (service, clear) = Service::of(reported, vendor);
        running.service = service;
        if !clear {
            running.note(Note::UnclearService);
        }
        let top = running.counts();
        let parts = running.parts(&top, found.as_ref());
        let usage = parts
            .iter()
            .fold(Usage::default(), |all, part| sum(&all, &part.usage));

        let free = reported.refusal.as_ref().is_some_and(|refusal| {
            refusal.before_output
                && !self
                    .book
                    .bills_refusal(vendor, refusal.category.as_deref(), bill.started)
        });
        match &found {
            None => running.note(Note::UnknownModel),
            Some(_) if free => running.notes.clear(),
            Some(found) => {
                for part in &parts {
                    match part.model.filter(|name| *name != model) {
                        None => running.tokens(part, found, None),
                        Some(own) => match self.resolve(bill, own, None) {
                            Some(found) => running.tokens(part, &found, Some(own)),
                            None => running.note(Note::UnknownTurnModel),
                        },
                    }
                }
                running.fees(found);
            }
        }
        running.finish(usage, model)
    }

    /// Finds the price of a model at the instant of the call. `asked` is given for the answer's own model only.
    fn resolve(&self, bill: &Bill<'_>, model: &str, asked: Option<&str>) -> Option<Found<'_>> {
        self.find(bill.kind, bill.provider, model, asked, bill.started)
            .map(|mut found| {
                if bill.ended > bill.started {
                    let later = self.find(bill.kind, bill.provider, model, asked, bill.ended);
                    found.crosses = later.is_none_or(|later| !std::ptr::eq(found.row, later.row));
                }
                found
            })
    }
}

impl<'a> Running<'a> {
    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The counts of the whole answer: its own, else ours, else of both where it broke off.
    fn counts(&mut self) -> Usage {
        let reported = self.bill.reported;
        match (reported.usage, self.bill.estimated_usage) {
            (Some(usage), None) => usage,
            (Some(usage), Some(_)) if reported.stop_reason.is_some() => usage,
            (Some(usage), Some(estimate)) => {
                self.note(Note::EstimatedUsage);
                let mut merged = if size_of(&usage) > 0 { usage } else { estimate };
                let output = if output_of(&estimate) > output_of(&usage) {
                    estimate
                } else {
                    usage
                };
                merged.output = output.output;
                merged.reasoning = output.reasoning;
                merged.audio_out = output.audio_out;
                merged.image_out = output.image_out;
                merged
            }
            (None, estimate) => {
                self.note(Note::EstimatedUsage);
                estimate.unwrap_or_default()
            }
        }
    }

    /// The turns to bill. Message turns are what the top level counts; all others (compaction, advisor) come on top.
    /// After a fallback the top level covers only the attempt that answered, so every turn stands for itself.
    fn parts(&mut self, top: &Usage, found: Option<&Found<'_>>) -> SmallVec<[Part<'a>; 2]> {
        let whole = Part {
            usage: *top,
            size: size_of(top),
            model: None,
        };
        let turns = &self.bill.reported.turns;
        if turns.is_empty() {
            return SmallVec::from_iter([whole]);
        }
        let is_message = |turn: &&Turn| turn.kind == "message";
        let is_fallback = |turn: &&Turn| turn.kind == "fallback_message";
        let own = turns
            .iter()
            .filter(is_message)
            .fold(Usage::default(), |all, turn| sum(&all, &turn.usage));
        let extras = turns
            .iter()
            .filter(|turn| !is_message(turn))
            .map(Part::of_turn);
        if same_counts(&own, top) {
            let tier = |size| found.map_or(0, |found| found.row.plans[0].standard.tier_of(size));
            let mut tiers = turns
                .iter()
                .filter(is_message)
                .map(|turn| tier(size_of(&turn.usage)));
            let first = tiers.next().unwrap_or(0);
            if tiers.all(|tier| tier == first) {
                // All turns cost alike, so the top level, which may split finer, says it all.
                let size = turns
                    .iter()
                    .filter(is_message)
                    .map(|turn| size_of(&turn.usage))
                    .max();
                return std::iter::once(Part {
                    size: size.unwrap_or(whole.size),
                    ..whole
                })
                .chain(extras)
                .collect();
            }
            if own != *top {
                self.note(Note::UnclearTurns);
            }
            return turns.iter().map(Part::of_turn).collect();
        }
        if turns.iter().any(|turn| is_fallback(&turn)) {
            let answered = turns
                .iter()
                .filter(is_fallback)
                .fold(Usage::default(), |all, turn| sum(&all, &turn.usage));
            let last = turns.iter().rfind(is_fallback).map(|turn| turn.usage);
            if !same_counts(&answered, top) && !last.is_some_and(|last| same_counts(&last, top)) {
                self.note(Note::UnclearTurns);
            }
            return turns.iter().map(Part::of_turn).collect();
        }
        std::iter::once(whole).chain(extras).collect()
    }

    /// Bills one turn's tokens.
    fn tokens(&mut self, part: &Part<'_>, found: &Found<'_>, own_model: Option<&str>) {
        let (rates, factor) = self.rates(part.size, found);
        for bucket in Bucket::ALL {
            self.line(
                bucket.as_str(),
                bucket.of(&part.usage),
                rates.of(bucket),
                factor,
                own_model,
            );
        }
        let mixed = |cached: Option<Pico>, fresh: u64| {
            cached.is_some_and(|cached| cached != rates.of(Bucket::CacheRead))
                && fresh > 0
                && part.usage.cache_read > 0
        };
        if mixed(found.row.audio_cache_read, part.usage.audio_in)
            || mixed(found.row.image_cache_read, part.usage.image_in)
        {
            self.note(Note::MixedCache);
        }
    }

    /// The prices for a request of this size: by hour, then level, then size, then region.
    fn rates<'r>(&mut self, size: u64, found: &Found<'r>) -> (&'r Rates, Factor) {
        let row = found.row;
        let picked = row.schedule.pick(self.bill.started);
        let plan = row.plans.get(picked.plan).unwrap_or(&row.plans[0]);
        if row.plans.get(picked.otherwise) != Some(plan) {
            self.note(Note::UncertainHoliday);
        }
        let later = row.schedule.pick(self.bill.ended).plan;
        if found.crosses || row.plans.get(later) != Some(plan) {
            self.note(Note::CrossesPriceChange);
        }
        let tier = plan.standard.tier_of(size);
        let standard = plan.standard.tier(tier).unwrap_or(&plan.standard.base);
        let rates = match plan.level(self.service).and_then(|card| card.tier(tier)) {
            Some(rates) => rates,
            None => {
                self.note(Note::UnclearService);
                standard
            }
        };
        let region = self.bill.reported.region.as_deref().unwrap_or_default();
        match row.regions.iter().find(|(name, _)| name == region) {
            Some((_, Region::Factor(factor))) => (rates, *factor),
            Some((_, Region::Card(card))) if self.service == Service::Standard => {
                (card.tier(tier).unwrap_or(&card.base), Factor::ONE)
            }
            Some(_) => {
                self.note(Note::UnclearRegion);
                (rates, Factor::ONE)
            }
            None => {
                let plain = matches!(
                    region,
                    "" | "global" | "default" | "not_available" | "unknown"
                );
                if !plain && !row.regions.is_empty() {
                    self.note(Note::UnclearRegion);
                }
                (rates, Factor::ONE)
            }
        }
    }

    /// Bills what is charged by the piece.
    fn fees(&mut self, found: &Found<'_>) {
        let tools = self.bill.reported.tools;
        for (item, uses, fee) in [
            ("web_search", tools.web_search, found.fees.web_search),
            ("file_search", tools.file_search, found.fees.file_search),
        ] {
            match fee {
                Some(fee) => self.line(item, uses, fee, Factor::ONE, None),
                None if uses > 0 => self.note(Note::UnknownFee),
                None => {}
            }
        }
        if tools.web_search > 0 && found.fees.web_search_input_tokens > 0 {
            // Whether the answer's own counts hold these is not documented: hence the note.
            let tokens = tools
                .web_search
                .saturating_mul(found.fees.web_search_input_tokens);
            let (rates, factor) = self.rates(0, found);
            self.line(
                "web_search_input",
                tokens,
                rates.of(Bucket::Input),
                factor,
                None,
            );
            self.note(Note::UnknownFee);
        }
        // Code execution is charged by time, but costs nothing beside Anthropic's web tools.
        let beside_web = found.vendor == Some(Vendor::Anthropic)
            && (tools.web_search > 0 || tools.web_fetch > 0);
        if tools.code_execution > 0 && !beside_web {
            self.note(Note::UnknownFee);
        }
        if let Some(fee) = found.fees.request {
            self.line("request", 1, fee, Factor::ONE, None);
        }
    }

    fn line(
        &mut self,
        item: &'static str,
        units: u64,
        rate: Pico,
        factor: Factor,
        own_model: Option<&str>,
    ) {
        if units == 0 {
            return;
        }
        let femto = (u128::from(units) * u128::from(rate.0)).saturating_mul(u128::from(factor.0));
        self.femto = self.femto.saturating_add(femto);
        self.lines.push(PriceLine {
            item,
            model: own_model.map(str::to_owned),
            units,
            rate,
            factor_thousandths: factor.0,
            femto,
        });
    }

    fn finish(self, usage: Usage, model: &str) -> Priced {
        let unpriced = |note: &Note| matches!(note, Note::UnknownModel | Note::UnknownTurnModel);
        Priced {
            nano: round(self.femto),
            usage,
            unpriced: self.notes.iter().any(unpriced),
            estimated: self.notes.iter().any(|note| !unpriced(note)),
            service: self.service.as_str(),
            model: model.to_owned(),
            lines: self.lines,
            notes: self.notes,
        }
    }
}

/// Femto-dollars to nano-dollars, half up.
fn round(femto: u128) -> Nano {
    Nano(i64::try_from(femto.saturating_add(500_000) / 1_000_000).unwrap_or(i64::MAX))
}
