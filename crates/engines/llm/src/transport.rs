//! The way to a provider: pooled connections, TLS, proxies and time limits. It reads no body.

mod answer;
mod connect;
mod exchange;
mod from_config;
mod http1;
mod io;
mod lanes;
mod pool;
mod shared;
mod tls;
mod upstream;

pub use answer::WireBody;
pub use exchange::ExchangeError;
pub use from_config::proxy_for;
#[doc(hidden)]
pub use http1::replay;
pub use lanes::take_lane;
pub use upstream::{Timeouts, Upstream, UpstreamOptions};

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cloud::Undressed;
use crate::sim::SimBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of an upstream's answer.
#[derive(Debug)]
pub enum AnswerBody {
    /// From the network.
    Wire(WireBody),
    /// From the simulated provider.
    Sim(SimBody),
    /// Out of a cloud's envelope.
    Cloud(Box<Undressed>),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        match self.get_mut() {
            Self::Wire(body) => Pin::new(body).poll_frame(cx),
            Self::Sim(body) => body
                .poll_chunk(cx)
                .map(|chunk| chunk.map(|data| Ok(Frame::data(data)))),
            Self::Cloud(body) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Wire(body) => body.is_end_stream(),
            Self::Sim(body) => body.is_empty(),
            Self::Cloud(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Wire(body) => body.size_hint(),
            Self::Sim(_) => SizeHint::default(),
            Self::Cloud(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests;
