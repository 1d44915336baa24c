//! Tests of `usage/openai`.
