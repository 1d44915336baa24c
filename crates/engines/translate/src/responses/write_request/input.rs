//! Turns into items: messages, calls, results, reasoning.

use std::collections::HashSet;

use super::content;
use crate::dialect::Origin;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text, escape};
use crate::names::{self, NameRule};
use crate::neutral::{
    Bind, Input, Keep, Part, Reasoning, Role, ToolCall, ToolResult, Turn, settle,
};

/// Writes `instructions` and `input`.
pub(super) fn write(
    object: &mut Object<'_>,
    turns: Vec<Turn<'_>>,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let keep = Keep {
        reasoning: &is_own,
        late_system: true,
    };
    let mut turns = settle(turns, &keep);
    if let Some(first) = turns.first_mut()
        && first.role.is_operator()
    {
        instructions(object, first);
    }
    let mut items = Items {
        list: object.array("input"),
        custom: HashSet::new(),
        dropped,
    };
    for turn in turns {
        match turn.role {
            Role::System | Role::Developer => items.message("developer", turn.parts)?,
            Role::User => items.user(turn.parts)?,
            Role::Assistant => items.assistant(turn.parts),
        }
    }
    Ok(())
}

/// Only OpenAI's own encrypted reasoning can be read there.
fn is_own(reasoning: &Reasoning<'_>) -> bool {
    reasoning
        .bound
        .as_ref()
        .is_some_and(|bound| bound.origin == Origin::OpenAi && bound.bind == Bind::Encrypted)
}

/// The operator's first words, taken out of their turn where they are text.
fn instructions(object: &mut Object<'_>, turn: &mut Turn<'_>) {
    let is_text = |part: &Part<'_>| matches!(part, Part::Text(_));
    if !turn.parts.iter().all(is_text) {
        return;
    }
    let out = object.value("instructions");
    out.push(b'"');
    for (index, part) in turn.parts.drain(..).enumerate() {
        if index > 0 {
            out.extend_from_slice(br"\n\n");
        }
        if let Part::Text(text) = part {
            text.text.write(out);
        }
    }
    out.push(b'"');
}

struct Items<'o, 'd> {
    list: Array<'o>,
    /// Calls with free text, whose results are told by another name.
    custom: HashSet<String>,
    dropped: &'d mut Dropped,
}

impl Items<'_, '_> {
    fn message(&mut self, role: &str, parts: Vec<Part<'_>>) -> Result<(), TranslateError> {
        // Whether anything is to be said is known when it has been written.
        let mut said = Vec::new();
        content::write(&mut Array::new(&mut said), parts, self.dropped)?;
        if said != b"[]" {
            let mut item = self.list.object();
            item.str("type", "message");
            item.str("role", role);
            item.value("content").extend_from_slice(&said);
        }
        Ok(())
    }

    /// Results first, right after the calls; then what the user says.
    fn user(&mut self, parts: Vec<Part<'_>>) -> Result<(), TranslateError> {
        let mut said = Vec::new();
        for part in parts {
            match part {
                Part::ToolResult(result) => self.result(result)?,
                part => said.push(part),
            }
        }
        self.message("user", said)
    }

    fn result(&mut self, result: ToolResult<'_>) -> Result<(), TranslateError> {
        let id = result.id.decoded();
        let id = names::call_id(&id);
        let custom = self.custom.contains(id.as_ref());
        let mut item = self.list.object();
        let kind = if custom {
            "custom_tool_call_output"
        } else {
            "function_call_output"
        };
        item.str("type", kind);
        item.str("call_id", &id);
        let is_text = |part: &Part<'_>| matches!(part, Part::Text(_));
        if result.parts.iter().all(is_text) {
            let out = item.value("output");
            out.push(b'"');
            if result.is_error {
                out.extend_from_slice(b"Error: ");
            }
            for (index, part) in result.parts.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(br"\n\n");
                }
                if let Part::Text(text) = part {
                    text.text.write(out);
                }
            }
            out.push(b'"');
            return Ok(());
        }
        let mut list = item.array("output");
        if result.is_error {
            content::text(&mut list, &Text::Raw("Error:"));
        }
        content::write(&mut list, result.parts, self.dropped)
    }

    /// Everything in its order: OpenAI wants reasoning before what it led to, and not without that.
    fn assistant(&mut self, parts: Vec<Part<'_>>) {
        let leads = |part: &Part<'_>| !matches!(part, Part::Reasoning(_) | Part::Server(_));
        let followed = parts.iter().rposition(leads).unwrap_or(0);
        let mut said: Vec<Text<'_>> = Vec::new();
        for (index, part) in parts.into_iter().enumerate() {
            match part {
                Part::Text(text) => said.push(text.text),
                Part::Refusal(text) => said.push(text),
                Part::ToolCall(call) => {
                    self.said(&mut said);
                    self.call(&call);
                }
                Part::Reasoning(reasoning) if index < followed => {
                    self.said(&mut said);
                    self.reasoning(&reasoning);
                }
                Part::Server(kind) => self.dropped.note_foreign(&kind.decoded()),
                _ => {}
            }
        }
        self.said(&mut said);
    }

    fn said(&mut self, texts: &mut Vec<Text<'_>>) {
        if texts.is_empty() {
            return;
        }
        let mut item = self.list.object();
        item.str("type", "message");
        item.str("role", "assistant");
        let mut list = item.array("content");
        for text in texts.drain(..) {
            let mut part = list.object();
            part.str("type", "output_text");
            part.text("text", &text);
        }
    }

    fn reasoning(&mut self, reasoning: &Reasoning<'_>) {
        let Some(bound) = &reasoning.bound else {
            return;
        };
        let mut item = self.list.object();
        item.str("type", "reasoning");
        item.text_if("id", bound.id.as_ref());
        {
            let mut summary = item.array("summary");
            if !reasoning.text.is_empty() {
                let mut part = summary.object();
                part.str("type", "summary_text");
                part.text("text", &reasoning.text);
            }
        }
        item.text("encrypted_content", &bound.data);
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        let id = call.id.decoded();
        let id = names::call_id(&id);
        let space = call.namespace.as_ref().map(Text::decoded);
        let name = call.name.decoded();
        let name = names::shown(NameRule::STRICT, space.as_deref(), &name);
        let mut item = self.list.object();
        if let Input::Free(text) = &call.input {
            item.str("type", "custom_tool_call");
            item.str("call_id", &id);
            item.str("name", &name);
            item.text("input", text);
            drop(item);
            self.custom.insert(id.into_owned());
            return;
        }
        item.str("type", "function_call");
        item.str("call_id", &id);
        item.str("name", &name);
        match &call.input {
            Input::Encoded(text) if !text.is_empty() => item.text("arguments", text),
            Input::Object(json) => {
                let out = item.value("arguments");
                out.push(b'"');
                escape(json, out);
                out.push(b'"');
            }
            _ => item.str("arguments", "{}"),
        }
    }
}
