//! Writes neutral events as chat chunks. Pieces of different calls may mix here, so nothing waits but the input of a
//! tool of free text, which comes wrapped in an object.

mod calls;
mod chunk;

use kernel::Reported;
use wire::{ErrorShape, ErrorView, Protocol, error_body};

use self::calls::Calls;
use self::chunk::Chunks;
use super::detail;
use super::write_answer::{APART, comes_between, finish_reason};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::{Bind, Bound, Event, EventWriter, Stop, StopReason};
use crate::state::PairState;

/// Writes the stream.
pub(crate) struct EventsOut {
    state: PairState,
    chunks: Chunks,
    calls: Calls,
    text: Joint,
    thinking: Joint,
    /// Index of the open entry of `reasoning_details`.
    entry: u64,
    /// The open entry has text.
    entered: bool,
    /// The upstream signs the text of its thinking: whoever brings a signature back needs that text exactly.
    signs_text: bool,
    refused: bool,
    stop: Stop<'static>,
}

/// Where one text ends and another begins, which chat has no word for.
#[derive(Debug, Default)]
struct Joint {
    written: bool,
    /// Something else came since.
    apart: bool,
}

impl Joint {
    fn part(&mut self) {
        self.apart = self.written;
    }

    /// Whether what comes now is to be told apart from what came before.
    fn join(&mut self) -> bool {
        self.written = true;
        std::mem::take(&mut self.apart)
    }
}

impl EventsOut {
    pub(crate) fn new(state: &PairState) -> Self {
        Self {
            state: state.clone(),
            chunks: Chunks::default(),
            calls: Calls::new(state),
            text: Joint::default(),
            thinking: Joint::default(),
            entry: 0,
            entered: false,
            signs_text: state.pair.upstream() == Upstream::Messages,
            refused: false,
            stop: Stop::default(),
        }
    }

    fn start(&mut self, model: Option<&Text<'_>>, created_s: Option<u64>, out: &mut Vec<u8>) {
        self.chunks.begin(model, created_s, &self.state);
        self.chunks.delta(out, |delta| {
            delta.str("role", "assistant");
            delta.str("content", "");
        });
    }

    fn words(&mut self, piece: &Text<'_>, out: &mut Vec<u8>) {
        self.thinking.part();
        if self.text.join() {
            self.chunks.words(b"content", APART, out);
        }
        self.chunks.words(b"content", piece, out);
    }

    fn thought(&mut self, piece: &Text<'_>, out: &mut Vec<u8>) {
        self.text.part();
        if self.thinking.join() {
            self.chunks.words(b"reasoning_content", APART, out);
        }
        self.entered = true;
        if !self.signs_text {
            return self.chunks.words(b"reasoning_content", piece, out);
        }
        self.chunks.delta(out, |delta| {
            delta.text("reasoning_content", piece);
            let mut details = delta.array("reasoning_details");
            detail::write_text(&mut details.object(), piece, self.entry);
        });
    }

    fn bound(&mut self, bound: &Bound<'_>, out: &mut Vec<u8>) {
        if comes_between(Some(bound), &Text::EMPTY) {
            self.text.part();
        }
        self.thinking.part();
        if bound.bind == Bind::Visible {
            // Nobody wants it back; an entry that has begun ends all the same.
            self.entry += u64::from(std::mem::take(&mut self.entered) && self.signs_text);
            return;
        }
        let text = Some(&Text::EMPTY).filter(|_| self.signs_text && !self.entered);
        self.chunks.delta(out, |delta| {
            let mut details = delta.array("reasoning_details");
            detail::write(&mut details.object(), bound, text, self.entry);
        });
        self.entry += 1;
        self.entered = false;
    }

    fn end(&mut self, reported: &Reported, out: &mut Vec<u8>) {
        let explanation = self.stop.explanation.take();
        let refused = self.stop.reason == StopReason::Refusal;
        if let Some(explanation) = explanation.filter(|_| refused && !self.refused) {
            self.chunks.words(b"refusal", &explanation, out);
        }
        let reason = finish_reason(&self.stop, self.calls.told(), self.refused, &self.state);
        self.chunks.finish(reason, out);
        if let Some(usage) = reported.usage.filter(|_| self.state.include_usage) {
            self.chunks.usage(&usage, out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
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
            } => self.start(model.as_ref(), created_s, out),
            Event::Text(piece) => self.words(&piece, out),
            Event::Refusal(piece) => {
                self.refused = true;
                self.chunks.words(b"refusal", &piece, out);
            }
            Event::Thinking(piece) => self.thought(&piece, out),
            Event::Bound(bound) => self.bound(&bound, out),
            // Blocks of text follow each other without a word between them; parts of a summary do not.
            Event::Break => self.thinking.part(),
            Event::ToolStart(start) => {
                self.text.part();
                self.calls.start(&start, &self.chunks, out);
            }
            Event::ToolInput { key, piece } => {
                self.calls.input(key, &piece, &self.chunks, out)?;
            }
            Event::ToolEnd { key } => self.calls.end(key, &self.chunks, out),
            Event::Annotation(_) | Event::Server(_) => {}
            Event::Stop(stop) => self.stop = stop.into_owned(),
            Event::End => self.end(reported, out),
            Event::Failed(fault) => fault.show(Protocol::Chat, &self.state.call_id, |view| {
                write_error(view, out);
            }),
        }
        Ok(())
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        write_error(error, out);
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": keep-alive\n\n");
    }

    fn take_signatures(&mut self) -> Vec<(String, String)> {
        self.calls.take_signatures()
    }
}

/// A chunk that holds an error ends the stream; `[DONE]` after it would read as success.
fn write_error(error: &ErrorView<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(&error_body(ErrorShape::OpenAi, error));
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests;
