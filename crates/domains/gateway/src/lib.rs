//! The model gateway: every surface's calls from admission to their record, passed through byte for byte.
//! It keeps no table of its own: calls go to the journal, keys come from `web::Authenticate`.

mod along;
mod answer;
mod attribution;
pub mod body;
mod call;
mod cloud;
pub mod config;
mod edges;
pub mod error;
mod estimate;
mod failed;
mod gateway;
mod headers;
pub mod http;
mod invoke;
pub mod live;
mod metrics;
mod plan;
pub mod ports;
mod raw;
mod reader;
mod relay;
mod respond;
mod retry;
mod signatures;
mod speech;
mod tags;
#[cfg(test)]
mod testing;
mod translated;
mod verdict;
mod within;

pub use body::AnswerBody;
pub use config::{BudgetsConfig, GatewayConfig};
pub use error::{CODES, GatewayError};
pub use gateway::{Deps, Gateway, GatewaySettings};
pub use http::Route;
pub use live::{Live, LiveCall};
