//! Model calls from one protocol into another and back: requests, answers, errors and events. Pure functions; who is
//! called, with which key and at what price is not known here, and no byte is read or sent.
//!
//! A pair reads the caller's request into the neutral model, which can say whatever any of the protocols can, and
//! writes that in the upstream's words; answers and events go the same way back. The same protocol on both sides is
//! no pair: it passes through elsewhere, byte for byte.

mod call;
mod chat;
mod context;
mod converse;
mod definition;
mod dialect;
mod dropped;
mod error;
mod fault;
mod fields;
mod gemini;
mod json;
mod messages;
mod meter;
mod names;
#[expect(
    dead_code,
    reason = "the neutral model can say more than the pairs that stand so far"
)]
mod neutral;
mod pair;
mod pairs;
mod responses;
mod seal;
mod side;
mod state;
mod stream;
mod unseal;

pub use context::{ModelFacts, RequestContext};
pub use dialect::{Dialect, Origin, Upstream};
pub use dropped::Dropped;
pub use error::TranslateError;
pub use fault::ErrorAnswer;
pub use fields::page;
pub use pair::{Answer, Pair, Translated};
pub use state::PairState;
pub use stream::Stream;
pub use unseal::unseal;
