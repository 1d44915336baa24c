//! Which call a piece belongs to: that of its item. Free text becomes the JSON that stands for it everywhere else.

use crate::error::TranslateError;
use crate::json::Text;
use crate::names;
use crate::neutral::{Emit, Event, ToolStart};
use crate::responses::item::Item;

/// More calls than this in one answer are a runaway.
const MAX_CALLS: usize = 512;

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    index: u64,
    key: u32,
    custom: bool,
    /// Some input has come.
    filled: bool,
    ended: bool,
}

impl Calls {
    /// A call begins, unless it has begun already.
    pub(super) fn start(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        if self.find(index).is_some() {
            return Ok(());
        }
        if self.known.len() == MAX_CALLS {
            return Err(TranslateError::TooManyCalls(MAX_CALLS));
        }
        let key = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.push(Known {
            index,
            key,
            custom: item.kind().is("custom_tool_call"),
            filled: false,
            ended: false,
        });
        emit(Event::ToolStart(ToolStart {
            key,
            id: item.call(),
            name: item.name.clone().unwrap_or(Text::EMPTY),
            signature: None,
        }))
    }

    /// A piece of JSON.
    pub(super) fn json(
        &mut self,
        index: u64,
        piece: &Text<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let Some(known) = self.find(index) else {
            return Ok(());
        };
        known.filled = true;
        let key = known.key;
        let piece = piece.clone();
        emit(Event::ToolInput { key, piece })
    }

    /// A piece of free text.
    pub(super) fn free(
        &mut self,
        index: u64,
        piece: &Text<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let Some(known) = self.find(index) else {
            return Ok(());
        };
        let key = known.key;
        if !std::mem::replace(&mut known.filled, true) {
            let piece = Text::plain(beginning());
            emit(Event::ToolInput { key, piece })?;
        }
        let escaped = piece.escaped();
        let piece = Text::plain(escaped.as_ref());
        emit(Event::ToolInput { key, piece })
    }

    /// The whole input; told where it did not come in pieces.
    pub(super) fn whole(
        &mut self,
        index: u64,
        input: Option<&Text<'_>>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let Some(known) = self.find(index) else {
            return Ok(());
        };
        if known.ended {
            return Ok(());
        }
        let (key, custom) = (known.key, known.custom);
        if let Some(input) = input.filter(|input| !known.filled && !input.is_empty()) {
            if custom {
                self.free(index, input, emit)?;
            } else {
                self.json(index, input, emit)?;
            }
        }
        let Some(known) = self.find(index) else {
            return Ok(());
        };
        known.ended = true;
        if custom && known.filled {
            emit(Event::ToolInput {
                key,
                piece: Text::plain("\"}"),
            })?;
        }
        emit(Event::ToolEnd { key })
    }

    /// The item has ended.
    pub(super) fn done(
        &mut self,
        index: u64,
        item: &Item<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let input = match item.kind().is("custom_tool_call") {
            true => item.input(),
            false => item.arguments(),
        };
        self.whole(index, Some(&input), emit)
    }

    /// All that are still open end.
    pub(super) fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        for known in &mut self.known {
            if !std::mem::replace(&mut known.ended, true) {
                // Not closed where it was cut off, so that nobody takes it for complete.
                emit(Event::ToolEnd { key: known.key })?;
            }
        }
        Ok(())
    }

    fn find(&mut self, index: u64) -> Option<&mut Known> {
        self.known.iter_mut().rfind(|known| known.index == index)
    }
}

/// How a function's input begins that stands for free text.
fn beginning() -> String {
    format!("{{\"{}\":\"", names::FREE_INPUT)
}
