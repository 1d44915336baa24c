//! Reads a response's stream into neutral events.
