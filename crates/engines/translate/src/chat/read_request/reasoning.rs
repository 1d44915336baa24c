//! What the assistant thought, as its caller carried it back: what can be read in `reasoning_content`, what binds it
//! in `reasoning_details`.

use super::body::Message;
use crate::chat::detail::Detail;
use crate::chat::message::joined;
use crate::json::Text;
use crate::neutral::{Part, Reasoning};

/// Reads it.
pub(super) fn read<'a>(message: &mut Message<'a>) -> Vec<Part<'a>> {
    let mut thoughts: Vec<Reasoning<'a>> = Vec::new();
    let mut before = None;
    for detail in message.reasoning_details.take().unwrap_or_default() {
        let index = detail.index;
        let same = index == before && (index.is_some() || !detail.is_encrypted());
        push(&mut thoughts, &detail, same);
        before = index;
    }
    let other = message.reasoning.and_then(|raw| Text::of(raw.get()));
    let text = message.reasoning_content.take().or(other);
    // The details say it again, piece by piece; where none does, it belongs to the first.
    if let Some(text) = text.filter(|text| !text.is_empty())
        && thoughts.iter().all(|thought| thought.text.is_empty())
    {
        match thoughts.first_mut() {
            Some(first) => first.text = text,
            None => thoughts.push(Reasoning { text, bound: None }),
        }
    }
    thoughts.into_iter().map(Part::Reasoning).collect()
}

/// Adds what one entry says. Where a client kept a stream's pieces as they came, text and signature of one block
/// stand in several entries: they are joined again.
fn push<'a>(thoughts: &mut Vec<Reasoning<'a>>, detail: &Detail<'a>, same: bool) {
    let mut bound = detail.given();
    let sealed = bound.as_mut().and_then(|bound| bound.text.take());
    let text = detail.words().or(sealed).unwrap_or(Text::EMPTY);
    if text.is_empty() && bound.is_none() {
        return;
    }
    match thoughts.last_mut() {
        Some(last) if same && last.bound.is_none() => {
            let before = std::mem::replace(&mut last.text, Text::EMPTY);
            last.text = match (before.is_empty(), text.is_empty()) {
                (_, true) => before,
                (true, _) => text,
                _ => joined(before, &text),
            };
            last.bound = bound;
        }
        _ => thoughts.push(Reasoning { text, bound }),
    }
}
