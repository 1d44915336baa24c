//! Reads a whole message into the neutral answer.
