//! Figures of model calls for `/metrics`. Names and label bounds are `telemetry`'s.

use facts::{CallClosed, CallStatus, Surface};
use telemetry::Calls;

use crate::error::GatewayError;

/// Handles for everything the gateway counts.
#[derive(Debug)]
pub(crate) struct CallFigures {
    calls: Calls,
}

impl Default for CallFigures {
    fn default() -> Self {
        Self {
            calls: Calls::global(),
        }
    }
}

impl CallFigures {
    /// A call ended. `upstream_model` is as the catalogue names it, so that callers cannot make up labels.
    pub fn closed(&self, call: &CallClosed, upstream_model: &str) {
        let figures = self.calls.of(&call.provider, upstream_model, call.surface);
        if !call.attempts.is_empty() {
            figures.attempt(call.status);
        }
        figures.closed(call);
    }

    /// An attempt failed and another one follows.
    pub fn failed(
        &self,
        provider: &str,
        upstream_model: &str,
        surface: Surface,
        status: CallStatus,
    ) {
        self.calls
            .of(provider, upstream_model, surface)
            .attempt(status);
    }

    /// A call goes on with another target than this one.
    pub fn left(&self, provider: &str, upstream_model: &str, surface: Surface) {
        self.calls.of(provider, upstream_model, surface).left();
    }

    /// A call was refused before it was opened.
    pub fn refused(&self, error: &GatewayError) {
        match error {
            GatewayError::Limit(_) => telemetry::calls::rate_limited("limits"),
            GatewayError::Budget(_) => telemetry::calls::rate_limited("budgets"),
            _ => {}
        }
    }
}
