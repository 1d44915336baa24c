//! Codex, and whoever else speaks Responses, over Claude.

mod fields;

use crate::context::RequestContext;
use crate::definition::{Definition, Joined, Work};
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::messages;
use crate::neutral::{Request, ThinkingMode};
use crate::responses;

pub(super) static PAIR: Definition = Definition {
    name: "responses_to_messages",
    fields: fields::FIELDS,
    work: Work::Joined(Joined {
        caller: &responses::CALLER,
        upstream: &messages::SERVED,
        adapt: Some(adapt),
    }),
};

fn adapt(
    request: &mut Request<'_>,
    _dialect: Dialect,
    context: &RequestContext<'_>,
    _dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    // OpenAI's models reason unless they are told not to, and Claude only where it is told to: whoever asks for a
    // summary of the reasoning expects some.
    let thinking = &mut request.thinking;
    let expects = thinking.summary == Some(true) && context.facts.reasons != Some(false);
    if expects && thinking.mode == ThinkingMode::Unsaid {
        thinking.mode = ThinkingMode::Adaptive;
    }
    Ok(())
}
