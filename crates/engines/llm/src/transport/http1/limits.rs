//! Bounds on what an answer may make us hold.

/// Of an answer's head, its lines' ends included.
pub const HEAD_BYTES: usize = 64 << 10;
/// Of an answer's head.
pub const HEADERS: usize = 100;
/// Answers of status 1xx before the answer.
pub const INTERIM: usize = 16;
/// Line ends before an answer: some servers send one more than they should after the answer before.
pub const BLANK_BYTES: usize = 16;
/// A chunk's size and its extensions.
pub const CHUNK_LINE_BYTES: usize = 4 << 10;
/// All trailers of an answer.
pub const TRAILER_BYTES: usize = 16 << 10;
