//! What of a request its answer depends on. Owned, so that it outlives the request's body.

use crate::context::RequestContext;
use crate::names::Names;
use crate::neutral::Request;
use crate::pair::Pair;

/// What a pair keeps between a request and its answer.
#[derive(Debug, Clone)]
pub struct PairState {
    pub(crate) pair: Pair,
    /// The model as the upstream was asked for it; what an answer says that names none.
    pub(crate) model: String,
    pub(crate) call_id: String,
    pub(crate) now_s: u64,
    pub(crate) max_buffer_bytes: usize,
    /// The caller wants a stream.
    pub(crate) stream: bool,
    /// A chat caller wants usage at the end of its stream.
    pub(crate) include_usage: bool,
    /// A chat caller that knows one call at a time, under its old name.
    pub(crate) one_call: bool,
    /// A messages caller wants no thinking text: it then travels inside the signature.
    pub(crate) hide_thinking: bool,
    /// Tool names as the caller knows them.
    pub(crate) names: Names,
    /// What the answer repeats of the request, as raw JSON (Responses).
    pub(crate) echo: Vec<(&'static str, Box<str>)>,
}

impl PairState {
    pub(crate) fn new(
        pair: Pair,
        request: &Request<'_>,
        names: Names,
        context: &RequestContext<'_>,
    ) -> Self {
        Self {
            pair,
            model: context.model.to_owned(),
            call_id: context.call_id.to_owned(),
            now_s: context.now_s,
            max_buffer_bytes: context.max_buffer_bytes,
            stream: request.stream,
            include_usage: request.include_usage,
            one_call: request.one_call,
            hide_thinking: request.hide_thinking,
            names,
            echo: request
                .echo
                .iter()
                .map(|(key, raw)| (*key, in_one_line(raw.get())))
                .collect(),
        }
    }

    /// The pair that it belongs to.
    #[must_use]
    pub fn pair(&self) -> Pair {
        self.pair
    }

    /// Whether the caller asked for a stream.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.stream
    }
}

/// JSON without the line ends that its writer set between values: events of a stream have one line each. Within
/// strings none can stand.
fn in_one_line(json: &str) -> Box<str> {
    json.split(['\n', '\r']).map(str::trim_ascii).collect()
}
