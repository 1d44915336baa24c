//! Items of the conversation into neutral turns.

use std::borrow::Cow;

use serde_json::value::RawValue;
use wire::Protocol;

use super::tools::{Declared, namespace};
use super::{STORED, settings};
use crate::context::RequestContext;
use crate::dialect::Origin;
use crate::error::TranslateError;
use crate::json::{self, Text};
use crate::neutral::{
    Bind, Bound, Input, Part, Reasoning, Request, Role, ToolCall, ToolResult, Turn,
};
use crate::responses::item::{Content, Item, content};
use crate::seal;

/// Reads items into a request.
pub(super) struct Items<'r, 'a, 'c> {
    pub context: &'c RequestContext<'c>,
    pub request: &'r mut Request<'a>,
    pub declared: &'r mut Declared<'a>,
}

impl<'a> Items<'_, 'a, '_> {
    pub(super) fn read(mut self, items: Vec<Item<'a>>) -> Result<(), TranslateError> {
        self.request.turns.reserve(items.len());
        for item in items {
            self.item(&item)?;
        }
        Ok(())
    }

    fn item(&mut self, item: &Item<'a>) -> Result<(), TranslateError> {
        let kind = item.kind();
        let part = match kind.decoded().as_ref() {
            "message" => return self.message(item),
            "function_call" => self.call(item, Input::Encoded(item.arguments())),
            "custom_tool_call" => self.call(item, Input::Free(item.input())),
            // Tools that OpenAI declares and its client runs: to others, calls of a tool of that name.
            "local_shell_call" => self.known_call("local_shell", item, item.action),
            "shell_call" => self.known_call("shell", item, item.action),
            "apply_patch_call" => self.known_call("apply_patch", item, item.operation),
            "tool_search_call" => self.known_call("tool_search", item, item.arguments),
            "function_call_output"
            | "custom_tool_call_output"
            | "local_shell_call_output"
            | "shell_call_output"
            | "apply_patch_call_output" => return self.result(item),
            "tool_search_output" => {
                self.add_tools(item.tools)?;
                let found = Part::text(Text::plain("The tools that were found are available now."));
                self.answer(item, vec![found]);
                return Ok(());
            }
            "additional_tools" => return self.add_tools(item.tools),
            "configuration_update" => {
                return settings::update(item.reasoning, item.text, self.request).map_err(broken);
            }
            "reasoning" => reasoning(item)?,
            "item_reference" => return Err(refused("input[].item_reference", STORED)),
            "compaction" | "compaction_summary" | "context_compaction" => {
                return Err(refused(
                    "input[].compaction",
                    "the compacted conversation is encrypted for another provider's models; send the conversation itself",
                ));
            }
            "compaction_trigger" => {
                return Err(refused(
                    "input[].compaction_trigger",
                    "this model's provider compacts no conversations; ask the model for a summary",
                ));
            }
            _ => Part::Server(kind),
        };
        self.push(Role::Assistant, vec![part]);
        Ok(())
    }

    fn push(&mut self, role: Role, parts: Vec<Part<'a>>) {
        self.request.turns.push(Turn::new(role, parts));
    }

    fn message(&mut self, item: &Item<'a>) -> Result<(), TranslateError> {
        let role = match &item.role {
            Some(role) if role.is("assistant") => Role::Assistant,
            Some(role) if role.is("system") => Role::System,
            Some(role) if role.is("developer") => Role::Developer,
            // Roles that nobody knows yet are the user's.
            _ => Role::User,
        };
        let parts = parts(item.content)?;
        self.push(role, parts);
        Ok(())
    }

    fn call(&self, item: &Item<'a>, input: Input<'a>) -> Part<'a> {
        let id = item.call();
        let signature = self.context.signature_of.and_then(|of| of(&id.decoded()));
        Part::ToolCall(ToolCall {
            id,
            namespace: namespace(item.namespace.clone()),
            name: item.name.clone().unwrap_or(Text::EMPTY),
            input,
            signature: signature
                .map(|data| Bound::new(Origin::Gemini, Bind::Signature, Text::plain(data))),
            cache: None,
        })
    }

    fn known_call(
        &self,
        name: &'static str,
        item: &Item<'a>,
        input: Option<&'a RawValue>,
    ) -> Part<'a> {
        let input = input.map(RawValue::get).filter(|raw| json::is_object(raw));
        let named = Item {
            name: Some(Text::Raw(name)),
            call_id: Some(item.call()),
            ..Item::default()
        };
        self.call(&named, Input::Object(Cow::Borrowed(input.unwrap_or("{}"))))
    }

    fn result(&mut self, item: &Item<'a>) -> Result<(), TranslateError> {
        let raw = item.output.map_or("", RawValue::get);
        let parts = match parts(item.output) {
            // What is neither a string nor parts is shown as the JSON that it is.
            Ok(parts) if parts.is_empty() && raw.contains('{') => {
                vec![Part::text(Text::plain(raw))]
            }
            Ok(parts) => parts,
            Err(_) => vec![Part::text(Text::plain(raw))],
        };
        self.answer(item, parts);
        Ok(())
    }

    fn answer(&mut self, item: &Item<'a>, parts: Vec<Part<'a>>) {
        let result = Part::ToolResult(ToolResult {
            id: item.call(),
            name: None,
            parts,
            is_error: false,
            cache: None,
        });
        self.push(Role::User, vec![result]);
    }

    fn add_tools(&mut self, tools: Option<&'a RawValue>) -> Result<(), TranslateError> {
        let Some(raw) = tools.filter(|raw| raw.get() != "null") else {
            return Ok(());
        };
        let tools: Vec<&'a RawValue> = json::read(raw.get()).map_err(broken)?;
        for tool in tools {
            self.declared.add(tool).map_err(broken)?;
        }
        Ok(())
    }
}

/// Reasoning that OpenAI encrypted, or a seal of ours around another maker's.
fn reasoning<'a>(item: &Item<'a>) -> Result<Part<'a>, TranslateError> {
    let mut text = item.thoughts().map_err(broken)?;
    let bound = item.encrypted().map(|data| match seal::open(&data) {
        // Signatures bind the exact text, which travelled inside.
        Some(mut bound) => {
            text = bound.text.take().unwrap_or_else(|| text.clone());
            bound
        }
        None => Bound {
            id: item.id.clone(),
            ..Bound::new(Origin::OpenAi, Bind::Encrypted, data)
        },
    });
    Ok(Part::Reasoning(Reasoning { text, bound }))
}

fn parts(raw: Option<&RawValue>) -> Result<Vec<Part<'_>>, TranslateError> {
    Ok(match content(raw).map_err(broken)? {
        None => Vec::new(),
        Some(Content::Text(text)) if text.is_empty() => Vec::new(),
        Some(Content::Text(text)) => vec![Part::text(text)],
        Some(Content::List(list)) => list.into_iter().filter_map(|part| part.read()).collect(),
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` asks for"
)]
fn broken(error: serde_json::Error) -> TranslateError {
    TranslateError::request(Protocol::Responses, &error)
}

fn refused(field: &'static str, why: &'static str) -> TranslateError {
    TranslateError::NotTranslatable { field, why }
}
