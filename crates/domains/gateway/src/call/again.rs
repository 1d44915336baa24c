//! A call that is tried again: what the attempt behind it cost is kept, and the next target takes its place.

use kernel::Nano;
use llm::Target;

use super::money::cost_at;
use super::{Call, Ending, Fault};
use crate::error::GatewayError;

impl Call {
    /// How many attempts were made.
    pub fn tries(&self) -> usize {
        self.attempts.len()
    }

    /// The attempt under way has failed and another will follow: what it cost is kept, what it left is forgotten. Gives
    /// what was wrong with it.
    pub fn failed(&mut self, ending: &Ending<'_>) -> Option<Fault> {
        let opened = &self.opened;
        let (provider, model) = (&opened.provider, &opened.upstream_model);
        let metrics = &self.shared.metrics;
        metrics.failed(provider, model, opened.surface, ending.status);
        let bill = self.bill(ending);
        self.spent.usage = self.spent.usage.plus(&bill.usage);
        self.spent.nano += bill.cost.nano_usd;
        self.spent.estimated |= bill.cost.estimated;
        let now_us = self.elapsed_us();
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.duration_us = now_us - attempt.started_us;
        }
        let fault = self.error.take();
        self.first_byte_us = None;
        self.http_status = 0;
        self.response_bytes = 0;
        if let Some((_, kept, truncated)) = &mut self.captured {
            kept.clear();
            *truncated = false;
        }
        fault
    }

    /// What an earlier attempt failed of is what the whole call failed of.
    pub fn blame(&mut self, fault: Option<Fault>) {
        self.error = fault;
    }

    /// The next attempt goes to this target. Where it is dearer, more is reserved.
    pub fn turn_to(&mut self, target: &Target) -> Result<(), GatewayError> {
        let upstream = &target.upstream;
        let model = target
            .model
            .as_deref()
            .unwrap_or(&self.opened.requested_model);
        let now = self.shared.deps.clock.now();
        self.quote = self
            .state
            .catalogue
            .prices()
            .quote(upstream.kind, &upstream.name, model, now);
        if let (Some(reservation), Some(quote)) = (&mut self.reservation, &self.quote) {
            let asked =
                cost_at(quote, self.opened.input_estimate, self.reserved_output) + self.spent.nano;
            let held = reservation.reserved();
            if asked > held {
                reservation.top_up(Nano(asked.0 - held.0))?;
            }
        }
        let opened = &*self.opened;
        if opened.upstream_model != model || opened.provider != *upstream.name {
            let metrics = &self.shared.metrics;
            metrics.left(&opened.provider, &opened.upstream_model, opened.surface);
            self.opened.upstream_model = model.to_owned();
            self.opened.provider = upstream.name.to_string();
        }
        self.target = target.clone();
        Ok(())
    }
}
