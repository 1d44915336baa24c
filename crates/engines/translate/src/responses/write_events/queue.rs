//! What has come while another item was open, in the order of its items. Bounded by the whole answer's bound.

use std::collections::VecDeque;

use super::message::Kind;
use crate::json::Text;
use crate::neutral::Bound;
use crate::responses::output::Called;

/// An item that waits, or words of one.
#[derive(Debug)]
pub(super) enum Waiting {
    /// Escaped, as all text that waits.
    Words(Kind, String),
    Bound(Bound<'static>),
    Call(WaitingCall),
}

/// A call that waits, with what has come of its input.
#[derive(Debug)]
pub(super) struct WaitingCall {
    pub key: u32,
    pub called: Called,
    pub input: String,
    pub ended: bool,
}

/// The items that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Waiting>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Waiting> {
        self.items.pop_front()
    }

    pub(super) fn words(&mut self, kind: Kind, piece: &Text<'_>) {
        match self.items.back_mut() {
            Some(Waiting::Words(last, text)) if *last == kind => text.push_str(&piece.escaped()),
            _ => {
                let text = piece.escaped().into_owned();
                self.items.push_back(Waiting::Words(kind, text));
            }
        }
    }

    pub(super) fn bound(&mut self, bound: Bound<'_>) {
        self.items.push_back(Waiting::Bound(bound.into_owned()));
    }

    pub(super) fn call(&mut self, key: u32, called: Called) {
        self.items.push_back(Waiting::Call(WaitingCall {
            key,
            called,
            input: String::new(),
            ended: false,
        }));
    }

    pub(super) fn input(&mut self, key: u32, piece: &Text<'_>) {
        if let Some(call) = self.find(key) {
            call.input.push_str(&piece.escaped());
        }
    }

    pub(super) fn ended(&mut self, key: u32) {
        if let Some(call) = self.find(key) {
            call.ended = true;
        }
    }

    fn find(&mut self, key: u32) -> Option<&mut WaitingCall> {
        self.items.iter_mut().find_map(|item| match item {
            Waiting::Call(call) if call.key == key => Some(call),
            _ => None,
        })
    }
}
