//! Turns into `contents`, what the operator says into `systemInstruction`.

use super::parts::{self, Said};
use super::settings::Structured;
use crate::dialect::Origin;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::gemini::model::Model;
use crate::json::{Array, Object, Text};
use crate::neutral::{Bind, Conversation, Keep, Part, Reasoning, Role, Turn};

/// What stands for a signature that another model could not give; the provider's own word for it.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Brings the turns into order. What the operator says later becomes the user's words, where it stands.
pub(super) fn settled(turns: Vec<Turn<'_>>) -> Conversation<'_> {
    let keep = Keep {
        reasoning: &is_usable,
        late_system: false,
    };
    Conversation::of(turns, &keep)
}

/// Gemini checks its own signatures; thoughts without one it does not want back.
fn is_usable(reasoning: &Reasoning<'_>) -> bool {
    reasoning.bound.as_ref().is_some_and(|bound| {
        bound.origin == Origin::Gemini && bound.bind == Bind::Signature && !bound.data.is_empty()
    })
}

/// Writes both.
pub(super) fn write(
    object: &mut Object<'_>,
    conversation: Conversation<'_>,
    format: &Structured<'_>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut system = parts::said(conversation.system, model, dropped)?;
    if let Some(words) = format.words() {
        system.push(Said::Text(Text::plain(words), None));
    }
    if !system.is_empty() {
        let mut instruction = object.object("systemInstruction");
        let mut list = instruction.array("parts");
        parts::write(&mut list, &system, model, None);
    }
    let mut contents = object.array("contents");
    let mut called = Vec::new();
    for mut turn in conversation.turns {
        let is_model = turn.role == Role::Assistant;
        if is_model {
            called = calls(&turn.parts);
        } else {
            name_results(&mut turn.parts, &called);
        }
        let said = parts::said(turn.parts, model, dropped)?;
        if !said.is_empty() {
            write_content(&mut contents, is_model, &said, model);
        }
    }
    Ok(())
}

fn write_content(contents: &mut Array<'_>, is_model: bool, said: &[Said<'_>], model: Model<'_>) {
    let mut content = contents.object();
    content.str("role", if is_model { "model" } else { "user" });
    let unsigned = model.wants_signatures().then_some(UNSIGNED);
    parts::write(&mut content.array("parts"), said, model, unsigned);
}

/// Id of each call and its name as the model knows it.
fn calls<'a>(parts: &[Part<'a>]) -> Vec<(Text<'a>, String)> {
    let call = |part: &Part<'a>| match part {
        Part::ToolCall(call) => Some((call.id.clone(), parts::shown(call))),
        _ => None,
    };
    parts.iter().filter_map(call).collect()
}

/// Results bear the names that their calls were shown with, namespaces included.
fn name_results(parts: &mut [Part<'_>], called: &[(Text<'_>, String)]) {
    for part in parts {
        if let Part::ToolResult(result) = part
            && let Some((_, name)) = called.iter().find(|(id, _)| *id == result.id)
        {
            result.name = Some(Text::plain(name.clone()));
        }
    }
}
