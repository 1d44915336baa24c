//! Chat completion chunks: unnamed events, usage in a last chunk without choices, `[DONE]` at the end. Written for
//! what compatible servers really send: usage in any chunk, no `[DONE]`, errors as an object in a chunk.

use std::ops::Range;

use bytes::Bytes;

use super::mould::Mould;
use super::{Phase, Seen};
use crate::error::{ErrorShape, ErrorView, error_body, event_of_body};
use crate::scan;
use crate::usage::openai::OpenAiUsage;

/// What a chat stream has shown.
#[derive(Debug, Default)]
pub(super) struct Chat {
    /// Bit per choice that has appeared; choices beyond the 64th share the last bit.
    choices: u64,
    /// Bit per choice that has its finish reason.
    finished: u64,
    /// The last chunk, where it was mere text: most of those after it differ in nothing else.
    mould: Mould,
}

impl Chat {
    /// Whether every choice seen is complete.
    pub(super) fn finished(&self) -> bool {
        self.choices != 0 && self.choices == self.finished
    }

    /// Reads the next chunk whatever the last one looked like.
    #[cfg(test)]
    pub(super) fn forget_shape(&mut self) {
        self.mould.clear();
    }

    /// Takes one chunk; true when it holds usage and no choice.
    pub(super) fn event(&mut self, data: &[u8], seen: &mut Seen) -> bool {
        if data.trim_ascii() == b"[DONE]" {
            seen.advance(Phase::Ended);
            return false;
        }
        if let Some(text) = self.mould.text(data) {
            seen.semantic(text.len());
            return false;
        }
        let mut chunk = Chunk::default();
        let mut keys = scan::keys(data);
        while let Some(key) = keys.next() {
            match (key.depth, key.name) {
                (1, b"id") => text(&mut keys, &mut seen.reported.response_id),
                (1, b"model") => text(&mut keys, &mut seen.reported.model),
                (1, b"service_tier") => text(&mut keys, &mut seen.reported.service_tier),
                (1, b"choices") => chunk.choices = !keys.is_empty_array(),
                (1, b"obfuscation") => chunk.filler = keys.span(),
                (1, b"error") if keys.is_filled() || keys.value().first() == Some(&b'"') => {
                    chunk.special = true;
                    seen.fail(keys.value());
                }
                (1..=3, b"usage") if keys.is_filled() => {
                    chunk.special = true;
                    let usage = scan::parse::<OpenAiUsage>(keys.value());
                    if let Some(usage) = usage.and_then(|usage| usage.buckets()) {
                        seen.reported.usage = Some(usage);
                        seen.final_usage = true;
                        chunk.usage |= key.depth == 1;
                    }
                }
                (3, b"index") => {
                    if let Some(index) = keys.integer() {
                        chunk.choice(self, index);
                    }
                }
                (3, b"finish_reason") => {
                    if let Some(reason) = keys.string() {
                        chunk.special = true;
                        chunk.finish(self);
                        seen.reported.stop_reason = scan::unescape(reason);
                        seen.advance(Phase::Semantic);
                    }
                }
                (4.., name) => chunk.delta(name, &mut keys),
                _ => {}
            }
        }
        chunk.close(self);
        match &chunk.text {
            Some(text) if chunk.is_mere_text() => {
                self.mould.set(data, text.clone(), chunk.filler.clone());
            }
            _ => self.mould.clear(),
        }
        seen.advance(Phase::Started);
        if chunk.semantic || chunk.bytes > 0 {
            seen.semantic(chunk.bytes);
        }
        chunk.usage && !chunk.choices
    }
}

/// What one chunk holds.
#[derive(Default)]
struct Chunk {
    /// A usage, an error or an end has been read.
    special: bool,
    choices: bool,
    usage: bool,
    bytes: usize,
    /// Where the last text stands, quotes included, and how many there were.
    text: Option<Range<usize>>,
    texts: u32,
    /// Where a filler stands that only hides the text's length.
    filler: Option<Range<usize>>,
    semantic: bool,
    /// `content` comes as parts instead of a string.
    parts: bool,
    /// The choice that the walk is in.
    index: Option<u32>,
    /// Its finish reason came before its index.
    finish: bool,
}

impl Chunk {
    fn delta(&mut self, name: &[u8], keys: &mut scan::Keys<'_>) {
        match name {
            b"content" if keys.is_filled() => self.parts = true,
            b"content" | b"reasoning_content" | b"reasoning" | b"refusal" | b"arguments"
            | b"transcript" => self.text(keys),
            b"text" | b"thinking" if self.parts => self.text(keys),
            b"tool_calls" | b"function_call" | b"audio" => self.semantic |= keys.is_filled(),
            _ => {}
        }
    }

    fn text(&mut self, keys: &mut scan::Keys<'_>) {
        if let Some(span) = keys.span() {
            self.bytes += span.len() - 2;
            self.texts += 1;
            self.text = Some(span);
        }
    }

    /// One text that says something, and nothing else that changes from chunk to chunk.
    fn is_mere_text(&self) -> bool {
        self.texts == 1 && self.bytes > 0 && !self.special
    }

    fn choice(&mut self, chat: &mut Chat, index: u64) {
        let bit = u32::try_from(index).unwrap_or(u32::MAX).min(63);
        self.index = Some(bit);
        chat.choices |= 1 << bit;
        if std::mem::take(&mut self.finish) {
            chat.finished |= 1 << bit;
        }
    }

    fn finish(&mut self, chat: &mut Chat) {
        match self.index {
            Some(bit) => chat.finished |= 1 << bit,
            None => self.finish = true,
        }
    }

    /// A choice that never named its index is the first.
    fn close(&mut self, chat: &mut Chat) {
        if self.finish {
            self.choice(chat, 0);
        }
    }
}

/// Keeps a text that is not empty; copied only when it is another one than before.
fn text(keys: &mut scan::Keys<'_>, known: &mut Option<String>) {
    if let Some(raw) = keys.string() {
        let same = known
            .as_deref()
            .is_some_and(|known| known.as_bytes() == raw);
        if !raw.is_empty() && !same {
            *known = scan::unescape(raw).or_else(|| known.take());
        }
    }
}

/// Chat streams end in an error by a chunk that holds one; `[DONE]` after it would read as success.
pub(super) fn error_event(view: &ErrorView<'_>) -> Bytes {
    event_of_body(None, &error_body(ErrorShape::OpenAi, view))
}
