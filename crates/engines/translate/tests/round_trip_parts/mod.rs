//! What goes out, and what has come back.

pub mod answer;
pub mod conversation;
mod gemini;
mod gemini_answer;
pub mod said;
