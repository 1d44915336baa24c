//! The piece of work: a model thinks, speaks and calls two tools in one turn; once both results are there, it says its
//! last words. Counts and prices are worked examples.

use doubles::provider::{Answer, Reply, Script};
use kernel::Usage;
use serde_json::{Value, json};

use crate::story;

pub const FIRST: Usage = Usage {
    input: 2095,
    cache_read: 1800,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 193,
    reasoning: 310,
    audio_out: 0,
    image_out: 0,
};
pub const LAST: Usage = Usage {
    input: 12,
    cache_read: 0,
    output: 7,
    reasoning: 0,
    ..FIRST
};
/// [`FIRST`] and [`LAST`] at 3, 1 and 5 dollars a million, in nano-dollars.
pub const COSTS: [u64; 2] = [
    2095 * 3_000 + 1800 * 1_000 + 503 * 5_000,
    12 * 3_000 + 7 * 5_000,
];

pub const THOUGHT: &str = "Both at once, then.";
pub const SEAL: &str = "c2lnbmF0dXJl";
pub const FIRST_WORDS: &str = "Let me look at both — 🌍.";
pub const LAST_WORDS: &str = "Zürich is sunny, Genève is not 🌞.";
pub const IDS: [&str; 2] = ["call_Zuerich_1", "call_Geneve_2"];

/// A model that does so with these tools.
pub fn parallel(calls: [(&str, &str); 2]) -> Answer {
    let mut first = Reply::text(FIRST_WORDS)
        .thinking(THOUGHT, SEAL)
        .usage(FIRST);
    for (id, (name, arguments)) in std::iter::zip(IDS, calls) {
        first = first.and_tool(id, name, arguments);
    }
    let last = Reply::text(LAST_WORDS).usage(LAST);
    Answer::from_request(move |request| match story::results(request) {
        0 => first.script(request),
        2 => last.script(request),
        some => {
            let message = format!("{some} of 2 results came back");
            Script::json(400, &json!({"error": {"message": message}}))
        }
    })
}

/// The same JSON without spaces, as most clients write what they have parsed.
pub fn compact(arguments: &str) -> String {
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    arguments.to_string()
}

/// The same JSON, which holds only strings, as Python writes it.
pub fn spaced(arguments: &str) -> String {
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    let fields = arguments.as_object().unwrap().iter();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", fields.join(", "))
}
