//! Model providers: transport, routing, the price book and the built-in simulated provider.
//! It knows nothing of callers, keys, budgets or the journal.

pub mod kind;
pub mod prices;

pub use kind::ProviderKind;
