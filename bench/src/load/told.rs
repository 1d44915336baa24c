//! What an answer says in the caller's protocol: its text, and whether it came to its proper end.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::fixture::{self, Surface};

/// Text and end of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    text: String,
    ended: bool,
}

impl Told {
    /// Reads a whole answer or a stream.
    pub fn by(surface: Surface, stream: bool, answer: &[u8]) -> Result<Self> {
        if stream {
            return Self::streamed(surface, answer);
        }
        let answer: Value = serde_json::from_slice(answer).context("the answer is not JSON")?;
        let (texts, ended) = match surface {
            Surface::Chat => {
                let choice = &answer["choices"][0];
                let content = choice["message"]["content"].as_str();
                (
                    content.unwrap_or_default().to_owned(),
                    choice["finish_reason"] == "stop",
                )
            }
            Surface::Messages => (
                texts(&answer["content"]),
                answer["stop_reason"] == "end_turn",
            ),
            Surface::Responses => {
                let items = answer["output"].as_array().into_iter().flatten();
                let text = items.map(|item| texts(&item["content"])).collect();
                (text, answer["status"] == "completed")
            }
            Surface::Gemini => gemini(&answer),
        };
        Ok(Self { text: texts, ended })
    }

    fn streamed(surface: Surface, stream: &[u8]) -> Result<Self> {
        let mut told = Self::default();
        let events = std::str::from_utf8(stream)?.lines();
        for data in events.filter_map(|line| line.strip_prefix("data:")) {
            if data.trim() == "[DONE]" {
                told.ended |= surface == Surface::Chat;
                continue;
            }
            let event: Value = serde_json::from_str(data).context("an event is not JSON")?;
            let kind = event["type"].as_str().unwrap_or_default();
            let (text, ended) = match (surface, kind) {
                (Surface::Chat, _) => (&event["choices"][0]["delta"]["content"], false),
                (Surface::Messages, "content_block_delta") => (&event["delta"]["text"], false),
                (Surface::Responses, "response.output_text.delta") => (&event["delta"], false),
                (Surface::Messages, "message_stop")
                | (Surface::Responses, "response.completed") => (&Value::Null, true),
                (Surface::Gemini, _) => {
                    let (text, ended) = gemini(&event);
                    told.text += &text;
                    (&Value::Null, ended)
                }
                _ => continue,
            };
            told.text += text.as_str().unwrap_or_default();
            told.ended |= ended;
        }
        Ok(told)
    }

    /// Fails unless it is what the upstream said.
    pub fn is_what_was_sent(&self, stream: bool) -> Result<()> {
        let expected = if stream {
            fixture::streamed_text()
        } else {
            fixture::text()
        };
        ensure!(
            self.text == expected,
            "the answer says `{}`, the upstream said `{expected}`",
            self.text
        );
        ensure!(self.ended, "the answer has all of the text and no end");
        Ok(())
    }
}

/// The texts of a list of parts, as one.
fn texts(parts: &Value) -> String {
    let parts = parts.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

fn gemini(answer: &Value) -> (String, bool) {
    let candidate = &answer["candidates"][0];
    let text = texts(&candidate["content"]["parts"]);
    (text, candidate["finishReason"] == "STOP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mock_sends_is_read_in_every_protocol() {
        for surface in Surface::ALL {
            let whole = Told::by(surface, false, &surface.answer()).unwrap();
            whole.is_what_was_sent(false).unwrap();
            let stream = Told::by(surface, true, &surface.stream()).unwrap();
            stream.is_what_was_sent(true).unwrap();
        }
    }

    #[test]
    fn a_stream_without_its_end_or_with_less_text_is_no_answer() {
        for surface in Surface::ALL {
            let chunks = surface.chunks();
            let cut = chunks[..chunks.len() - 1].concat();
            let told = Told::by(surface, true, &cut).unwrap();
            assert!(told.is_what_was_sent(true).is_err(), "{}", surface.as_str());
            let late = chunks[10..].concat();
            let told = Told::by(surface, true, &late).unwrap();
            assert!(told.is_what_was_sent(true).is_err(), "{}", surface.as_str());
        }
    }
}
