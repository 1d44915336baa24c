//! A call that is open. Input that is JSON passes as it comes; free text arrives inside JSON, so it is held until it is
//! complete.

use super::numbered::{Numbered, Place};
use crate::json::{Balance, Text};
use crate::names;
use crate::responses::output::{Called, Status, append};

/// An open call.
#[derive(Debug)]
pub(super) struct Call {
    pub key: u32,
    index: u64,
    called: Called,
    /// Escaped.
    input: String,
    balance: Balance,
    /// The upstream has ended it.
    pub ended: bool,
}

impl Call {
    pub(super) fn new(key: u32, index: u64, called: Called) -> Self {
        Self {
            key,
            index,
            called,
            input: String::new(),
            balance: Balance::default(),
            ended: false,
        }
    }

    pub(super) fn may_close(&self) -> bool {
        self.ended || self.balance.is_complete()
    }

    fn place(&self) -> Place<'_> {
        Place {
            item_id: &self.called.id,
            output_index: self.index,
            part: None,
        }
    }

    pub(super) fn begin(&self, mut events: Numbered<'_>) {
        events.of_item("response.output_item.added", self.index, |item| {
            self.called.write(item, Status::InProgress, &Text::EMPTY);
        });
    }

    /// More of its input.
    pub(super) fn input(&mut self, piece: &Text<'_>, mut events: Numbered<'_>) {
        if piece.is_empty() {
            return;
        }
        self.balance.push(piece);
        self.input.push_str(&piece.escaped());
        if !self.called.custom {
            let name = "response.function_call_arguments.delta";
            events.delta(name, self.place(), piece, b"");
        }
    }

    /// Ends it. True where its input is not complete.
    pub(super) fn close(mut self, mut events: Numbered<'_>, output: &mut Vec<u8>) -> bool {
        let cut = !self.input.is_empty() && !self.balance.is_complete();
        if !self.called.custom && self.input.is_empty() {
            self.input(&Text::Raw("{}"), events.again());
        }
        let raw = Text::Raw(&self.input);
        let json = self.called.custom.then(|| raw.decoded());
        let input = match &json {
            Some(json) => Text::plain(names::free_input(json)),
            None => raw.clone(),
        };
        if self.called.custom {
            let name = "response.custom_tool_call_input.delta";
            events.delta(name, self.place(), &input, b"");
            let name = "response.custom_tool_call_input.done";
            events.of_part(name, self.place(), |event| event.text("input", &input));
        } else {
            let name = "response.function_call_arguments.done";
            events.of_part(name, self.place(), |event| {
                event.text("name", &self.called.name);
                event.text("arguments", &input);
            });
        }
        let status = if cut {
            Status::Incomplete
        } else {
            Status::Completed
        };
        events.of_item("response.output_item.done", self.index, |item| {
            self.called.write(item, status, &input);
        });
        append(output, |item| self.called.write(item, status, &input));
        cut
    }
}
