//! A message that is open: parts of text and of a refusal's words, one after the other.

use super::numbered::{Numbered, Place};
use crate::json::Text;
use crate::responses::output::{self, Status, append};

/// What words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Refusal,
    Thinking,
}

/// An open message.
#[derive(Debug)]
pub(super) struct Message {
    id: String,
    index: u64,
    /// The parts that have ended, as they stand between brackets.
    parts: Vec<u8>,
    /// Index of the next part.
    next_part: u64,
    part: Option<OpenPart>,
}

#[derive(Debug)]
struct OpenPart {
    kind: Kind,
    index: u64,
    /// Escaped.
    text: String,
}

impl Message {
    pub(super) fn new(id: String, index: u64) -> Self {
        Self {
            id,
            index,
            parts: Vec::new(),
            next_part: 0,
            part: None,
        }
    }

    pub(super) fn begin(&self, mut events: Numbered<'_>) {
        events.of_item("response.output_item.added", self.index, |item| {
            output::message(item, &self.id, Status::InProgress, b"");
        });
    }

    pub(super) fn words(&mut self, kind: Kind, piece: &Text<'_>, mut events: Numbered<'_>) {
        if self.part.as_ref().is_some_and(|part| part.kind != kind) {
            self.write_end_of_part(&mut events);
        }
        if self.part.is_none() {
            self.begin_part(kind, &mut events);
        }
        let Some(part) = &mut self.part else {
            return;
        };
        part.text.push_str(&piece.escaped());
        let place = Place {
            item_id: &self.id,
            output_index: self.index,
            part: Some(("content_index", part.index)),
        };
        match kind {
            Kind::Refusal => events.delta("response.refusal.delta", place, piece, b""),
            _ => events.delta(
                "response.output_text.delta",
                place,
                piece,
                br#","logprobs":[]"#,
            ),
        }
    }

    /// What follows stands in a part of its own.
    pub(super) fn end_part(&mut self, mut events: Numbered<'_>) {
        self.write_end_of_part(&mut events);
    }

    fn begin_part(&mut self, kind: Kind, events: &mut Numbered<'_>) {
        let part = OpenPart {
            kind,
            index: self.next_part,
            text: String::new(),
        };
        self.next_part += 1;
        let place = self.place(&part);
        events.of_part("response.content_part.added", place, |event| {
            part.write(&mut event.object("part"));
        });
        self.part = Some(part);
    }

    fn write_end_of_part(&mut self, events: &mut Numbered<'_>) {
        let Some(part) = self.part.take() else {
            return;
        };
        let place = self.place(&part);
        let text = Text::Raw(&part.text);
        match part.kind {
            Kind::Refusal => events.of_part("response.refusal.done", place, |event| {
                event.text("refusal", &text);
            }),
            _ => events.of_part("response.output_text.done", place, |event| {
                event.text("text", &text);
                drop(event.array("logprobs"));
            }),
        }
        events.of_part("response.content_part.done", place, |event| {
            part.write(&mut event.object("part"));
        });
        append(&mut self.parts, |object| part.write(object));
    }

    fn place(&self, part: &OpenPart) -> Place<'_> {
        Place {
            item_id: &self.id,
            output_index: self.index,
            part: Some(("content_index", part.index)),
        }
    }

    pub(super) fn close(mut self, status: Status, mut events: Numbered<'_>, output: &mut Vec<u8>) {
        self.write_end_of_part(&mut events);
        events.of_item("response.output_item.done", self.index, |item| {
            output::message(item, &self.id, status, &self.parts);
        });
        append(output, |item| {
            output::message(item, &self.id, status, &self.parts);
        });
    }
}

impl OpenPart {
    fn write(&self, part: &mut crate::json::Object<'_>) {
        let text = Text::Raw(&self.text);
        match self.kind {
            Kind::Refusal => output::refusal_part(part, &text),
            _ => output::text_part(part, &text, b""),
        }
    }
}
