//! Codex, and whoever else speaks Responses, over Claude.

mod fields;
mod rules;

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::names::Names;
use crate::pair::{Answer, Definition, Pair, Streams, Translated};
use crate::responses;
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "responses_to_messages",
    caller: Protocol::Responses,
    upstream: Upstream::Messages,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    // Responses callers have no such question.
    count: None,
};

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = responses::read_request(body, context, &mut dropped)?;
    rules::adapt(&mut request, context)?;
    let dialect = pair.dialect();
    let body = messages::write_request(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = messages::read_answer(body, state.pair.dialect())?;
    Ok(responses::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(messages::EventsIn::new(state.pair.dialect())),
        writer: Box::new(responses::EventsOut::new(state)),
    }
}
