//! Logs, metrics and their bounded label sets.

pub mod http;
