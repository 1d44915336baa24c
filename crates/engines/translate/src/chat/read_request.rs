//! Reads a chat completions body into the neutral request.
