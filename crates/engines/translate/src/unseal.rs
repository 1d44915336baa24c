//! Takes our seals out of a body that passes through. A conversation that another provider answered yesterday carries
//! that one's reasoning, sealed; the provider of the caller's own protocol would take a seal for a signature of its
//! own and refuse the call. What that provider made itself, for a caller of another protocol, is opened and given back
//! to it. Everything else stays byte for byte.

use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::Protocol;

use crate::dialect::Origin;
use crate::json::{self, Text};
use crate::neutral::{Bind, Bound};
use crate::seal;

/// The body without sealed reasoning of others; `None` where there is none, which is known after one look for how seals begin.
#[must_use]
pub fn unseal(protocol: Protocol, body: &[u8]) -> Option<Vec<u8>> {
    memmem::find(body, seal::BEGINNING.as_bytes())?;
    let body = std::str::from_utf8(body).ok()?;
    let mut cuts = Cuts {
        body,
        edits: Vec::new(),
    };
    let top: Top<'_> = json::read(body).ok()?;
    match protocol {
        Protocol::Messages => cuts.list(top.messages?, Cuts::message),
        Protocol::Chat => cuts.list(top.messages?, Cuts::chat_message),
        Protocol::Responses => cuts.list(top.input?, Cuts::item),
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
    thinking: Option<&'a RawValue>,
    signature: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    encrypted_content: Option<&'a RawValue>,
    id: Option<Text<'a>>,
}

impl Piece<'_> {
    fn is(&self, kind: &str) -> bool {
        self.r#type.as_ref().is_some_and(|found| found.is(kind))
    }
}

/// Parts of a body to be left out, or to be replaced by what was sealed, in order.
struct Cuts<'a> {
    body: &'a str,
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Cuts<'a> {
    /// Cuts the elements out that are to go, each with one of the commas around it. True where all of them go.
    fn list(&mut self, raw: &'a RawValue, goes: impl Fn(&mut Self, &'a RawValue) -> bool) -> bool {
        let Ok(elements) = json::read::<Vec<&'a RawValue>>(raw.get()) else {
            return false;
        };
        let before = self.edits.len();
        let mut kept = None;
        let mut run: Option<usize> = None;
        for element in &elements {
            let at = self.place(element);
            let inside = self.edits.len();
            if is_sealed_somewhere(element) && goes(self, element) {
                self.edits.truncate(inside);
                run.get_or_insert(at.start);
                continue;
            }
            if let Some(start) = run.take() {
                self.edits.insert(inside, (start..at.start, Vec::new()));
            }
            kept = Some(at.end);
        }
        let end = elements.last().map(|last| self.place(last).end);
        match (run, end, kept) {
            (Some(_), Some(end), Some(kept)) => self.edits.push((kept..end, Vec::new())),
            (Some(start), Some(end), None) => {
                self.edits.truncate(before);
                self.edits.push((start..end, Vec::new()));
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
        content.is_some_and(|content| self.list(content, Self::block))
    }

    /// A block of thinking: opened where Anthropic signed it; true where another provider did.
    fn block(&mut self, raw: &'a RawValue) -> bool {
        let block: Piece<'a> = json::read(raw.get()).unwrap_or_default();
        let (sealed, bind) = if block.is("thinking") {
            (block.signature, Bind::Signature)
        } else if block.is("redacted_thinking") {
            (block.data, Bind::Redacted)
        } else {
            return false;
        };
        let Some((place, bound)) = self.sealed(sealed) else {
            return false;
        };
        let Some(bound) = bound.filter(|bound| bound.made_by(Origin::Anthropic, bind)) else {
            return true;
        };
        // The signature is over these words and no others.
        match (&bound.text, block.thinking) {
            (Some(signed), Some(thinking)) => {
                let thinking = self.place(thinking);
                self.edits.push((thinking, quoted(signed)));
            }
            (Some(_), None) => return true,
            (None, _) => {}
        }
        self.edits.push((place, quoted(&bound.data)));
        // Either may stand first.
        let last = self.edits.len().saturating_sub(2);
        self.edits[last..].sort_by_key(|(range, _)| range.start);
        false
    }

    /// An item of reasoning: opened where OpenAI encrypted it; true where another provider did.
    fn item(&mut self, raw: &'a RawValue) -> bool {
        let item: Piece<'a> = json::read(raw.get()).unwrap_or_default();
        let sealed = item.encrypted_content.filter(|_| item.is("reasoning"));
        let Some((place, bound)) = self.sealed(sealed) else {
            return false;
        };
        let bound = bound.filter(|bound| {
            // Under another id OpenAI would not take it.
            let same = item.id.is_none() || item.id == bound.id;
            same && bound.made_by(Origin::OpenAi, Bind::Encrypted)
        });
        let Some(bound) = bound else { return true };
        self.edits.push((place, quoted(&bound.data)));
        false
    }

    /// Where a seal stands and what is in it, if it can be opened; `None` for what is no seal.
    fn sealed(&self, raw: Option<&'a RawValue>) -> Option<(Range<usize>, Option<Bound<'static>>)> {
        let raw = raw?;
        let text = Text::of(raw.get())?;
        seal::is_sealed(&text).then(|| (self.place(raw), seal::open(&text)))
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
        if self.edits.is_empty() {
            return None;
        }
        let body = self.body.as_bytes();
        let mut out = Vec::with_capacity(body.len());
        let mut at = 0;
        for (range, instead) in self.edits {
            out.extend_from_slice(&body[at..range.start]);
            out.extend_from_slice(&instead);
            at = range.end;
        }
        out.extend_from_slice(&body[at..]);
        Some(out)
    }
}

impl Bound<'_> {
    /// Whether this is what that provider gave, and nothing of ours.
    fn made_by(&self, origin: Origin, bind: Bind) -> bool {
        self.origin == origin && self.bind == bind && !seal::is_sealed(&self.data)
    }
}

fn quoted(text: &Text<'_>) -> Vec<u8> {
    let mut json = vec![b'"'];
    text.write(&mut json);
    json.push(b'"');
    json
}

fn is_sealed_somewhere(raw: &RawValue) -> bool {
    memmem::find(raw.get().as_bytes(), seal::BEGINNING.as_bytes()).is_some()
}

fn is_sealed(raw: Option<&RawValue>) -> bool {
    let text = raw.and_then(|raw| Text::of(raw.get()));
    text.is_some_and(|text| seal::is_sealed(&text))
}

#[cfg(test)]
mod tests;
