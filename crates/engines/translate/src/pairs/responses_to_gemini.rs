//! Codex, and whoever else speaks Responses, over Gemini.

mod fields;

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::gemini;
use crate::names::Names;
use crate::pair::{Answer, Count, Definition, Pair, Streams, Translated, Write};
use crate::responses;
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "responses_to_gemini",
    caller: Protocol::Responses,
    upstream: Upstream::Gemini,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    count: Some(Count {
        request: count,
        read: gemini::read_count,
    }),
};

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    translated(pair, body, context, gemini::write_request)
}

fn count(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    translated(pair, body, context, gemini::write_count)
}

fn translated(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
    write: Write,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = responses::read_request(body, context, &mut dropped)?;
    let dialect = pair.dialect();
    let body = write(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = gemini::read_answer(body, state.pair.dialect())?;
    Ok(responses::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(gemini::EventsIn::new(state.pair.dialect())),
        writer: Box::new(responses::EventsOut::new(state)),
    }
}
