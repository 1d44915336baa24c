//! What the gateway knows beside the body, handed in so that everything here stays a pure function.

use std::fmt;

/// Looks up the signature that a provider gave with a tool call, by the call's id.
pub type SignatureOf<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a translation may need to know beside the request itself.
#[derive(Clone, Copy)]
pub struct RequestContext<'a> {
    /// The model as the upstream calls it.
    pub model: &'a str,
    /// What is known of that model.
    pub facts: ModelFacts,
    /// Unique to this call, letters and digits: the ids that an answer needs and the upstream does not give are made
    /// of it.
    pub call_id: &'a str,
    /// Seconds since the epoch, for answers that must say when they were made.
    pub now_s: u64,
    /// Signatures kept for callers whose protocol has no place for them.
    pub signature_of: Option<SignatureOf<'a>>,
    /// How much of an answer may be held back while its events are put in order.
    pub max_buffer_bytes: usize,
}

/// What is known of a model; `None` where nobody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelFacts {
    /// The largest output that it takes in a request.
    pub max_output_tokens: Option<u64>,
    /// Whether it reasons: takes an effort, and refuses sampling settings where the provider says so.
    pub reasons: Option<bool>,
    /// Whether it takes images.
    pub sees: Option<bool>,
}

impl<'a> RequestContext<'a> {
    /// A context that knows the model and the call's id, and holds back at most 8 MiB.
    #[must_use]
    pub fn new(model: &'a str, call_id: &'a str) -> Self {
        Self {
            model,
            facts: ModelFacts::default(),
            call_id,
            now_s: 0,
            signature_of: None,
            max_buffer_bytes: 8 << 20,
        }
    }

    /// The asked bound on the output, cut to what the model takes.
    #[must_use]
    pub(crate) fn bounded_output(&self, asked: u64) -> u64 {
        self.facts
            .max_output_tokens
            .map_or(asked, |most| asked.min(most))
    }
}

impl fmt::Debug for RequestContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("model", &self.model)
            .field("facts", &self.facts)
            .field("call_id", &self.call_id)
            .finish_non_exhaustive()
    }
}
