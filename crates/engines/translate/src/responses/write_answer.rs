//! Writes the neutral answer as a response object.

use kernel::Reported;

use super::envelope::{Envelope, Outcome, explanation};
use super::output::{self, Called, Status, append};
use crate::json::{self, Object, Text};
use crate::names;
use crate::neutral::{Answer, Calls, Input, Part, ToolCall};
use crate::pair::Answer as Written;
use crate::state::PairState;

/// Writes an answer.
pub(crate) fn write_answer(answer: &Answer<'_>, state: &PairState, reported: Reported) -> Written {
    let mut items = Items::new(state);
    for part in &answer.parts {
        items.part(part);
    }
    if let Some(words) = explanation(&answer.stop, items.refused) {
        items.refusal(words);
    }
    let reason = answer.stop.reason.given(items.calls);
    let outcome = Outcome::of(reason, items.refused);
    items.end_message(match outcome {
        Outcome::Incomplete(_) => Status::Incomplete,
        _ => Status::Completed,
    });
    let mut body = Vec::with_capacity(1_024 + items.output.len());
    Envelope {
        state,
        outcome,
        model: answer.model.as_ref(),
        created_s: answer.created_s,
        output: &items.output,
        reported: Some(&reported),
    }
    .write(&mut Object::new(&mut body));
    Written {
        body,
        reported,
        signatures: items.signatures,
    }
}

/// The items of an answer.
struct Items<'s> {
    state: &'s PairState,
    output: Vec<u8>,
    /// How many there are.
    count: usize,
    /// The parts of the message that is being written.
    message: Vec<u8>,
    tools: usize,
    calls: Calls,
    refused: bool,
    signatures: Vec<(String, String)>,
}

impl<'s> Items<'s> {
    fn new(state: &'s PairState) -> Self {
        Self {
            state,
            output: Vec::new(),
            count: 0,
            message: Vec::new(),
            tools: 0,
            calls: Calls::None,
            refused: false,
            signatures: Vec::new(),
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Text(text) if !text.text.is_empty() => {
                append(&mut self.message, |part| {
                    output::text_part(part, &text.text, b"");
                });
            }
            Part::Refusal(text) if !text.is_empty() => self.refusal(text),
            Part::Reasoning(reasoning) => {
                self.end_message(Status::Completed);
                let id = self.id("rs");
                let bound = reasoning.bound.as_ref();
                append(&mut self.output, |item| {
                    output::reasoning(item, &id, &reasoning.text, bound);
                });
            }
            Part::ToolCall(call) => self.call(call),
            _ => {}
        }
    }

    fn refusal(&mut self, text: &Text<'_>) {
        self.refused = true;
        append(&mut self.message, |part| output::refusal_part(part, text));
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        self.end_message(Status::Completed);
        self.count += 1;
        let called = Called::new(&call.id, &call.name, self.tools, self.state);
        self.tools += 1;
        if let Some(signature) = &call.signature {
            let data = signature.data.decoded().into_owned();
            self.signatures.push((called.call_id.clone(), data));
        }
        let json;
        let (input, whole) = match &call.input {
            Input::Free(text) => (text.clone(), true),
            Input::Object(raw) => (Text::plain(raw.as_ref()), true),
            Input::Encoded(text) => {
                json = text.decoded();
                (text.clone(), is_whole(&json))
            }
        };
        let input = match &call.input {
            Input::Encoded(_) | Input::Object(_) if called.custom => {
                Text::plain(names::free_input(&input.decoded()).into_owned())
            }
            Input::Encoded(text) if text.is_empty() => Text::Raw("{}"),
            _ => input,
        };
        self.calls = if whole { Calls::Whole } else { Calls::Cut };
        let status = if whole {
            Status::Completed
        } else {
            Status::Incomplete
        };
        append(&mut self.output, |item| called.write(item, status, &input));
    }

    fn end_message(&mut self, status: Status) {
        if self.message.is_empty() {
            return;
        }
        let id = self.id("msg");
        let parts = std::mem::take(&mut self.message);
        append(&mut self.output, |item| {
            output::message(item, &id, status, &parts);
        });
    }

    /// The next item's id.
    fn id(&mut self, kind: &str) -> String {
        let id = format!("{kind}_{}_{}", self.state.call_id, self.count);
        self.count += 1;
        id
    }
}

/// Whether the JSON text of a call's input is complete.
fn is_whole(json: &str) -> bool {
    json.is_empty() || json::read::<serde::de::IgnoredAny>(json).is_ok()
}
