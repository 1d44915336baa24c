//! Tool calls in chunks: id and name in a call's first piece, pieces of the arguments after it.

use super::chunk::Chunks;
use crate::chat::write_answer::{call_id, write_name, write_signature};
use crate::error::TranslateError;
use crate::json::{Balance, Text};
use crate::names;
use crate::neutral::{self, ToolStart};
use crate::state::PairState;

/// The calls of one answer.
#[derive(Debug)]
pub(super) struct Calls {
    state: PairState,
    begun: Vec<Call>,
    /// What is held back of all calls together.
    held_bytes: usize,
    signatures: Vec<(String, String)>,
}

#[derive(Debug)]
struct Call {
    key: u32,
    balance: Balance,
    filled: bool,
    ended: bool,
    /// The input of a tool of free text, escaped: it comes wrapped in an object.
    wrapped: Option<String>,
}

impl Calls {
    pub(super) fn new(state: &PairState) -> Self {
        Self {
            state: state.clone(),
            begun: Vec::new(),
            held_bytes: 0,
            signatures: Vec::new(),
        }
    }

    /// What the calls say about why the answer ended.
    pub(super) fn told(&self) -> neutral::Calls {
        match self.begun.last() {
            None => neutral::Calls::None,
            Some(last) if last.filled && !last.balance.is_complete() => neutral::Calls::Cut,
            Some(_) => neutral::Calls::Whole,
        }
    }

    pub(super) fn start(&mut self, start: &ToolStart<'_>, chunks: &Chunks, out: &mut Vec<u8>) {
        let state = &self.state;
        let number = self.begun.len();
        let known = state.names.restore(&start.name.decoded());
        let custom = known.filter(|tool| tool.custom && !state.one_call);
        self.begun.push(Call {
            key: start.key,
            balance: Balance::default(),
            filled: false,
            ended: false,
            wrapped: custom.map(|_| String::new()),
        });
        if state.one_call {
            if number == 0 {
                chunks.delta(out, |delta| {
                    let mut function = delta.object("function_call");
                    write_name(&mut function, &start.name, state);
                    function.str("arguments", "");
                });
            }
            return;
        }
        let id = call_id(&start.id, state, number);
        chunks.delta(out, |delta| {
            let mut list = delta.array("tool_calls");
            let mut call = list.object();
            call.number("index", number as u64);
            call.str("id", &id);
            if let Some(tool) = custom {
                call.str("type", "custom");
                let mut custom = call.object("custom");
                custom.str("name", &tool.name);
                custom.str("input", "");
            } else {
                call.str("type", "function");
                let mut function = call.object("function");
                write_name(&mut function, &start.name, state);
                function.str("arguments", "");
            }
            if let Some(signature) = &start.signature {
                write_signature(&mut call, &signature.data);
            }
        });
        if let Some(signature) = &start.signature {
            let data = signature.data.decoded().into_owned();
            self.signatures.push((id, data));
        }
    }

    pub(super) fn input(
        &mut self,
        key: u32,
        piece: &Text<'_>,
        chunks: &Chunks,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some((index, call)) = find(&mut self.begun, key) else {
            return Ok(());
        };
        if piece.is_empty() {
            return Ok(());
        }
        if let Some(wrapped) = &mut call.wrapped {
            self.held_bytes = self.held_bytes.saturating_add(piece.len());
            if self.held_bytes > self.state.max_buffer_bytes {
                return Err(TranslateError::BufferFull {
                    what: "tool calls",
                    limit_bytes: self.state.max_buffer_bytes,
                });
            }
            wrapped.push_str(&piece.escaped());
        } else {
            write(index, piece, self.state.one_call, chunks, out);
        }
        call.filled = true;
        call.balance.push(piece);
        Ok(())
    }

    /// A call without input gets its empty object.
    pub(super) fn end(&mut self, key: u32, chunks: &Chunks, out: &mut Vec<u8>) {
        let Some((index, call)) = find(&mut self.begun, key) else {
            return;
        };
        if std::mem::replace(&mut call.ended, true) {
            return;
        }
        match call.wrapped.take() {
            Some(wrapped) => {
                let json = Text::Raw(&wrapped).decoded().into_owned();
                let input = names::free_input(&json);
                if !input.is_empty() {
                    chunks.delta(out, |delta| {
                        let mut list = delta.array("tool_calls");
                        let mut call = list.object();
                        call.number("index", u64::from(index));
                        call.object("custom").str("input", &input);
                    });
                }
            }
            None if !call.filled => {
                write(index, &Text::Raw("{}"), self.state.one_call, chunks, out);
            }
            None => {}
        }
    }

    pub(super) fn take_signatures(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.signatures)
    }
}

fn find(begun: &mut [Call], key: u32) -> Option<(u32, &mut Call)> {
    (0..).zip(begun).find(|(_, call)| call.key == key)
}

fn write(index: u32, piece: &Text<'_>, one_call: bool, chunks: &Chunks, out: &mut Vec<u8>) {
    if !one_call {
        chunks.arguments(index, piece, out);
    } else if index == 0 {
        chunks.delta(out, |delta| {
            delta.object("function_call").text("arguments", piece);
        });
    }
}
