//! What a call costs: exact from what its answer reported, else estimated and marked so. Reservations in steps.

use facts::Cost;
use kernel::{Nano, Reported, Usage, money};
use llm::prices::{Bill, Quote};

use super::{Call, Ending};
use crate::error::GatewayError;

/// A call's bill.
pub(super) struct Billed {
    pub usage: Usage,
    pub cost: Cost,
    pub model: String,
    pub service: Option<String>,
}

/// What this many tokens cost at a quote's base rates.
pub(super) fn cost_at(quote: &Quote, input: u64, output: u64) -> Nano {
    money::round_half_up(
        u128::from(input) * u128::from(quote.input.0)
            + u128::from(output) * u128::from(quote.output.0),
    )
}

impl Call {
    /// The bill of an ended call.
    pub(super) fn bill(&self, ending: &Ending<'_>) -> Billed {
        let nothing = Reported::default();
        let reported = ending.reported.unwrap_or(&nothing);
        let asked = self.opened.upstream_model.as_str();
        let free = Cost {
            billed_by_client: self.billed_by_client,
            ..Cost::default()
        };
        if self.is_free() || !ending.billable {
            let model = reported.model.clone().unwrap_or_else(|| asked.to_owned());
            return Billed {
                usage: Usage::default(),
                cost: free,
                model,
                service: None,
            };
        }
        let regional = self.in_region(reported);
        let reported = regional.as_ref().unwrap_or(reported);
        let exact = ending.whole && reported.usage.is_some();
        let estimated_usage =
            (!exact).then(|| self.estimated_usage(ending.reported, ending.output_bytes));
        let priced = self.state.catalogue.prices().price(&Bill {
            kind: self.target.upstream.kind,
            provider: &self.target.upstream.name,
            asked_model: asked,
            reported,
            estimated_usage,
            started: self.opened.at,
            ended: self.shared.deps.clock.now(),
        });
        Billed {
            usage: priced.usage,
            cost: Cost {
                nano_usd: priced.nano,
                estimated: priced.estimated || !exact,
                unpriced: priced.unpriced,
                billed_by_client: self.billed_by_client,
            },
            model: priced.model,
            service: Some(priced.service.to_owned()),
        }
    }

    /// What an answer reports with the region that only the provider's settings tell.
    fn in_region(&self, reported: &Reported) -> Option<Reported> {
        let region = self.target.upstream.region.as_ref()?;
        let silent = reported.region.is_none();
        silent.then(|| Reported {
            region: Some(region.clone()),
            ..reported.clone()
        })
    }

    /// The best counts there are when the answer's own are missing or not final.
    pub(super) fn estimated_usage(&self, reported: Option<&Reported>, output_bytes: u64) -> Usage {
        let told = reported.and_then(|reported| reported.usage);
        let mut usage = told.unwrap_or_else(|| Usage {
            input: self.opened.input_estimate,
            ..Usage::default()
        });
        let output = self
            .shared
            .estimator
            .output_tokens(&self.opened.upstream_model, output_bytes);
        // What was counted so far never exceeds the truth, so the larger figure is the better one.
        usage.output += output.saturating_sub(usage.total_output());
        if self.background && told.is_none() {
            usage.output = usage.output.max(self.reserved_output);
        }
        usage
    }

    /// What counts cost at base rates: good enough for progress notes.
    pub(super) fn rough_cost(&self, usage: &Usage) -> Nano {
        self.quote.as_ref().map_or(Nano::ZERO, |quote| {
            cost_at(
                quote,
                usage.total_input() - usage.cache_read,
                usage.total_output(),
            )
        })
    }

    /// Reserves one further step of output.
    pub(super) fn top_up(&mut self) -> Result<(), GatewayError> {
        let step = self.state.budgets.reserve_output_tokens.max(1);
        let left = self
            .max_output
            .map_or(step, |max| max.saturating_sub(self.reserved_output));
        // An upstream that says more than it was allowed is still paid for.
        let step = if left == 0 { step } else { step.min(left) };
        if let (Some(reservation), Some(quote)) = (&mut self.reservation, &self.quote) {
            reservation.top_up(cost_at(quote, 0, step))?;
        }
        self.reserved_output += step;
        Ok(())
    }
}
