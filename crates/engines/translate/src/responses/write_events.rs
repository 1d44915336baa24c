//! Writes neutral events as a response's stream: one item open at a time, in the order of their indexes, each told
//! whole when it ends. What comes for another item than the open one waits until that one is complete.

mod call;
mod message;
mod numbered;
mod open;
mod queue;
mod reasoning;

use kernel::Reported;
use wire::{ErrorView, Protocol};

use self::message::Kind;
use self::numbered::Numbered;
use self::open::Open;
use self::queue::{Queue, Waiting};
use super::envelope::{Envelope, Outcome, explanation};
use super::output::{Called, Status};
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::{Bound, Calls, Event, EventWriter, Stop, ToolStart};
use crate::state::PairState;

/// Writes the stream.
pub(crate) struct EventsOut {
    state: PairState,
    /// Number of the next event.
    number: u64,
    /// Index of the next item.
    index: u64,
    open: Option<Open>,
    waiting: Queue,
    /// Items that have ended, as they stand between brackets.
    output: Vec<u8>,
    /// Bytes of the answer that have come, all of which are told again at its end.
    kept_bytes: usize,
    model: Option<Text<'static>>,
    created_s: Option<u64>,
    tools: usize,
    cut: bool,
    refused: bool,
    stop: Stop<'static>,
    signatures: Vec<(String, String)>,
}

impl EventsOut {
    pub(crate) fn new(state: &PairState) -> Self {
        Self {
            state: state.clone(),
            number: 0,
            index: 0,
            open: None,
            waiting: Queue::default(),
            output: Vec::new(),
            kept_bytes: 0,
            model: None,
            created_s: None,
            tools: 0,
            cut: false,
            refused: false,
            stop: Stop::default(),
            signatures: Vec::new(),
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        self.write_response("response.created", Outcome::InProgress, None, out);
        self.write_response("response.in_progress", Outcome::InProgress, None, out);
    }

    fn write_response(
        &mut self,
        name: &'static str,
        outcome: Outcome,
        reported: Option<&Reported>,
        out: &mut Vec<u8>,
    ) {
        let envelope = Envelope {
            state: &self.state,
            outcome,
            model: self.model.as_ref(),
            created_s: self.created_s,
            output: &self.output,
            reported,
        };
        Numbered::new(&mut self.number, out).event(name, |event| {
            envelope.write(&mut event.object("response"));
        });
    }

    /// Every piece is told again at the end, so there is a bound to all of them together.
    fn keep(&mut self, bytes: usize) -> Result<(), TranslateError> {
        self.kept_bytes = self.kept_bytes.saturating_add(bytes);
        if self.kept_bytes > self.state.max_buffer_bytes {
            return Err(TranslateError::BufferFull {
                what: "items",
                limit_bytes: self.state.max_buffer_bytes,
            });
        }
        Ok(())
    }

    /// Whether what comes for another item than the open one has to wait.
    fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || self.open.as_ref().is_some_and(|open| !open.may_close())
    }

    /// More text, a refusal's words or thinking.
    fn words(&mut self, kind: Kind, piece: &Text<'_>, out: &mut Vec<u8>) {
        if self.is_busy() {
            self.waiting.words(kind, piece);
        } else {
            self.write_words(kind, piece, out);
        }
    }

    fn write_words(&mut self, kind: Kind, piece: &Text<'_>, out: &mut Vec<u8>) {
        self.refused |= kind == Kind::Refusal;
        if !self.open.as_ref().is_some_and(|open| open.takes(kind)) {
            self.close(Status::Completed, out);
            let open = Open::words_of(kind, self.index, &self.state);
            self.begin(open, out);
        }
        if let Some(open) = &mut self.open {
            open.words(kind, piece, Numbered::new(&mut self.number, out));
        }
    }

    /// What binds the open thinking, which ends with it; alone, an item of its own.
    fn bound(&mut self, bound: Bound<'_>, out: &mut Vec<u8>) {
        if self.is_busy() {
            self.waiting.bound(bound);
        } else {
            self.write_bound(bound, out);
        }
    }

    fn write_bound(&mut self, bound: Bound<'_>, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Reasoning(_))) {
            // A visible text that binds nothing has nothing to say alone.
            if bound.bind == crate::neutral::Bind::Visible {
                return;
            }
            self.close(Status::Completed, out);
            let open = Open::words_of(Kind::Thinking, self.index, &self.state);
            self.begin(open, out);
        }
        if let Some(Open::Reasoning(open)) = &mut self.open {
            open.bound = Some(bound.into_owned());
        }
        self.close(Status::Completed, out);
    }

    fn tool_start(&mut self, start: &ToolStart<'_>, out: &mut Vec<u8>) {
        let called = Called::new(&start.id, &start.name, self.tools, &self.state);
        self.tools += 1;
        if let Some(signature) = &start.signature {
            let data = signature.data.decoded().into_owned();
            self.signatures.push((called.call_id.clone(), data));
        }
        if self.is_busy() {
            self.waiting.call(start.key, called);
        } else {
            self.begin_call(start.key, called, out);
        }
    }

    fn begin_call(&mut self, key: u32, called: Called, out: &mut Vec<u8>) {
        self.close(Status::Completed, out);
        let open = Open::call(key, self.index, called);
        self.begin(open, out);
    }

    fn tool_input(&mut self, key: u32, piece: &Text<'_>, out: &mut Vec<u8>) {
        match &mut self.open {
            Some(Open::Call(open)) if open.key == key => {
                open.input(piece, Numbered::new(&mut self.number, out));
            }
            _ => self.waiting.input(key, piece),
        }
        self.drain(false, out);
    }

    fn tool_end(&mut self, key: u32, out: &mut Vec<u8>) {
        match &mut self.open {
            Some(Open::Call(open)) if open.key == key => open.ended = true,
            _ => self.waiting.ended(key),
        }
        self.drain(false, out);
    }

    /// Text that follows stands in a part of its own, thinking in an item of its own.
    fn pause(&mut self, out: &mut Vec<u8>) {
        if !self.waiting.is_empty() {
            return;
        }
        match &mut self.open {
            Some(Open::Message(open)) => open.end_part(Numbered::new(&mut self.number, out)),
            Some(Open::Reasoning(_)) => self.close(Status::Completed, out),
            _ => {}
        }
    }

    /// Writes what waits, as far as the items before it are complete; all of it where the answer has ended.
    fn drain(&mut self, all: bool, out: &mut Vec<u8>) {
        while !self.waiting.is_empty() {
            if !all && self.open.as_ref().is_some_and(|open| !open.may_close()) {
                return;
            }
            match self.waiting.next() {
                Some(Waiting::Words(kind, text)) => self.write_words(kind, &Text::Raw(&text), out),
                Some(Waiting::Bound(bound)) => self.write_bound(bound, out),
                Some(Waiting::Call(call)) => {
                    self.begin_call(call.key, call.called, out);
                    if let Some(Open::Call(open)) = &mut self.open {
                        open.input(
                            &Text::Raw(&call.input),
                            Numbered::new(&mut self.number, out),
                        );
                        open.ended = call.ended;
                    }
                }
                None => return,
            }
        }
    }

    /// Begins an item, after the open one has ended.
    fn begin(&mut self, item: Open, out: &mut Vec<u8>) {
        self.index += 1;
        item.begin(Numbered::new(&mut self.number, out));
        self.open = Some(item);
    }

    fn close(&mut self, status: Status, out: &mut Vec<u8>) {
        if let Some(open) = self.open.take() {
            let numbered = Numbered::new(&mut self.number, out);
            self.cut |= open.close(status, numbered, &mut self.output);
        }
    }

    fn end(&mut self, reported: &Reported, out: &mut Vec<u8>) {
        self.drain(true, out);
        let stop = std::mem::take(&mut self.stop);
        if let Some(words) = explanation(&stop, self.refused) {
            self.write_words(Kind::Refusal, words, out);
        }
        // A call tells itself whether it was cut off; of anything else the reason does.
        let outcome = Outcome::of(stop.reason.given(self.calls()), self.refused);
        let status = match outcome {
            Outcome::Incomplete(_) => Status::Incomplete,
            _ => Status::Completed,
        };
        self.close(status, out);
        let outcome = Outcome::of(stop.reason.given(self.calls()), self.refused);
        self.write_response(outcome.event(), outcome, Some(reported), out);
    }

    /// What of the calls decides why the answer ended.
    fn calls(&self) -> Calls {
        match (self.tools, self.cut) {
            (0, _) => Calls::None,
            (_, true) => Calls::Cut,
            _ => Calls::Whole,
        }
    }

    fn write_failure(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        let created_s = self.created_s.unwrap_or(self.state.now_s);
        let model = self.model.as_ref();
        Numbered::new(&mut self.number, out).failure(&self.state, model, created_s, error);
    }
}

impl EventWriter for EventsOut {
    fn event(
        &mut self,
        event: Event<'_>,
        reported: &Reported,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        match event {
            Event::Start {
                model, created_s, ..
            } => {
                self.model = model.map(Text::into_owned);
                self.created_s = created_s.filter(|created| *created > 0);
                self.start(out);
            }
            Event::Text(piece) => {
                self.keep(piece.len())?;
                self.words(Kind::Text, &piece, out);
            }
            Event::Refusal(piece) => {
                self.keep(piece.len())?;
                self.words(Kind::Refusal, &piece, out);
            }
            Event::Thinking(piece) => {
                self.keep(piece.len())?;
                self.words(Kind::Thinking, &piece, out);
            }
            Event::Bound(bound) => {
                self.keep(bound.data.len())?;
                self.bound(bound, out);
            }
            Event::Break => self.pause(out),
            Event::ToolStart(start) => {
                self.keep(start.id.len() + start.name.len())?;
                self.tool_start(&start, out);
            }
            Event::ToolInput { key, piece } => {
                self.keep(piece.len())?;
                self.tool_input(key, &piece, out);
            }
            Event::ToolEnd { key } => self.tool_end(key, out),
            Event::Annotation(_) | Event::Server(_) => {}
            Event::Stop(stop) => self.stop = stop.into_owned(),
            Event::End => self.end(reported, out),
            Event::Failed(fault) => {
                let request_id = self.state.call_id.clone();
                fault.show(Protocol::Responses, &request_id, |view| {
                    self.write_failure(view, out);
                });
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        self.write_failure(error, out);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": keep-alive\n\n");
    }

    fn take_signatures(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.signatures)
    }
}

#[cfg(test)]
mod tests;
