//! HTTP/1 as a client speaks it: one exchange after another on one connection, driven by whoever awaits the answer. It
//! knows nothing of pools, providers and time limits, and of requests only those whose body is here whole.

mod body;
mod chunked;
mod connection;
mod head;
pub(super) mod limits;
pub mod replay;
mod request;

pub(super) use connection::Connection;

#[cfg(test)]
mod tests;
