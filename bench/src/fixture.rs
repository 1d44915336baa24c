//! What is sent and what must come back, byte for byte. The mock and the load generator both make it from here.

mod chat;
mod gemini;
mod messages;
mod responses;

use bytes::Bytes;
use clap::ValueEnum;
use serde::Serialize;

/// The header by which the load generator tells the mock how long to wait between two chunks, in microseconds.
pub const PACE_HEADER: &str = "x-bench-pace-us";

/// Chunks of a stream that hold text.
pub const TEXT_CHUNKS: usize = 64;

/// A protocol: what a caller speaks, or what the mock is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// OpenAI chat completions.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// OpenAI Responses.
    Responses,
    /// Gemini `generateContent`.
    Gemini,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Messages, Self::Responses, Self::Gemini];

    /// The name in reports and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
        }
    }

    /// A model that speaks it; the one that its answers name.
    pub const fn model(self) -> &'static str {
        match self {
            Self::Chat | Self::Responses => "gpt-5.5",
            Self::Messages => "claude-opus-5-5",
            Self::Gemini => "gemini-3.5-flash",
        }
    }

    /// Path and query of a request for that model.
    pub fn path(self, model: &str, stream: bool) -> String {
        match (self, stream) {
            (Self::Chat, _) => "/v1/chat/completions".to_owned(),
            (Self::Messages, _) => "/v1/messages".to_owned(),
            (Self::Responses, _) => "/v1/responses".to_owned(),
            (Self::Gemini, false) => format!("/v1beta/models/{model}:generateContent"),
            (Self::Gemini, true) => {
                format!("/v1beta/models/{model}:streamGenerateContent?alt=sse")
            }
        }
    }

    /// The surface that a path belongs to.
    pub fn of_path(path: &str) -> Option<Self> {
        if path.starts_with("/v1beta/models/") {
            return Some(Self::Gemini);
        }
        [Self::Chat, Self::Messages, Self::Responses]
            .into_iter()
            .find(|surface| path == surface.path("", false))
    }

    /// A request body of about this many bytes.
    pub fn request(self, model: &str, bytes: usize, stream: bool) -> Bytes {
        let (head, tail) = match self {
            Self::Chat => chat::request(model, stream),
            Self::Messages => messages::request(model, stream),
            Self::Responses => responses::request(model, stream),
            Self::Gemini => gemini::request(),
        };
        let words = "The quick brown fox jumps over the lazy dog. ";
        let padding = bytes.saturating_sub(head.len() + tail.len());
        let prompt: String = words.chars().cycle().take(padding).collect();
        Bytes::from(format!("{head}{prompt}{tail}"))
    }

    /// The whole answer: about one kilobyte with its usage.
    pub fn answer(self) -> Bytes {
        let text = text();
        Bytes::from(match self {
            Self::Chat => chat::answer(&text),
            Self::Messages => messages::answer(&text),
            Self::Responses => responses::answer(&text),
            Self::Gemini => gemini::answer(&text),
        })
    }

    /// The events of a stream, each as it is sent: 64 chunks of text, and before and after them what the protocol asks.
    pub fn chunks(self) -> Vec<Bytes> {
        let events = match self {
            Self::Chat => chat::chunks(),
            Self::Messages => messages::chunks(),
            Self::Responses => responses::chunks(),
            Self::Gemini => gemini::chunks(),
        };
        events.into_iter().map(Bytes::from).collect()
    }

    /// A stream as one text.
    pub fn stream(self) -> Bytes {
        Bytes::from(self.chunks().concat())
    }
}

/// The text of a whole answer.
pub fn text() -> String {
    "A gateway stands between those who ask and those who answer, and keeps the books. ".repeat(7)
}

/// The text of a stream.
pub fn streamed_text() -> String {
    pieces().collect()
}

/// The text of a stream, chunk by chunk.
fn pieces() -> impl Iterator<Item = String> {
    (0..TEXT_CHUNKS).map(|index| format!("word{index:02} and more "))
}

/// What a request for a stream says right behind its model.
fn streaming(stream: bool) -> &'static str {
    if stream { r#""stream":true,"# } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_sizes_that_the_report_names() {
        for surface in Surface::ALL {
            let (name, answer) = (surface.as_str(), surface.answer());
            assert!(
                (800..1500).contains(&answer.len()),
                "{name}: {}",
                answer.len()
            );
            let request = surface.request("m", 50_000, true);
            assert_eq!(request.len(), 50_000, "{name}");
            serde_json::from_slice::<serde_json::Value>(&answer).unwrap();
            serde_json::from_slice::<serde_json::Value>(&request).unwrap();
            let with_text = surface.chunks();
            let with_text = with_text.iter().filter(|chunk| {
                let chunk = String::from_utf8_lossy(chunk);
                chunk.contains("and more") && !chunk.contains("word00 and more word01")
            });
            assert_eq!(with_text.count(), TEXT_CHUNKS, "{name}");
        }
    }

    #[test]
    fn every_event_is_one_json_object_and_every_path_finds_its_surface() {
        for surface in Surface::ALL {
            for chunk in surface.chunks() {
                let chunk = String::from_utf8(chunk.to_vec()).unwrap();
                let data = chunk.lines().find_map(|line| line.strip_prefix("data: "));
                if data != Some("[DONE]") {
                    serde_json::from_str::<serde_json::Value>(data.unwrap()).unwrap();
                }
            }
            let path = surface.path("m", true);
            assert_eq!(Surface::of_path(&path), Some(surface));
        }
        assert_eq!(Surface::of_path("/v1/models"), None);
    }
}
