//! Sound in a request, for models that do not hear: a question that is spoken has no other words, so it cannot be
//! left out as an image can.

use crate::error::TranslateError;
use crate::neutral::{Part, Request};

/// Refuses a request with sound in it.
pub(super) fn refuse(
    request: &Request<'_>,
    field: &'static str,
    why: &'static str,
) -> Result<(), TranslateError> {
    let mut parts = request.turns.iter().flat_map(|turn| &turn.parts);
    if parts.any(|part| matches!(part, Part::Audio(_))) {
        return Err(TranslateError::NotTranslatable { field, why });
    }
    Ok(())
}
