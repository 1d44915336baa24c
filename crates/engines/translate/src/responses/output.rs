//! Items as they stand in `output`, in the events that begin and end them, and again in the `input` of the next
//! request.

use crate::json::{Object, Text};
use crate::names::{self, Renamed};
use crate::neutral::{Bind, Bound};
use crate::seal;
use crate::state::PairState;

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// Cut off.
    Incomplete,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A message around the parts that are already written.
pub(super) fn message(item: &mut Object<'_>, id: &str, status: Status, parts: &[u8]) {
    item.str("id", id);
    item.str("type", "message");
    item.str("status", status.as_str());
    item.str("role", "assistant");
    write_list(item, "content", parts);
}

/// A part of a message: text with its sources, which are already written.
pub(super) fn text_part(part: &mut Object<'_>, text: &Text<'_>, annotations: &[u8]) {
    part.str("type", "output_text");
    part.text("text", text);
    write_list(part, "annotations", annotations);
    drop(part.array("logprobs"));
}

/// A part of a message: why the model does not answer.
pub(super) fn refusal_part(part: &mut Object<'_>, text: &Text<'_>) {
    part.str("type", "refusal");
    part.text("refusal", text);
}

/// Reasoning: what can be read as its summary, what binds it as its encrypted content.
pub(super) fn reasoning(
    item: &mut Object<'_>,
    id: &str,
    text: &Text<'_>,
    bound: Option<&Bound<'_>>,
) {
    item.str("id", id);
    item.str("type", "reasoning");
    {
        let mut summary = item.array("summary");
        if !text.is_empty() {
            summary_part(&mut summary.object(), text);
        }
    }
    if let Some(bound) = bound {
        item.text("encrypted_content", &encrypted(bound, text));
    }
}

/// A part of a summary.
pub(super) fn summary_part(part: &mut Object<'_>, text: &Text<'_>) {
    part.str("type", "summary_text");
    part.text("text", text);
}

/// OpenAI's own encrypted content, or a seal around another maker's. A signature binds the exact text, so that travels
/// inside; what anybody may read stands in the summary.
fn encrypted<'a>(bound: &'a Bound<'_>, text: &Text<'a>) -> Text<'a> {
    if bound.origin == crate::dialect::Origin::OpenAi && bound.bind == Bind::Encrypted {
        return bound.data.clone();
    }
    let mut sealed: Bound<'a> = bound.clone();
    if bound.bind == Bind::Signature && sealed.text.is_none() && !text.is_empty() {
        sealed.text = Some(text.clone());
    }
    Text::plain(seal::seal(&sealed))
}

/// A call, by the tool's name as its caller knows it.
#[derive(Debug, Clone)]
pub(super) struct Called {
    /// The item's id.
    pub id: String,
    pub call_id: String,
    pub namespace: Option<String>,
    pub name: Text<'static>,
    /// It is called with free text.
    pub custom: bool,
}

impl Called {
    /// A call of the tool that the upstream names so; `number` counts the calls of the answer.
    pub(super) fn new(id: &Text<'_>, name: &Text<'_>, number: usize, state: &PairState) -> Self {
        let call_id = if id.is_empty() {
            format!("call_{}_{number}", state.call_id)
        } else {
            names::call_id(&id.decoded()).into_owned()
        };
        let renamed = state.names.restore(&name.decoded());
        let custom = renamed.is_some_and(|tool| tool.custom);
        let kind = if custom { "ctc" } else { "fc" };
        Self {
            id: format!("{kind}_{}_{number}", state.call_id),
            call_id,
            namespace: renamed.and_then(|tool| tool.namespace.clone()),
            name: renamed.map_or_else(
                || name.clone().into_owned(),
                |Renamed { name, .. }| Text::plain(name.clone()),
            ),
            custom,
        }
    }

    /// Writes it. `input` is JSON text, or free text where it takes that.
    pub(super) fn write(&self, item: &mut Object<'_>, status: Status, input: &Text<'_>) {
        item.str("id", &self.id);
        let (kind, key) = if self.custom {
            ("custom_tool_call", "input")
        } else {
            ("function_call", "arguments")
        };
        item.str("type", kind);
        item.str("status", status.as_str());
        item.str("call_id", &self.call_id);
        if let Some(namespace) = &self.namespace {
            item.str("namespace", namespace);
        }
        item.text("name", &self.name);
        item.text(key, input);
    }
}

/// Elements one after the other, as they stand between brackets.
pub(super) fn append(list: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    if !list.is_empty() {
        list.push(b',');
    }
    write(&mut Object::new(list));
}

/// Writes elements that are already written as a list.
pub(super) fn write_list(object: &mut Object<'_>, key: &str, elements: &[u8]) {
    let list = object.value(key);
    list.push(b'[');
    list.extend_from_slice(elements);
    list.push(b']');
}
