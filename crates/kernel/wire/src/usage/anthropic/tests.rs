//! Tests of `usage/anthropic`.
