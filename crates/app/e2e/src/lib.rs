//! End-to-end tests; nothing here ships.
