//! One attempt charged: which price holds for what its answer says, and what it comes to. Sums are exact; they are
//! rounded to nano-dollars once, half up, at the end.

use kernel::{Nano, Pico, Usage};
use smallvec::SmallVec;

use super::PriceBook;
use super::bill::{Bill, Note, PriceLine, Priced};
use super::bucket::Bucket;
use super::card::{Factor, Rates};
use super::row::{Fees, Region, Row};
use super::service::Service;
use super::turns::{self, Part};
use super::vendor::Vendor;

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
        let (top, reported_counts) = turns::counts(reported, bill.estimated_usage);
        if !reported_counts {
            running.note(Note::EstimatedUsage);
        }
        let tier_of = |size| {
            found
                .as_ref()
                .map_or(0, |found| found.row.plans[0].standard.tier_of(size))
        };
        let turns::Parts { parts, clear } =
            turns::parts(&top, &reported.turns, bill.asked_model, tier_of);
        if !clear {
            running.note(Note::UnclearTurns);
        }
        let usage = parts
            .iter()
            .fold(Usage::default(), |all, part| all.plus(&part.usage));

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
                let changes = self.book.edges.between(bill.started, bill.ended)
                    || self.overrides.edges.between(bill.started, bill.ended);
                if changes {
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
        // Mostly it is the very same plan; comparing two means comparing all their prices.
        let is_plan = |place: usize| {
            let other = row.plans.get(place);
            other.is_some_and(|other| std::ptr::eq(other, plan) || other == plan)
        };
        if !is_plan(picked.otherwise) {
            self.note(Note::UncertainHoliday);
        }
        let later = row.schedule.pick(self.bill.ended).plan;
        if found.crosses || !is_plan(later) {
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
