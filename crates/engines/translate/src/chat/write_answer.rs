//! Writes the neutral answer as a chat completion.
