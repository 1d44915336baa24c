//! Writes the neutral request as a Responses body.
