//! Reads the chunks of `streamGenerateContent?alt=sse` into neutral events.
