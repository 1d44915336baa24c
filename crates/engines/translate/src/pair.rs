//! The way in: a pair of protocols, and what can be translated between them.

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::definition::{Definition, Joined};
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::fault::{ErrorAnswer, Fault};
use crate::pairs;
use crate::side::Count;
use crate::state::PairState;

/// A caller's protocol and the dialect of an upstream that speaks another one.
#[derive(Clone, Copy)]
pub struct Pair {
    definition: &'static Definition,
    dialect: Dialect,
}

/// A translated request.
#[derive(Debug)]
pub struct Translated {
    /// The body for the upstream.
    pub body: Vec<u8>,
    /// What the request asks for and the upstream has no place for.
    pub dropped: Dropped,
    /// What the answer's translation needs.
    pub state: PairState,
}

/// A translated answer.
#[derive(Debug)]
pub struct Answer {
    /// The body for the caller.
    pub body: Vec<u8>,
    /// What the upstream's answer says about itself, usage in disjoint buckets included.
    pub reported: Reported,
    /// Tool call id and signature, where the caller's protocol has no place for it: to be kept for the caller's
    /// tenant and handed back by `RequestContext::signature_of`.
    pub signatures: Vec<(String, String)>,
}

impl Pair {
    /// The pair of a caller's protocol and an upstream's dialect; `None` where both are the same protocol or there is
    /// no translation.
    #[must_use]
    pub fn find(caller: Protocol, dialect: Dialect) -> Option<Self> {
        let definition = pairs::ALL.iter().copied().find(|definition| {
            definition.caller() == caller && definition.upstream() == dialect.upstream()
        })?;
        Some(Self {
            definition,
            dialect,
        })
    }

    /// The pair's name: caller, `_to_`, upstream.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.definition.name
    }

    /// What the caller speaks.
    #[must_use]
    pub fn caller(self) -> Protocol {
        self.definition.caller()
    }

    /// What the upstream speaks.
    #[must_use]
    pub fn upstream(self) -> Upstream {
        self.definition.upstream()
    }

    /// How the upstream speaks it.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        self.dialect
    }

    /// Translates a request.
    pub fn request(
        self,
        body: &[u8],
        context: &RequestContext<'_>,
    ) -> Result<Translated, TranslateError> {
        self.definition.request(self, self.text(body)?, context)
    }

    /// Whether the upstream counts tokens before it answers; where not, the gateway has to estimate.
    #[must_use]
    pub fn counts(self) -> bool {
        self.definition.counted().is_some()
    }

    /// Translates a request for a count of its tokens; `Err` also where the upstream cannot count.
    pub fn count(
        self,
        body: &[u8],
        context: &RequestContext<'_>,
    ) -> Result<Translated, TranslateError> {
        let (joined, count) = self.counter()?;
        joined.request(self, self.text(body)?, context, count.write_request)
    }

    /// The body that tells the caller a count: the upstream's answer to `count`, read.
    pub fn counted(self, body: &[u8]) -> Result<Vec<u8>, TranslateError> {
        let text = answer_text(self.upstream(), body)?;
        let (_, count) = self.counter()?;
        Ok(self.estimated((count.read_answer)(text)?))
    }

    /// The body that tells the caller a count, whoever made it.
    #[must_use]
    pub fn estimated(self, tokens: u64) -> Vec<u8> {
        match self.caller() {
            Protocol::Responses => {
                format!(r#"{{"object":"response.input_tokens","input_tokens":{tokens}}}"#)
            }
            _ => format!(r#"{{"input_tokens":{tokens}}}"#),
        }
        .into_bytes()
    }

    /// Translates an upstream's error answer into the caller's shape, with the status that the caller gets.
    #[must_use]
    pub fn error(self, status: u16, body: &[u8], request_id: &str) -> ErrorAnswer {
        Fault::read(status, body).answer(self.caller(), status, request_id)
    }

    pub(crate) fn definition(self) -> &'static Definition {
        self.definition
    }

    fn counter(self) -> Result<(&'static Joined, &'static Count), TranslateError> {
        self.definition
            .counted()
            .ok_or_else(|| TranslateError::NotAnAnswer {
                upstream: self.upstream(),
                reason: "nobody counts there".to_owned(),
            })
    }

    fn text(self, body: &[u8]) -> Result<&str, TranslateError> {
        std::str::from_utf8(body).map_err(|error| TranslateError::NotARequest {
            protocol: self.caller(),
            reason: format!("it is not UTF-8: {error}"),
        })
    }
}

impl PairState {
    /// Translates a whole answer. `Err` also where the upstream sent an error with a status of success.
    pub fn answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        let text = answer_text(self.pair.upstream(), body)?;
        let reported = crate::stream::reported(self.pair.upstream(), body)?;
        self.pair.definition.answer(self, text, reported)
    }
}

fn answer_text(upstream: Upstream, body: &[u8]) -> Result<&str, TranslateError> {
    std::str::from_utf8(body).map_err(|error| TranslateError::NotAnAnswer {
        upstream,
        reason: format!("it is not UTF-8: {error}"),
    })
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair")
            .field("name", &self.name())
            .field("dialect", &self.dialect)
            .finish()
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.dialect == other.dialect
    }
}

impl Eq for Pair {}
