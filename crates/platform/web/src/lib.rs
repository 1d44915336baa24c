//! The axum kit: error envelopes, permission extractors, pages, security headers, OpenAPI glue.
