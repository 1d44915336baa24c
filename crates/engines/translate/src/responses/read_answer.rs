//! Reads a whole response object into the neutral answer.
