//! Logs, metrics and their bounded label sets.
