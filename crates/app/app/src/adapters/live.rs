//! ops shows the model calls under way; the gateway has them.

use std::sync::Arc;

use ops::{LiveCall, LiveCalls};

/// The gateway's live calls.
pub(crate) struct Live(pub Arc<gateway::Live>);

impl LiveCalls for Live {
    fn list(&self, limit: usize) -> Vec<LiveCall> {
        let calls = self.0.list(limit).into_iter();
        calls
            .map(|call| LiveCall {
                id: call.id,
                key: call.key,
                surface: call.surface.to_owned(),
                model: call.model.to_string(),
                provider: call.provider.to_string(),
                stream: call.stream,
                started_at: call.started_at,
            })
            .collect()
    }

    fn count(&self) -> usize {
        self.0.count()
    }
}

/// The gauges of calls and streams under way.
pub(crate) fn expose(registry: &telemetry::Registry, live: Arc<gateway::Live>) {
    registry.collect("live", move |registry| {
        let (calls, streams) = live.counts();
        #[expect(
            clippy::cast_precision_loss,
            reason = "gauges need no more than 52 bits"
        )]
        let (calls, streams) = (calls as f64, streams as f64);
        registry.gauge(telemetry::names::CALLS_LIVE, &[]).set(calls);
        registry
            .gauge(telemetry::names::STREAMS_LIVE, &[])
            .set(streams);
    });
}
