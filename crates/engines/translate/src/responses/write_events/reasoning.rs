//! Reasoning that is open: what can be read of it comes as a summary of one part, what binds it with its end.

use super::numbered::{Numbered, Place};
use crate::json::Text;
use crate::neutral::Bound;
use crate::responses::output::{self, append};

/// Open reasoning.
#[derive(Debug)]
pub(super) struct Thoughts {
    id: String,
    index: u64,
    /// Escaped.
    text: String,
    pub bound: Option<Bound<'static>>,
}

impl Thoughts {
    pub(super) fn new(id: String, index: u64) -> Self {
        Self {
            id,
            index,
            text: String::new(),
            bound: None,
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            item_id: &self.id,
            output_index: self.index,
            part: Some(("summary_index", 0)),
        }
    }

    pub(super) fn begin(&self, mut events: Numbered<'_>) {
        events.of_item("response.output_item.added", self.index, |item| {
            output::reasoning(item, &self.id, &Text::EMPTY, None);
        });
    }

    pub(super) fn words(&mut self, piece: &Text<'_>, mut events: Numbered<'_>) {
        if self.text.is_empty() {
            events.of_part(
                "response.reasoning_summary_part.added",
                self.place(),
                |event| output::summary_part(&mut event.object("part"), &Text::EMPTY),
            );
        }
        self.text.push_str(&piece.escaped());
        let name = "response.reasoning_summary_text.delta";
        events.delta(name, self.place(), piece, b"");
    }

    pub(super) fn close(self, mut events: Numbered<'_>, output: &mut Vec<u8>) {
        let text = Text::Raw(&self.text);
        if !text.is_empty() {
            let name = "response.reasoning_summary_text.done";
            events.of_part(name, self.place(), |event| event.text("text", &text));
            let name = "response.reasoning_summary_part.done";
            events.of_part(name, self.place(), |event| {
                output::summary_part(&mut event.object("part"), &text);
            });
        }
        // Sealed once: seals are long.
        let mut item = Vec::with_capacity(text.len() + 128);
        append(&mut item, |item| {
            output::reasoning(item, &self.id, &text, self.bound.as_ref());
        });
        events.event("response.output_item.done", |event| {
            event.number("output_index", self.index);
            event.value("item").extend_from_slice(&item);
        });
        if !output.is_empty() {
            output.push(b',');
        }
        output.extend_from_slice(&item);
    }
}
