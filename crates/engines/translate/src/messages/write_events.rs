//! Writes neutral events as a message's stream: one block open at a time, indexes without gaps. What comes for another
//! block than the open one waits until that one is complete.

mod block;
mod queue;

use kernel::Reported;
use wire::{ErrorShape, ErrorView, Protocol, error_body};

use self::block::{Kind, Open};
use self::queue::{Queue, Waiting};
use super::write_answer::{message_id, signature, tool_id, write_stop};
use crate::error::TranslateError;
use crate::json::{Object, Text};
use crate::neutral::{Bound, Calls, Event, EventWriter, Stop, ToolStart};
use crate::state::PairState;

/// Writes the stream.
pub(crate) struct EventsOut {
    state: PairState,
    /// Index of the next block.
    index: u64,
    open: Option<Open>,
    waiting: Queue,
    tools: usize,
    cut: bool,
    stop: Stop<'static>,
    signatures: Vec<(String, String)>,
}

impl EventsOut {
    pub(crate) fn new(state: &PairState) -> Self {
        Self {
            waiting: Queue::new(state.max_buffer_bytes),
            state: state.clone(),
            index: 0,
            open: None,
            tools: 0,
            cut: false,
            stop: Stop::default(),
            signatures: Vec::new(),
        }
    }

    fn start(&mut self, model: Option<&Text<'_>>, reported: &Reported, out: &mut Vec<u8>) {
        event(out, "message_start", |event| {
            let mut message = event.object("message");
            message.str("id", &message_id(&self.state));
            message.str("type", "message");
            message.str("role", "assistant");
            match model {
                Some(model) => message.text("model", model),
                None => message.str("model", &self.state.model),
            }
            drop(message.array("content"));
            message.null("stop_reason");
            message.null("stop_sequence");
            // The true values follow in `message_delta`, where clients take them from.
            super::usage::write(&mut message, reported);
        });
    }

    /// More text or thinking.
    fn words(
        &mut self,
        kind: Kind,
        piece: &Text<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        if !self.waiting.is_empty() {
            return self.waiting.words(kind, piece);
        }
        match &mut self.open {
            Some(open) if open.kind == kind => open.words(piece, out),
            Some(open) if !open.may_close() => return self.waiting.words(kind, piece),
            _ => self
                .begin(Open::words_of(kind, self.state.hide_thinking), out)
                .words(piece, out),
        }
        let hidden = self.open.as_ref().and_then(|open| open.hidden.as_ref());
        if hidden.is_some_and(|hidden| hidden.len() > self.state.max_buffer_bytes) {
            return Err(TranslateError::BufferFull {
                what: "thinking",
                limit_bytes: self.state.max_buffer_bytes,
            });
        }
        Ok(())
    }

    /// What binds the open thinking, which ends with it; alone, a block of its own.
    fn bound(&mut self, bound: Bound<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let busy = self.open.as_ref().is_some_and(|open| !open.may_close());
        if busy || !self.waiting.is_empty() {
            return self.waiting.bound(bound);
        }
        self.write_bound(&bound, out);
        Ok(())
    }

    fn write_bound(&mut self, bound: &Bound<'_>, out: &mut Vec<u8>) {
        let thinking = self.open.as_ref().is_some_and(|o| o.kind == Kind::Thinking);
        if !thinking {
            // A visible text that binds nothing has nothing to say alone.
            if bound.bind == crate::neutral::Bind::Visible {
                return;
            }
            if let Some(redacted) = Open::redacted(bound) {
                self.begin(redacted, out);
                self.close(out);
                return;
            }
            self.begin(
                Open::words_of(Kind::Thinking, self.state.hide_thinking),
                out,
            );
        }
        if let Some(open) = &mut self.open {
            let hidden = open.hidden.take();
            let inside = hidden.as_deref().map(Text::Raw);
            open.signature(&signature(bound, inside), out);
        }
        self.close(out);
    }

    fn tool_start(
        &mut self,
        start: &ToolStart<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let id = tool_id(&start.id, &self.state, self.tools);
        self.tools += 1;
        if let Some(signature) = &start.signature {
            let data = signature.data.decoded().into_owned();
            self.signatures.push((id.clone(), data));
        }
        let busy = self.open.as_ref().is_some_and(|open| !open.may_close());
        if busy || !self.waiting.is_empty() {
            return self.waiting.tool(start.key, id, &start.name);
        }
        let tool = Open::tool(start.key, id, start.name.clone().into_owned());
        self.begin(tool, out);
        Ok(())
    }

    fn tool_input(
        &mut self,
        key: u32,
        piece: &Text<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        match &mut self.open {
            Some(open) if open.kind == Kind::Tool(key) => open.input(piece, out),
            _ => self.waiting.input(key, piece)?,
        }
        self.drain(false, out);
        Ok(())
    }

    fn tool_end(&mut self, key: u32, out: &mut Vec<u8>) {
        match &mut self.open {
            Some(open) if open.kind == Kind::Tool(key) => open.ended = true,
            _ => self.waiting.ended(key),
        }
        self.drain(false, out);
    }

    /// Writes what waits, as far as the blocks before it are complete; all of it where the answer has ended.
    fn drain(&mut self, all: bool, out: &mut Vec<u8>) {
        while !self.waiting.is_empty() {
            if !all && self.open.as_ref().is_some_and(|open| !open.may_close()) {
                return;
            }
            match self.waiting.next() {
                Some(Waiting::Words(kind, text)) => {
                    self.begin(Open::words_of(kind, self.state.hide_thinking), out)
                        .words(&Text::Raw(&text), out);
                }
                Some(Waiting::Bound(bound)) => self.write_bound(&bound, out),
                Some(Waiting::Tool(tool)) => {
                    let open = Open::tool(tool.key, tool.id, tool.name);
                    let open = self.begin(open, out);
                    open.input(&Text::Raw(&tool.input), out);
                    open.ended = tool.ended;
                }
                None => return,
            }
        }
    }

    /// Begins a block, after the open one has ended.
    fn begin(&mut self, block: Open, out: &mut Vec<u8>) -> &mut Open {
        self.close(out);
        let index = self.index;
        self.index += 1;
        let open = self.open.insert(block);
        open.begin(index, &self.state, out);
        open
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(mut open) = self.open.take() {
            self.cut |= open.is_cut();
            open.close(out);
        }
    }

    fn end(&mut self, reported: &Reported, out: &mut Vec<u8>) {
        self.drain(true, out);
        self.close(out);
        let calls = match (self.tools, self.cut) {
            (0, _) => Calls::None,
            (_, true) => Calls::Cut,
            _ => Calls::Whole,
        };
        event(out, "message_delta", |event| {
            write_stop(&mut event.object("delta"), &self.stop, calls);
            super::usage::write(event, reported);
        });
        event(out, "message_stop", |_| {});
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
            Event::Start { model, .. } => self.start(model.as_ref(), reported, out),
            Event::Text(piece) | Event::Refusal(piece) => self.words(Kind::Text, &piece, out)?,
            Event::Thinking(piece) => self.words(Kind::Thinking, &piece, out)?,
            Event::Bound(bound) => self.bound(bound, out)?,
            Event::Break => {
                let words = self.waiting.is_empty()
                    && self.open.as_ref().is_some_and(|open| !open.is_tool());
                if words {
                    self.close(out);
                }
            }
            Event::ToolStart(start) => self.tool_start(&start, out)?,
            Event::ToolInput { key, piece } => self.tool_input(key, &piece, out)?,
            Event::ToolEnd { key } => self.tool_end(key, out),
            Event::Annotation(_) | Event::Server(_) => {}
            Event::Stop(stop) => self.stop = stop.into_owned(),
            Event::End => self.end(reported, out),
            Event::Failed(fault) => {
                fault.show(Protocol::Messages, &self.state.call_id, |view| {
                    write_error(view, out);
                });
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        write_error(error, out);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }

    fn take_signatures(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.signatures)
    }
}

/// The event's name is needed: clients drop events without one.
fn write_error(error: &ErrorView<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(&error_body(ErrorShape::Anthropic, error));
    out.extend_from_slice(b"\n\n");
}

/// Writes one event whose data bears its name as `type`.
fn event(out: &mut Vec<u8>, name: &'static str, write: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    {
        let mut object = Object::new(out);
        object.str("type", name);
        write(&mut object);
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests;
