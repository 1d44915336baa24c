//! Reads a Responses body into the neutral request.
