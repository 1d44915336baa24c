//! What is particular to Responses over messages.

use crate::context::RequestContext;
use crate::error::TranslateError;
use crate::neutral::{Part, Request, ThinkingMode};

/// Adapts a request before it is written.
pub(super) fn adapt(
    request: &mut Request<'_>,
    context: &RequestContext<'_>,
) -> Result<(), TranslateError> {
    // A question that is spoken has no other words, so Claude could only ignore it.
    let mut parts = request.turns.iter().flat_map(|turn| &turn.parts);
    if parts.any(|part| matches!(part, Part::Audio(_))) {
        return Err(TranslateError::NotTranslatable {
            field: "input[].content[].input_audio",
            why: "Claude does not hear; send a transcript",
        });
    }
    // OpenAI's models reason unless they are told not to, and Claude only where it is told to: whoever asks for a
    // summary of the reasoning expects some.
    let thinking = &mut request.thinking;
    let expects = thinking.summary == Some(true) && context.facts.reasons != Some(false);
    if expects && thinking.mode == ThinkingMode::Unsaid {
        thinking.mode = ThinkingMode::Adaptive;
    }
    Ok(())
}
