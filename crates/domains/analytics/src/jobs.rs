//! What this room does by itself.

pub mod retention;
