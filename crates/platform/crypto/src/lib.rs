//! Keys and secrets: formats, keyed hashes, wrapping at rest.
