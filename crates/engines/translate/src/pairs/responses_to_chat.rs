//! Codex, and whoever else speaks Responses, over a server that speaks chat.

mod fields;

use kernel::Reported;
use wire::Protocol;

use super::structure;
use crate::chat;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::names::Names;
use crate::pair::{Answer, Definition, Pair, Streams, Translated};
use crate::responses;
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "responses_to_chat",
    caller: Protocol::Responses,
    upstream: Upstream::Chat,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    // Chat servers count nothing before they answer.
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
    if pair.dialect() == Dialect::DeepSeek {
        structure::tell_schema(&mut request);
    }
    let dialect = pair.dialect();
    let body = chat::write_request(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = chat::read_answer(body, state.pair.dialect())?;
    Ok(responses::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(chat::EventsIn::new(state.pair.dialect())),
        writer: Box::new(responses::EventsOut::new(state)),
    }
}
