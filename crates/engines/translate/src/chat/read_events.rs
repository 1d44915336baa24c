//! Reads a chat completion's stream into neutral events, as compatible servers really send it: calls without ids,
//! without indexes, all under one index, names repeated, usage anywhere, no `[DONE]`.

mod calls;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::calls::Calls;
use super::message::{self, Choice, Message};
use super::read_answer::{seconds, visible};
use crate::dialect::{Dialect, Upstream};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, StringOr, Text};
use crate::neutral::{Bound, Emit, Event, EventReader, Stop, StopReason};

/// Reads the stream.
pub(crate) struct EventsIn {
    dialect: Dialect,
    started: bool,
    calls: Calls,
    /// What will bind the thinking that is open: its field, until a signature comes.
    thinking: Option<Bound<'static>>,
    refused: bool,
    stopped: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
    created: Option<f64>,
    choices: Option<Vec<Choice<'a>>>,
    error: Option<&'a RawValue>,
}

impl EventsIn {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            started: false,
            calls: Calls::default(),
            thinking: None,
            refused: false,
            stopped: false,
        }
    }

    fn chunk(&mut self, chunk: Chunk<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if !std::mem::replace(&mut self.started, true) {
            emit(Event::Start {
                id: chunk.id,
                model: chunk.model.filter(|model| !model.is_empty()),
                created_s: chunk.created.map(seconds),
            })?;
        }
        // The first choice counts: no other protocol has several.
        let choices = chunk.choices.unwrap_or_default();
        for choice in choices {
            if choice.index.unwrap_or(0) != 0 || self.stopped {
                continue;
            }
            if let Some(message) = choice.delta.or(choice.message) {
                self.delta(&message, emit)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.stop(message::stop(&reason, choice.stop_reason), emit)?;
            }
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Message<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if let Some((text, field)) = delta.thinking() {
            self.thinks(field);
            emit(Event::Thinking(text))?;
        }
        for bound in delta.bounds(self.dialect) {
            self.thinking = None;
            emit(Event::Bound(bound))?;
        }
        match &delta.content {
            Some(StringOr::Text(text)) => self.text(text, emit)?,
            Some(StringOr::List(parts)) => {
                for part in parts {
                    self.part(part, emit)?;
                }
            }
            None => {
                let audio = delta.audio.as_ref();
                if let Some(text) = audio.and_then(|audio| audio.transcript.as_ref()) {
                    self.text(text, emit)?;
                }
            }
        }
        if let Some(refusal) = delta.refusal.clone().filter(|text| !text.is_empty()) {
            self.refused = true;
            self.thought(emit)?;
            emit(Event::Refusal(refusal))?;
        }
        for annotation in delta.annotations.iter().flatten() {
            emit(Event::Annotation(annotation))?;
        }
        let calls = delta.tool_calls.iter().flatten();
        let old = delta.function_call.as_ref();
        if delta
            .tool_calls
            .as_ref()
            .is_some_and(|calls| !calls.is_empty())
            || old.is_some()
        {
            self.thought(emit)?;
        }
        for call in calls {
            self.calls.piece(call, emit)?;
        }
        match old {
            Some(function) => self.calls.only(function, emit),
            None => Ok(()),
        }
    }

    fn text(&mut self, text: &Text<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if text.is_empty() {
            return Ok(());
        }
        self.thought(emit)?;
        emit(Event::Text(text.clone()))
    }

    /// A part of a `content` that is a list.
    fn part(
        &mut self,
        part: &message::ContentPart<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let single;
        let thoughts: &[message::ContentPart<'_>] = match &part.thinking {
            None => &[],
            Some(StringOr::List(list)) => list,
            Some(StringOr::Text(text)) => {
                single = [message::ContentPart {
                    text: Some(text.clone()),
                    ..message::ContentPart::default()
                }];
                &single
            }
        };
        for text in thoughts.iter().filter_map(|thought| thought.text.clone()) {
            if !text.is_empty() {
                self.thinks("thinking");
                emit(Event::Thinking(text))?;
            }
        }
        match &part.text {
            Some(text) => self.text(text, emit),
            None => Ok(()),
        }
    }

    fn thinks(&mut self, field: &'static str) {
        self.thinking = Some(visible(self.dialect, field));
    }

    /// What was thought is over; nobody signed it.
    fn thought(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        match self.thinking.take() {
            Some(bound) => emit(Event::Bound(bound)),
            None => Ok(()),
        }
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
        _name: Option<&[u8]>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if data.trim_ascii() == "[DONE]" {
            return self.end(emit);
        }
        let chunk: Chunk<'_> =
            json::read(data).map_err(|error| TranslateError::answer(Upstream::Chat, &error))?;
        if chunk.error.is_some_and(|error| error.get() != "null") {
            return emit(Event::Failed(Fault::read(0, data.as_bytes())));
        }
        self.chunk(chunk, emit)
    }

    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        // `[DONE]` without a reason is an end all the same.
        self.stop(Stop::default(), emit)?;
        emit(Event::End)
    }
}

#[cfg(test)]
mod tests;
