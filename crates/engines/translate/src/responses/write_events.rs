//! Writes neutral events as a response's stream.
