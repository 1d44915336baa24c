//! The clouds as their published references describe them: each checks what it is sent, credential first, and answers in
//! its own envelope.

pub mod azure;
pub mod bedrock;
pub mod converse;
pub mod eventstream;
pub mod sigv4;
pub mod vertex;
