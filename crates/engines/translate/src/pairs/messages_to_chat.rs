//! Claude Code, and whoever else speaks messages, over a server that speaks chat.

mod fields;
mod rules;

use kernel::Reported;
use wire::Protocol;

use crate::chat;
use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::names::Names;
use crate::pair::{Answer, Definition, Pair, Streams, Translated};
use crate::state::PairState;

pub(super) const PAIR: Definition = Definition {
    name: "messages_to_chat",
    caller: Protocol::Messages,
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
    let mut request = messages::read_request(body, context, &mut dropped)?;
    rules::adapt(&mut request, pair.dialect(), &mut dropped);
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
    Ok(messages::write_answer(&answer, state, reported))
}

fn streams(state: &PairState) -> Streams {
    Streams {
        reader: Box::new(chat::EventsIn::new(state.pair.dialect())),
        writer: Box::new(messages::EventsOut::new(state)),
    }
}
