//! Reads a message's stream into neutral events.
