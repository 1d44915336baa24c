//! Money through the whole product: the worked examples of the price reference and every billing rule that an answer of
//! these surfaces can carry. A double answers exactly a given usage object; header, record and sums must agree to the nano-dollar.

mod anthropic;
mod dates;
mod examples;
mod openai;
mod overrides;
mod till;
mod told;

/// An ordinary day: no price changes on it, and DeepSeek's peak hours are over.
const TODAY: &str = "2026-11-20T12:00:00Z";
