//! Claude Code, and whoever else speaks messages, over OpenAI's Responses.

mod fields;

use kernel::Reported;
use wire::Protocol;

use super::structure;
use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::names::Names;
use crate::pair::{Answer, Count, Definition, Pair, Streams, Translated};
use crate::responses;
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "messages_to_responses",
    caller: Protocol::Messages,
    upstream: Upstream::Responses,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    count: Some(Count {
        request: count,
        read: responses::read_count,
    }),
};

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = messages::read_request(body, context, &mut dropped)?;
    structure::loosen(&mut request, &mut dropped);
    let dialect = pair.dialect();
    let body = responses::write_request(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn count(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = messages::read_request(body, context, &mut dropped)?;
    structure::loosen(&mut request, &mut dropped);
    let body = responses::write_count(&mut request, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = responses::read_answer(body, state.pair.dialect())?;
    Ok(messages::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(responses::EventsIn::new(state.pair.dialect())),
        writer: Box::new(messages::EventsOut::new(state)),
    }
}
