//! What goes out, and what has come back.

pub mod answer;
pub mod conversation;
pub mod said;
