//! Claude Code, and whoever else speaks messages, over models of any maker on Bedrock.

mod fields;

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::converse;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::names::Names;
use crate::pair::{Answer, Definition, Pair, Streams, Translated};
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "messages_to_converse",
    caller: Protocol::Messages,
    upstream: Upstream::Converse,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    // Bedrock counts for few of these models.
    count: None,
};

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = messages::read_request(body, context, &mut dropped)?;
    let dialect = pair.dialect();
    let body = converse::write_request(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = converse::read_answer(body, state.pair.dialect())?;
    Ok(messages::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(converse::EventsIn::new(state.pair.dialect())),
        writer: Box::new(messages::EventsOut::new(state)),
    }
}
