//! Whoever speaks chat, over OpenAI's Responses.

mod fields;

use kernel::Reported;
use wire::Protocol;

use crate::chat;
use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::names::Names;
use crate::pair::{Answer, Definition, Pair, Streams, Translated};
use crate::pairs::sound;
use crate::responses;
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "chat_to_responses",
    caller: Protocol::Chat,
    upstream: Upstream::Responses,
    fields: fields::FIELDS,
    request,
    answer,
    streams,
    // Chat has no word for counting.
    count: None,
};

fn request(
    pair: Pair,
    body: &str,
    context: &RequestContext<'_>,
) -> Result<Translated, TranslateError> {
    let mut dropped = Dropped::default();
    let mut names = Names::default();
    let mut request = chat::read_request(body, context, &mut dropped)?;
    sound::refuse(
        &request,
        "OpenAI takes sound over chat alone; send a transcript",
    )?;
    let dialect = pair.dialect();
    let body = responses::write_request(&mut request, dialect, context, &mut names, &mut dropped)?;
    Ok(Translated {
        body,
        dropped,
        state: PairState::new(pair, &request, names, context),
    })
}

fn answer(state: &PairState, body: &str, reported: Reported) -> Result<Answer, TranslateError> {
    let answer = responses::read_answer(body, state.pair.dialect())?;
    Ok(chat::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(responses::EventsIn::new(state.pair.dialect())),
        writer: Box::new(chat::EventsOut::new(state)),
    }
}
