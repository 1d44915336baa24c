//! Reads a Gemini stream into neutral events. Every event is a whole answer object with the next parts; a call comes
//! whole; nothing but the connection's end ends it, because a last chunk may follow that carries only a signature.

use super::answer::{Part, Response, of_text, visible};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{Bound, Emit, Event, EventReader, Stop, ToolStart};

/// More calls than this in one answer are a runaway.
const MAX_CALLS: u32 = 512;

/// Reads the stream.
#[derive(Debug, Default)]
pub(crate) struct EventsIn {
    started: bool,
    /// A thought is open that nobody has signed yet.
    thinking: bool,
    /// Text has come, and nothing else since.
    in_text: bool,
    /// Signatures of text that has gone out are told too.
    late_signatures: bool,
    calls: u32,
    stop: Stop<'static>,
    over: bool,
}

impl EventsIn {
    pub(crate) fn new(late_signatures: bool) -> Self {
        Self {
            late_signatures,
            ..Self::default()
        }
    }

    fn response(
        &mut self,
        mut response: Response<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if !std::mem::replace(&mut self.started, true) {
            let model = response.model_version.clone();
            emit(Event::Start {
                id: response.response_id.clone(),
                model: model.filter(|model| !model.is_empty()),
                created_s: None,
            })?;
        }
        let Some(mut candidate) = response.candidate() else {
            if let Some(stop) = response.blocked() {
                self.stop = stop.into_owned();
            }
            return Ok(());
        };
        for part in candidate.parts() {
            self.part(part, emit)?;
        }
        if let Some(stop) = candidate.stop()? {
            self.stop = stop.into_owned();
        }
        Ok(())
    }

    fn part(&mut self, part: Part<'_>, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        let signature = part.signature();
        if let Some(kind) = part.server() {
            emit(Event::Server(Text::plain(kind)))?;
        }
        let is_thought = part.is_thought();
        if let Some(call) = part.function_call {
            self.thought(emit)?;
            self.in_text = false;
            let key = self.calls;
            if key == MAX_CALLS {
                return Err(TranslateError::TooManyCalls(MAX_CALLS as usize));
            }
            self.calls += 1;
            emit(Event::ToolStart(ToolStart {
                key,
                id: call.id.unwrap_or(Text::EMPTY),
                name: call.name.unwrap_or(Text::EMPTY),
                signature,
            }))?;
            let args = call.args.map(|args| args.get());
            if let Some(args) = args.filter(|args| json::is_object(args)) {
                let piece = Text::plain(args);
                emit(Event::ToolInput { key, piece })?;
            }
            return emit(Event::ToolEnd { key });
        }
        let text = part.text.unwrap_or(Text::EMPTY);
        if is_thought {
            self.thinks(text, signature, emit)
        } else {
            self.says(text, signature, emit)
        }
    }

    fn thinks(
        &mut self,
        text: Text<'_>,
        signature: Option<Bound<'_>>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.in_text = false;
        if !text.is_empty() {
            emit(Event::Thinking(text))?;
            self.thinking = true;
        }
        if let Some(signature) = signature {
            self.thinking = false;
            emit(Event::Bound(signature))?;
        }
        Ok(())
    }

    /// A signature that comes with the first piece of text ends the thought before it, so that it stands before the
    /// text that it signs; a later one stands behind.
    fn says(
        &mut self,
        text: Text<'_>,
        signature: Option<Bound<'_>>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let mut signature = signature.map(of_text);
        let first = !self.in_text;
        self.in_text |= !text.is_empty();
        if !text.is_empty() {
            if let Some(signature) = signature.take_if(|_| first) {
                self.thinking = false;
                emit(Event::Bound(signature))?;
            }
            self.thought(emit)?;
            emit(Event::Text(text))?;
        }
        match signature {
            Some(signature) if self.thinking || self.late_signatures => {
                self.thinking = false;
                emit(Event::Bound(signature))
            }
            _ => Ok(()),
        }
    }

    /// What was thought is over; nobody signed it.
    fn thought(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::take(&mut self.thinking) {
            emit(Event::Bound(visible()))?;
        }
        Ok(())
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
        let response: Response<'_> =
            json::read(data).map_err(|error| TranslateError::answer(Upstream::Gemini, &error))?;
        if response.has_error() {
            return emit(Event::Failed(Fault::read(0, data.as_bytes())));
        }
        self.response(response, emit)
    }

    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::replace(&mut self.over, true) {
            return Ok(());
        }
        self.thought(emit)?;
        emit(Event::Stop(std::mem::take(&mut self.stop)))?;
        emit(Event::End)
    }
}

#[cfg(test)]
mod tests;
