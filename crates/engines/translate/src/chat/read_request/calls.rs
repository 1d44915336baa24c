//! What the assistant called and what answers it. The oldest clients know one call at a time and no ids: theirs are
//! made up, so that calls and answers still find each other.

use std::borrow::Cow;

use super::body::Message;
use crate::chat::message::{Call, Function};
use crate::context::RequestContext;
use crate::dialect::Origin;
use crate::json::Text;
use crate::neutral::{Bind, Bound, Input, Part, ToolCall};

/// The calls of a conversation.
pub(super) struct Calls<'a, 'c> {
    context: &'c RequestContext<'c>,
    /// How many calls had no id of their own.
    without_id: usize,
    /// Id and function of the last such call.
    last: Option<(String, Text<'a>)>,
}

impl<'a, 'c> Calls<'a, 'c> {
    pub(super) fn new(context: &'c RequestContext<'c>) -> Self {
        Self {
            context,
            without_id: 0,
            last: None,
        }
    }

    /// What the assistant called.
    pub(super) fn read(&mut self, message: Message<'a>, parts: &mut Vec<Part<'a>>) {
        for call in message.tool_calls.unwrap_or_default() {
            parts.push(Part::ToolCall(self.call(call)));
        }
        if let Some(function) = message.function_call {
            let name = function.name.clone().unwrap_or(Text::EMPTY);
            let id = format!("call_{}", self.without_id);
            self.without_id += 1;
            self.last = Some((id.clone(), name.clone()));
            parts.push(Part::ToolCall(ToolCall {
                id: Text::plain(id),
                namespace: None,
                name,
                input: input(Some(&function)),
                signature: None,
                cache: None,
            }));
        }
    }

    fn call(&self, call: Call<'a>) -> ToolCall<'a> {
        let id = call.id.clone().unwrap_or(Text::EMPTY);
        // Most clients keep of a call what they know, and a signature is not among it.
        let signature = call.signature().or_else(|| {
            let kept = self.context.signature_of?(&id.decoded())?;
            let data = Text::plain(kept);
            Some(Bound::new(Origin::Gemini, Bind::Signature, data))
        });
        ToolCall {
            id,
            namespace: None,
            name: call.name().unwrap_or(Text::EMPTY),
            input: match (&call.function, call.custom) {
                (None, Some(custom)) => Input::Free(custom.input.unwrap_or(Text::EMPTY)),
                (function, _) => input(function.as_ref()),
            },
            signature,
            cache: None,
        }
    }

    /// The call that a message answers.
    pub(super) fn answered(&mut self, message: &mut Message<'a>) -> Text<'a> {
        if let Some(id) = message.tool_call_id.take().filter(|id| !id.is_empty()) {
            return id;
        }
        match &self.last {
            Some((id, name)) if message.name.as_ref().is_none_or(|given| given == name) => {
                Text::plain(id.clone())
            }
            _ => Text::EMPTY,
        }
    }
}

fn input<'a>(function: Option<&Function<'a>>) -> Input<'a> {
    match function.and_then(|function| function.arguments) {
        Some(raw) if crate::json::is_object(raw.get()) => Input::Object(Cow::Borrowed(raw.get())),
        Some(raw) => Input::Encoded(Text::of(raw.get()).unwrap_or(Text::EMPTY)),
        None => Input::Encoded(Text::EMPTY),
    }
}
