//! Why an exchange with a provider came to nothing.

use super::http1::limits;

/// What went wrong on a connection, or with the answer that came over it.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Of a shared HTTP/2 connection.
    #[error("the shared connection failed")]
    Shared(#[from] hyper::Error),
    /// Reading or writing failed.
    #[error("the connection failed")]
    Connection(#[from] std::io::Error),
    /// The other side closed before it answered.
    #[error("the connection was closed before the answer's head")]
    NoHead,
    /// The other side closed before the answer was whole.
    #[error("the connection was closed in the middle of the answer's body")]
    CutShort,
    /// What came is no answer.
    #[error("the answer's head is invalid: {0}")]
    Head(httparse::Error),
    /// More than a head may take.
    #[error("the answer's head is larger than {} bytes", limits::HEAD_BYTES)]
    HeadTooLarge,
    /// More than a head may hold.
    #[error("the answer's head has more than {} headers", limits::HEADERS)]
    TooManyHeaders,
    /// Interim answers without an end.
    #[error("more than {} interim answers came before the answer", limits::INTERIM)]
    TooManyInterim,
    /// The other side leaves HTTP, which nobody asked for.
    #[error("the answer switches to another protocol")]
    Switched,
    /// None, several, or no number.
    #[error("the answer's content-length is invalid")]
    ContentLength,
    /// A coding that cannot be undone here.
    #[error("the answer's transfer-encoding is not chunked alone")]
    TransferEncoding,
    /// No size in hexadecimal digits, or one that is too large.
    #[error("invalid chunk size")]
    ChunkSize,
    /// What follows a chunk's size is no extension.
    #[error("invalid chunk extension")]
    ChunkExtension,
    /// A chunk's size and its extensions take too much.
    #[error(
        "the line before a chunk is longer than {} bytes",
        limits::CHUNK_LINE_BYTES
    )]
    ChunkLineTooLong,
    /// A chunk is longer than it says.
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    /// What follows the last chunk is no header.
    #[error("invalid trailer")]
    Trailer,
    /// More than trailers may take.
    #[error(
        "the answer's trailers are larger than {} bytes",
        limits::TRAILER_BYTES
    )]
    TrailersTooLarge,
}
