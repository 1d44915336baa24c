//! What is particular to chat over messages.

use crate::error::TranslateError;
use crate::neutral::Request;
use crate::pairs::sound;

/// Adapts a request before it is written.
pub(super) fn adapt(request: &mut Request<'_>) -> Result<(), TranslateError> {
    sound::refuse(request, "Claude does not hear; send a transcript")?;
    // Servers that speak chat show what their models think, so that is what their clients expect.
    request.thinking.summary.get_or_insert(true);
    Ok(())
}
