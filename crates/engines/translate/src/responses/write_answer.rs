//! Writes the neutral answer as a response object.
