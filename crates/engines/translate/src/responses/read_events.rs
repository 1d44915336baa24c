//! Reads a response's stream into neutral events. Some servers tell items whole and never in pieces.

mod calls;

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::calls::Calls;
use super::item::{Content, Item, content, json_text};
use super::read_answer::{Response, bound, broken};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{Bind, Emit, Event, EventReader, Stop, StopReason};

/// Reads the stream.
pub(crate) struct EventsIn {
    started: bool,
    calls: Calls,
    /// Something of the answer has come.
    said: bool,
    /// Items that have ended: the index of the next one, where the server gives none.
    items: u64,
    /// The item that the last words came in.
    words: Option<u64>,
    /// The items whose words came in pieces.
    pieced: HashSet<u64>,
    /// Thinking is open that nothing has bound yet.
    thinks: bool,
    refused: bool,
    stopped: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    output_index: Option<u64>,
    content_index: Option<u64>,
    summary_index: Option<u64>,
    delta: Option<&'a RawValue>,
    /// A string; an object from a few servers.
    arguments: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
    annotation: Option<&'a RawValue>,
    item: Option<Item<'a>>,
    response: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'a> Told<'a> {
    fn delta(&self) -> Option<Text<'a>> {
        let delta = self.delta.and_then(|raw| Text::of(raw.get()));
        delta.filter(|text| !text.is_empty())
    }
}

impl EventsIn {
    pub(crate) fn new() -> Self {
        Self {
            started: false,
            calls: Calls::default(),
            said: false,
            items: 0,
            words: None,
            pieced: HashSet::new(),
            thinks: false,
            refused: false,
            stopped: false,
        }
    }

    fn told(
        &mut self,
        kind: &str,
        told: &Told<'_>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let index = told.output_index.unwrap_or(self.items);
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.start(told.response, emit)
            }
            "response.completed" | "response.incomplete" | "response.cancelled" => {
                self.ended(told.response, emit)
            }
            "response.failed" => {
                let object = told.response.map_or(data, RawValue::get);
                emit(Event::Failed(Fault::read(0, object.as_bytes())))
            }
            "error" => emit(Event::Failed(Fault::read(0, data.as_bytes()))),
            "response.output_text.delta" => match told.delta() {
                Some(text) => self.text(index, text, emit),
                None => Ok(()),
            },
            "response.refusal.delta" => match told.delta() {
                Some(text) => self.refusal(index, text, emit),
                None => Ok(()),
            },
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                match told.delta() {
                    Some(text) => self.thinking(index, text, emit),
                    None => Ok(()),
                }
            }
            "response.reasoning_summary_part.added" => {
                // A blank line apart, as they are shown.
                let later = told.summary_index.is_some_and(|index| index > 0);
                if later && self.thinks {
                    emit(Event::Thinking(Text::Raw(r"\n\n")))?;
                }
                Ok(())
            }
            "response.content_part.added" => {
                let later = told.content_index.is_some_and(|index| index > 0);
                if later && self.words == Some(index) && !self.thinks {
                    emit(Event::Break)?;
                }
                Ok(())
            }
            "response.function_call_arguments.delta" => match told.delta() {
                Some(piece) => self.calls.json(index, &piece, emit),
                None => Ok(()),
            },
            "response.custom_tool_call_input.delta" => match told.delta() {
                Some(piece) => self.calls.free(index, &piece, emit),
                None => Ok(()),
            },
            "response.function_call_arguments.done" => {
                let arguments = told.arguments.and_then(json_text);
                self.calls.whole(index, arguments.as_ref(), emit)
            }
            "response.custom_tool_call_input.done" => {
                let input = told.input.and_then(|raw| Text::of(raw.get()));
                self.calls.whole(index, input.as_ref(), emit)
            }
            "response.output_text.annotation.added" => match told.annotation {
                Some(annotation) => emit(Event::Annotation(annotation)),
                None => Ok(()),
            },
            "response.output_item.added" => match &told.item {
                Some(item) => self.item(index, item, emit),
                None => Ok(()),
            },
            "response.output_item.done" => match &told.item {
                Some(item) => self.item_done(index, item, emit),
                None => Ok(()),
            },
            // What nobody knows yet adds nothing that another protocol could say.
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        response: Option<&RawValue>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let response: Response<'_> = match response {
            Some(raw) => json::read(raw.get()).map_err(broken)?,
            None => Response::default(),
        };
        emit(Event::Start {
            created_s: response.created_s(),
            id: response.id,
            model: response.model.filter(|model| !model.is_empty()),
        })
    }

    fn text(
        &mut self,
        index: u64,
        text: Text<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.begin_words(index, emit)?;
        emit(Event::Text(text))
    }

    fn refusal(
        &mut self,
        index: u64,
        text: Text<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.refused = true;
        self.begin_words(index, emit)?;
        emit(Event::Refusal(text))
    }

    /// Words of a message: what was thought before is over, and another message is another block.
    fn begin_words(&mut self, index: u64, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        self.said = true;
        self.thought(emit)?;
        if self.word_in(index) {
            emit(Event::Break)?;
        }
        Ok(())
    }

    /// Notes that words come in that item; true where the last ones came in another.
    fn word_in(&mut self, index: u64) -> bool {
        let last = self.words.replace(index);
        if last != Some(index) {
            self.pieced.insert(index);
        }
        last.is_some_and(|last| last != index)
    }

    fn thinking(
        &mut self,
        index: u64,
        text: Text<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if self.word_in(index) {
            self.thought(emit)?;
        }
        self.said = true;
        self.thinks = true;
        emit(Event::Thinking(text))
    }

    /// What was thought is over; nothing binds it.
    fn thought(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::take(&mut self.thinks) {
            emit(Event::Bound(bound(&Item::default())))?;
        }
        Ok(())
    }

    /// An item begins: a call's id and name come with it.
    fn item(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let kind = item.kind();
        if kind.is("function_call") || kind.is("custom_tool_call") {
            self.said = true;
            self.thought(emit)?;
            return self.calls.start(index, item, emit);
        }
        Ok(())
    }

    /// An item has come whole: what was not told in pieces is told now.
    fn item_done(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.items += 1;
        let kind = item.kind();
        match kind.decoded().as_ref() {
            "message" if self.pieced.contains(&index) => Ok(()),
            "message" => self.message(index, item, emit),
            "reasoning" => self.reasoning(index, item, emit),
            "function_call" | "custom_tool_call" => {
                self.item(index, item, emit)?;
                self.calls.done(index, item, emit)
            }
            _ => emit(Event::Server(kind)),
        }
    }

    fn message(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let list = match content(item.content).map_err(broken)? {
            None => return Ok(()),
            Some(Content::Text(text)) if text.is_empty() => return Ok(()),
            Some(Content::Text(text)) => return self.text(index, text, emit),
            Some(Content::List(list)) => list,
        };
        for (at, part) in list.into_iter().enumerate() {
            if at > 0 && self.words == Some(index) {
                emit(Event::Break)?;
            }
            let filled = |text: &Text<'_>| !text.is_empty();
            if let Some(words) = part.refusal.filter(filled) {
                self.refusal(index, words, emit)?;
            } else if let Some(text) = part.text.filter(filled) {
                self.text(index, text, emit)?;
            }
        }
        Ok(())
    }

    fn reasoning(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if !self.pieced.contains(&index) {
            let text = item.thoughts().map_err(broken)?;
            if !text.is_empty() {
                self.thinking(index, text, emit)?;
            }
        }
        let bound = bound(item);
        let binds = std::mem::take(&mut self.thinks) || bound.bind != Bind::Visible;
        if binds {
            self.said = true;
            emit(Event::Bound(bound))?;
        }
        Ok(())
    }

    fn ended(
        &mut self,
        response: Option<&RawValue>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.start(response, emit)?;
        let response: Response<'_> = match response {
            Some(raw) => json::read(raw.get()).map_err(broken)?,
            None => Response::default(),
        };
        let stop = response.stop();
        // Told only at the end.
        if !self.said {
            for (index, item) in (0..).zip(response.output.iter().flatten()) {
                self.item_done(index, item, emit)?;
            }
        }
        self.stop(stop, emit)?;
        emit(Event::End)
    }

    fn stop(&mut self, mut stop: Stop<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        if self.refused {
            stop.reason = StopReason::Refusal;
        }
        self.thought(emit)?;
        self.calls.end(emit)?;
        emit(Event::Stop(stop))
    }
}

impl EventReader for EventsIn {
    fn event(
        &mut self,
        name: Option<&[u8]>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if data.trim_ascii() == "[DONE]" {
            return Ok(());
        }
        let told: Told<'_> = json::read(data).map_err(broken)?;
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let kind = told.r#type.as_ref().map(Text::decoded);
        match kind.as_deref().or(name) {
            Some(kind) => self.told(kind, &told, data, emit),
            None if told.error.is_some_and(|error| error.get() != "null") => {
                emit(Event::Failed(Fault::read(0, data.as_bytes())))
            }
            None => Ok(()),
        }
    }

    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        self.start(None, emit)?;
        self.stop(Stop::default(), emit)?;
        emit(Event::End)
    }
}

#[cfg(test)]
mod tests;
