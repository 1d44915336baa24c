//! `/v1/debug/*`: a look inside the process, one file for each.

pub(super) mod cpu_profile;
pub(super) mod log_level;
pub(super) mod memory;
pub(super) mod settings;
pub(super) mod streams;
pub(super) mod tasks;
