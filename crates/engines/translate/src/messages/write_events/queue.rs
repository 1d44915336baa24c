//! What has come while another block was open, in the order of its blocks; bounded.

use std::collections::VecDeque;

use super::block::Kind;
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::Bound;

/// A block that waits.
#[derive(Debug)]
pub(super) enum Waiting {
    /// Escaped, as all text that waits.
    Words(Kind, String),
    Bound(Bound<'static>),
    Tool(WaitingTool),
}

/// A call that waits, with what has come of its input.
#[derive(Debug)]
pub(super) struct WaitingTool {
    pub key: u32,
    pub id: String,
    pub name: Text<'static>,
    pub input: String,
    pub ended: bool,
}

/// The blocks that wait.
#[derive(Debug)]
pub(super) struct Queue {
    blocks: VecDeque<Waiting>,
    bytes: usize,
    max_bytes: usize,
}

impl Queue {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Waiting> {
        let next = self.blocks.pop_front();
        if self.blocks.is_empty() {
            self.bytes = 0;
        }
        next
    }

    pub(super) fn words(&mut self, kind: Kind, piece: &Text<'_>) -> Result<(), TranslateError> {
        self.count(piece.len())?;
        match self.blocks.back_mut() {
            Some(Waiting::Words(last, text)) if *last == kind => text.push_str(&piece.escaped()),
            _ => {
                let text = piece.escaped().into_owned();
                self.blocks.push_back(Waiting::Words(kind, text));
            }
        }
        Ok(())
    }

    pub(super) fn bound(&mut self, bound: Bound<'_>) -> Result<(), TranslateError> {
        self.count(bound.data.len())?;
        self.blocks.push_back(Waiting::Bound(bound.into_owned()));
        Ok(())
    }

    pub(super) fn tool(
        &mut self,
        key: u32,
        id: String,
        name: &Text<'_>,
    ) -> Result<(), TranslateError> {
        self.count(id.len() + name.len())?;
        self.blocks.push_back(Waiting::Tool(WaitingTool {
            key,
            id,
            name: name.clone().into_owned(),
            input: String::new(),
            ended: false,
        }));
        Ok(())
    }

    pub(super) fn input(&mut self, key: u32, piece: &Text<'_>) -> Result<(), TranslateError> {
        self.count(piece.len())?;
        if let Some(tool) = self.find(key) {
            tool.input.push_str(&piece.escaped());
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, key: u32) {
        if let Some(tool) = self.find(key) {
            tool.ended = true;
        }
    }

    fn find(&mut self, key: u32) -> Option<&mut WaitingTool> {
        self.blocks.iter_mut().find_map(|block| match block {
            Waiting::Tool(tool) if tool.key == key => Some(tool),
            _ => None,
        })
    }

    fn count(&mut self, bytes: usize) -> Result<(), TranslateError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.max_bytes {
            return Err(TranslateError::BufferFull {
                what: "tool calls",
                limit_bytes: self.max_bytes,
            });
        }
        Ok(())
    }
}
