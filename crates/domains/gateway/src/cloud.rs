//! Calls to providers in the clouds: into the envelope, signed, sent, and the answer taken out of it again. What is spoken
//! inside is decided elsewhere.

use http::Response;
use http::header::{CONTENT_ENCODING, HeaderValue};
use llm::cloud::Outgoing;
use llm::{LlmError, Upstream};

/// An answer out of its envelope.
pub(crate) struct Sent {
    pub answer: Response<llm::AnswerBody>,
    /// Names of what the caller asked for and this provider does not take.
    pub dropped: Option<HeaderValue>,
}

/// Sends a call. The body is in no encoding, whatever its headers still say.
pub(crate) async fn send(
    upstream: &Upstream,
    mut call: Outgoing<'_>,
    max_event_bytes: usize,
) -> Result<Sent, LlmError> {
    call.headers.remove(CONTENT_ENCODING);
    let ready = upstream.ready(call).await?;
    let answer = upstream.send(ready.request).await?;
    let dropped = match &ready.dropped[..] {
        [] => None,
        names => HeaderValue::from_str(&names.join(", ")).ok(),
    };
    Ok(Sent {
        answer: upstream.undress(ready.framing, answer, max_event_bytes),
        dropped,
    })
}
