//! Reads a message's stream into neutral events.

use serde::Deserialize;

use super::block::Block;
use super::read_answer::{StopDetails, bound, redacted, stop};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{Emit, Event, EventReader, Stop, ToolStart};

/// More calls than this in one answer are a runaway.
const MAX_CALLS: u32 = 512;
/// A longer signature is none.
const MAX_SIGNATURE_BYTES: usize = 4 << 20;

/// Reads the stream.
pub(crate) struct EventsIn {
    /// The block that is open; there is one at a time.
    open: Option<Open>,
    /// Words have come, so that the next ones are another block's.
    words: bool,
    calls: u32,
    stop: Stop<'static>,
}

#[derive(Debug)]
enum Open {
    Text,
    Thinking {
        /// Escaped.
        signature: String,
    },
    Call {
        key: u32,
        /// Its input came whole with its beginning.
        whole: bool,
    },
    /// Of the provider's own tools, or of a type that nobody knows yet.
    Other,
}

/// An event of any type; what a type does not have stays empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    message: Option<Message<'a>>,
    content_block: Option<Block<'a>>,
    delta: Option<Delta<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    thinking: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    partial_json: Option<Text<'a>>,
    stop_reason: Option<Text<'a>>,
    stop_sequence: Option<Text<'a>>,
    stop_details: Option<StopDetails<'a>>,
}

impl EventsIn {
    pub(crate) fn new() -> Self {
        Self {
            open: None,
            words: false,
            calls: 0,
            stop: Stop::default(),
        }
    }

    fn begin(&mut self, block: Block<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        self.close(emit)?;
        let kind = block.r#type.clone().unwrap_or(Text::EMPTY);
        match kind.decoded().as_ref() {
            "text" => {
                self.part(emit)?;
                self.open = Some(Open::Text);
                words(block.text, emit, Event::Text)?;
            }
            "thinking" => {
                self.part(emit)?;
                let signature = block.signature.as_ref().map(Text::escaped);
                self.open = Some(Open::Thinking {
                    signature: signature.unwrap_or_default().into_owned(),
                });
                words(block.thinking, emit, Event::Thinking)?;
            }
            "redacted_thinking" => {
                self.part(emit)?;
                self.open = Some(Open::Other);
                if let Some(data) = block.data {
                    emit(Event::Bound(redacted(data)))?;
                }
            }
            "tool_use" => self.call(block, emit)?,
            _ => {
                self.open = Some(Open::Other);
                emit(Event::Server(kind))?;
            }
        }
        Ok(())
    }

    /// Tells the words that follow apart from those before.
    fn part(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::replace(&mut self.words, true) {
            emit(Event::Break)?;
        }
        Ok(())
    }

    fn call(&mut self, block: Block<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        let key = self.calls;
        if key == MAX_CALLS {
            return Err(TranslateError::TooManyCalls(MAX_CALLS as usize));
        }
        self.calls += 1;
        emit(Event::ToolStart(ToolStart {
            key,
            id: block.id.unwrap_or(Text::EMPTY),
            name: block.name.unwrap_or(Text::EMPTY),
            signature: None,
        }))?;
        // Empty by the protocol; some servers send the input whole here and no delta.
        let input = block.input.map(|input| input.get().trim());
        let whole = input.filter(|input| json::is_object(input) && !is_empty_object(input));
        if let Some(input) = whole {
            let piece = Text::plain(input);
            emit(Event::ToolInput { key, piece })?;
        }
        self.open = Some(Open::Call {
            key,
            whole: whole.is_some(),
        });
        Ok(())
    }

    fn delta(&mut self, delta: Delta<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        match &mut self.open {
            Some(Open::Text) => words(delta.text, emit, Event::Text),
            Some(Open::Thinking { signature }) => {
                if let Some(piece) = delta.signature {
                    signature.push_str(&piece.escaped());
                    if signature.len() > MAX_SIGNATURE_BYTES {
                        return Err(TranslateError::BufferFull {
                            what: "signature",
                            limit_bytes: MAX_SIGNATURE_BYTES,
                        });
                    }
                }
                words(delta.thinking, emit, Event::Thinking)
            }
            Some(Open::Call { key, whole: false }) => {
                let key = *key;
                let piece = delta.partial_json;
                words(piece, emit, |piece| Event::ToolInput { key, piece })
            }
            Some(Open::Call { whole: true, .. } | Open::Other) | None => Ok(()),
        }
    }

    fn close(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        match self.open.take() {
            Some(Open::Thinking { signature }) => {
                let signature = Text::Raw(&signature);
                emit(Event::Bound(bound(Some(signature))))
            }
            Some(Open::Call { key, .. }) => emit(Event::ToolEnd { key }),
            Some(Open::Text | Open::Other) | None => Ok(()),
        }
    }

    fn finish(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        self.close(emit)?;
        emit(Event::Stop(std::mem::take(&mut self.stop)))?;
        emit(Event::End)
    }
}

/// Emits a piece that is not empty.
fn words<'t>(
    piece: Option<Text<'t>>,
    emit: &mut Emit<'_>,
    event: impl FnOnce(Text<'t>) -> Event<'t>,
) -> Result<(), TranslateError> {
    match piece.filter(|piece| !piece.is_empty()) {
        Some(piece) => emit(event(piece)),
        None => Ok(()),
    }
}

fn is_empty_object(json: &str) -> bool {
    json.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|inside| inside.trim().is_empty())
}

impl EventReader for EventsIn {
    fn event(
        &mut self,
        name: Option<&[u8]>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let read: Data<'_> =
            json::read(data).map_err(|error| TranslateError::answer(Upstream::Messages, &error))?;
        let kind = read.r#type.as_ref().map(Text::decoded);
        let kind = match &kind {
            Some(kind) => kind.as_bytes(),
            None => name.unwrap_or_default(),
        };
        match kind {
            b"message_start" => {
                let message = read.message.unwrap_or_default();
                emit(Event::Start {
                    id: message.id,
                    model: message.model.filter(|model| !model.is_empty()),
                    created_s: None,
                })
            }
            b"content_block_start" => match read.content_block {
                Some(block) => self.begin(block, emit),
                None => Ok(()),
            },
            b"content_block_delta" => self.delta(read.delta.unwrap_or_default(), emit),
            b"content_block_stop" => self.close(emit),
            b"message_delta" => {
                let delta = read.delta.unwrap_or_default();
                if let Some(reason) = &delta.stop_reason {
                    let stop = stop(reason, delta.stop_sequence, delta.stop_details);
                    self.stop = stop.into_owned();
                }
                Ok(())
            }
            b"message_stop" => self.finish(emit),
            b"error" => emit(Event::Failed(Fault::read(0, data.as_bytes()))),
            _ => Ok(()),
        }
    }

    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        self.finish(emit)
    }
}

#[cfg(test)]
mod tests;
