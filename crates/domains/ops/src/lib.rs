//! Health, metrics page, API documents, debugging, breakers.
