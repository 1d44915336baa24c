//! OpenAI's embeddings over Gemini's.

mod fields;
mod request;
mod silent;

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::definition::{Definition, Own, Streams, Work};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::gemini;
use crate::names::Names;
use crate::neutral;
use crate::pair::{Answer, Pair, Translated};
use crate::state::PairState;
#[cfg(test)]
pub(crate) use request::KNOWN_FIELDS;

pub(super) static PAIR: Definition = Definition {
    name: "embeddings_to_gemini",
    fields: fields::FIELDS,
    work: Work::Own(Own {
        caller: Protocol::Embeddings,
        upstream: Upstream::Gemini,
        request,
        answer,
        streams,
    }),
};

/// Where the state keeps how the vectors shall be written.
const ENCODING: &str = "encoding_format";

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let read = request::read(body)?;
    let body = gemini::write_embeddings(&read.texts, read.dimensions, context);
    let nothing = neutral::Request {
        echo: read
            .encoding
            .map(|encoding| (ENCODING, encoding))
            .into_iter()
            .collect(),
        ..neutral::Request::default()
    };
    Ok(Translated {
        body,
        dropped: read.dropped,
        state: PairState::new(pair, &nothing, Names::default(), context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let packed = |(key, raw): &(&str, Box<str>)| *key == ENCODING && raw.as_ref() == "\"base64\"";
    let packed = state.echo.iter().any(packed);
    Ok(Answer {
        body: gemini::read_embeddings(body, &state.model, packed, &reported)?,
        reported,
        signatures: Vec::new(),
    })
}

/// Vectors are not streamed: nobody asks for this.
fn streams() -> Streams {
    Streams {
        reader: Box::new(gemini::EventsIn::new(false)),
        writer: Box::new(silent::Silent),
    }
}
