//! Takes our seals out of a body that passes through. A conversation that another provider answered yesterday carries
//! that one's reasoning, sealed; the provider of the caller's own protocol would take a seal for a signature of its
//! own and refuse the call. Everything else stays byte for byte.

use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::Protocol;

use crate::json::{self, Text};
use crate::seal;

/// The body without sealed reasoning; `None` where there is none, which is known after one look for how seals begin.
#[must_use]
pub fn unseal(protocol: Protocol, body: &[u8]) -> Option<Vec<u8>> {
    memmem::find(body, seal::BEGINNING.as_bytes())?;
    let body = std::str::from_utf8(body).ok()?;
    let mut cuts = Cuts {
        body,
        ranges: Vec::new(),
    };
    let top: Top<'_> = json::read(body).ok()?;
    match protocol {
        Protocol::Messages => cuts.list(top.messages?, Cuts::message),
        Protocol::Chat => cuts.list(top.messages?, Cuts::chat_message),
        Protocol::Responses => cuts.list(top.input?, |_, item| is_reasoning(item)),
        Protocol::Embeddings => return None,
    };
    cuts.made()
}

#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
}

/// What of a message, a block, an item or a detail matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    content: Option<&'a RawValue>,
    reasoning_details: Option<&'a RawValue>,
    signature: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    encrypted_content: Option<&'a RawValue>,
}

impl Piece<'_> {
    fn is(&self, kind: &str) -> bool {
        self.r#type.as_ref().is_some_and(|found| found.is(kind))
    }
}

/// Parts of a body to be left out, in order.
struct Cuts<'a> {
    body: &'a str,
    ranges: Vec<Range<usize>>,
}

impl<'a> Cuts<'a> {
    /// Cuts the elements out that are to go, each with one of the commas around it. True where all of them go.
    fn list(&mut self, raw: &'a RawValue, goes: impl Fn(&mut Self, &'a RawValue) -> bool) -> bool {
        let Ok(elements) = json::read::<Vec<&'a RawValue>>(raw.get()) else {
            return false;
        };
        let before = self.ranges.len();
        let mut kept = None;
        let mut run: Option<usize> = None;
        for element in &elements {
            let at = self.place(element);
            let inside = self.ranges.len();
            if is_sealed_somewhere(element) && goes(self, element) {
                self.ranges.truncate(inside);
                run.get_or_insert(at.start);
                continue;
            }
            if let Some(start) = run.take() {
                self.ranges.insert(inside, start..at.start);
            }
            kept = Some(at.end);
        }
        let end = elements.last().map(|last| self.place(last).end);
        match (run, end, kept) {
            (Some(_), Some(end), Some(kept)) => self.ranges.push(kept..end),
            (Some(start), Some(end), None) => {
                self.ranges.truncate(before);
                self.ranges.push(start..end);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Cuts sealed thinking out of a message; true where nothing else is in it.
    fn message(&mut self, raw: &'a RawValue) -> bool {
        let message: Piece<'a> = json::read(raw.get()).unwrap_or_default();
        let is_list = |raw: &&RawValue| raw.get().starts_with('[');
        let content = message.content.filter(is_list);
        content.is_some_and(|content| self.list(content, |_, block| is_thinking(block)))
    }

    /// Cuts sealed details out of a message, which stays: its text is none of them.
    fn chat_message(&mut self, raw: &'a RawValue) -> bool {
        let message: Piece<'a> = json::read(raw.get()).unwrap_or_default();
        if let Some(details) = message.reasoning_details {
            self.list(details, |_, detail| {
                let detail: Piece<'_> = json::read(detail.get()).unwrap_or_default();
                is_sealed(detail.signature) || is_sealed(detail.data)
            });
        }
        false
    }

    /// Where a value stands in the body.
    fn place(&self, raw: &RawValue) -> Range<usize> {
        let start = raw.get().as_ptr().addr() - self.body.as_ptr().addr();
        start..start + raw.get().len()
    }

    /// The body without them.
    fn made(self) -> Option<Vec<u8>> {
        if self.ranges.is_empty() {
            return None;
        }
        let body = self.body.as_bytes();
        let mut out = Vec::with_capacity(body.len());
        let mut at = 0;
        for range in self.ranges {
            out.extend_from_slice(&body[at..range.start]);
            at = range.end;
        }
        out.extend_from_slice(&body[at..]);
        Some(out)
    }
}

fn is_sealed_somewhere(raw: &RawValue) -> bool {
    memmem::find(raw.get().as_bytes(), seal::BEGINNING.as_bytes()).is_some()
}

fn is_sealed(raw: Option<&RawValue>) -> bool {
    let text = raw.and_then(|raw| Text::of(raw.get()));
    text.is_some_and(|text| seal::is_sealed(&text))
}

/// A block of thinking that another provider made.
fn is_thinking(raw: &RawValue) -> bool {
    let block: Piece<'_> = json::read(raw.get()).unwrap_or_default();
    (block.is("thinking") && is_sealed(block.signature))
        || (block.is("redacted_thinking") && is_sealed(block.data))
}

/// An item of reasoning that another provider made.
fn is_reasoning(raw: &RawValue) -> bool {
    let item: Piece<'_> = json::read(raw.get()).unwrap_or_default();
    item.is("reasoning") && is_sealed(item.encrypted_content)
}

#[cfg(test)]
mod tests;
