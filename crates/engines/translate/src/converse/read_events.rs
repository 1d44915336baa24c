//! Reads a Converse stream into neutral events. Only calls announce their blocks; text and reasoning are told apart by
//! the block that their pieces belong to.

use super::answer::{Block, StreamEvent, ToolUse, stop, visible};
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{Emit, Event, EventReader, Stop, ToolStart};

/// More calls than this in one answer are a runaway.
const MAX_CALLS: u32 = 512;

/// Reads the stream.
#[derive(Debug, Default)]
pub(crate) struct EventsIn {
    /// The block whose pieces come.
    open: Option<Open>,
    /// Words have come, so that the next ones are another block's.
    words: bool,
    calls: u32,
    stop: Stop<'static>,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text(u64),
    Thinking(u64),
    Call { index: u64, key: u32 },
}

impl EventsIn {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn call(
        &mut self,
        index: u64,
        call: ToolUse<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        self.close(emit)?;
        let key = self.calls;
        if key == MAX_CALLS {
            return Err(TranslateError::TooManyCalls(MAX_CALLS as usize));
        }
        self.calls += 1;
        self.open = Some(Open::Call { index, key });
        emit(Event::ToolStart(ToolStart {
            key,
            id: call.tool_use_id.unwrap_or(Text::EMPTY),
            name: call.name.unwrap_or(Text::EMPTY),
            signature: None,
        }))
    }

    fn delta(
        &mut self,
        index: u64,
        delta: Block<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if let Some(text) = delta.text.filter(|text| !text.is_empty()) {
            self.words_of(Open::Text(index), emit)?;
            return emit(Event::Text(text));
        }
        if let Some(thought) = delta.reasoning_content {
            let Some(text) = thought.text.filter(|text| !text.is_empty()) else {
                return Ok(());
            };
            self.words_of(Open::Thinking(index), emit)?;
            return emit(Event::Thinking(text));
        }
        let piece = delta.tool_use.and_then(|call| call.input);
        let piece = piece.and_then(|piece| Text::of(piece.get()));
        match (self.open, piece.filter(|piece| !piece.is_empty())) {
            (Some(Open::Call { index: open, key }), Some(piece)) if open == index => {
                emit(Event::ToolInput { key, piece })
            }
            _ => Ok(()),
        }
    }

    /// The next words are this block's.
    fn words_of(&mut self, block: Open, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if self.open == Some(block) {
            return Ok(());
        }
        self.close(emit)?;
        self.open = Some(block);
        if std::mem::replace(&mut self.words, true) {
            emit(Event::Break)?;
        }
        Ok(())
    }

    fn close(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        match self.open.take() {
            Some(Open::Thinking(_)) => emit(Event::Bound(visible())),
            Some(Open::Call { key, .. }) => emit(Event::ToolEnd { key }),
            Some(Open::Text(_)) | None => Ok(()),
        }
    }
}

impl EventReader for EventsIn {
    fn event(
        &mut self,
        name: Option<&[u8]>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if name == Some(b"error") {
            return emit(Event::Failed(Fault::read(0, data.as_bytes())));
        }
        let event: StreamEvent<'_> =
            json::read(data).map_err(|error| TranslateError::answer(Upstream::Converse, &error))?;
        let index = event.content_block_index.unwrap_or(0);
        match name.unwrap_or_default() {
            b"messageStart" => emit(Event::START),
            b"contentBlockStart" => match event.start.and_then(|start| start.tool_use) {
                Some(call) => self.call(index, call, emit),
                None => Ok(()),
            },
            b"contentBlockDelta" => self.delta(index, event.delta.unwrap_or_default(), emit),
            b"contentBlockStop" => self.close(emit),
            b"messageStop" => {
                if let Some(reason) = &event.stop_reason {
                    self.stop = stop(reason)?;
                }
                Ok(())
            }
            // The counts are the last that comes.
            b"metadata" => self.end(emit),
            _ => Ok(()),
        }
    }

    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        if std::mem::replace(&mut self.over, true) {
            return Ok(());
        }
        self.close(emit)?;
        emit(Event::Stop(std::mem::take(&mut self.stop)))?;
        emit(Event::End)
    }
}
