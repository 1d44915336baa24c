//! Writes neutral events as a chat completion's stream.
