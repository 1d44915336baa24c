//! What is particular to chat over messages.

use crate::error::TranslateError;
use crate::neutral::{Part, Request};

/// Adapts a request before it is written.
pub(super) fn adapt(request: &mut Request<'_>) -> Result<(), TranslateError> {
    // A question that is spoken has no other words, so Claude could only ignore it.
    let mut parts = request.turns.iter().flat_map(|turn| &turn.parts);
    if parts.any(|part| matches!(part, Part::Audio(_))) {
        return Err(TranslateError::NotTranslatable {
            field: "messages[].content[].input_audio",
            why: "Claude does not hear; send a transcript",
        });
    }
    // Servers that speak chat show what their models think, so that is what their clients expect.
    request.thinking.summary.get_or_insert(true);
    Ok(())
}
