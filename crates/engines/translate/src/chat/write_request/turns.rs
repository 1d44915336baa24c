//! Turns into messages: the operator's, the user's, the assistant's, and one for each tool result.

use super::assistant;
use super::content::{Piece, pieces, write_content, write_text};
use super::dialect::Rules;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text};
use crate::names;
use crate::neutral::{Keep, Part, Role, Thinking, ToolResult, Turn, settle};

/// What a tool message says where its content follows in a message of the user's.
const ATTACHED: &str = "(what the tool returned follows in the next message)";

/// Writes `messages`.
pub(super) fn write(
    object: &mut Object<'_>,
    turns: Vec<Turn<'_>>,
    thinking: &Thinking,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let keep = Keep {
        reasoning: &|reasoning| rules.uses(reasoning, thinking),
        late_system: rules.late_system(),
    };
    let mut messages = object.array("messages");
    for turn in settle(turns, &keep) {
        match turn.role {
            Role::System | Role::Developer => {
                let pieces = pieces(turn.parts, rules, dropped)?;
                write_message(&mut messages, "system", &pieces);
            }
            Role::User => user(&mut messages, turn.parts, rules, dropped)?,
            Role::Assistant => {
                assistant::write(&mut messages, turn.parts, thinking, rules, dropped)?;
            }
        }
    }
    Ok(())
}

/// Results first, each in a message of its own right after the calls; then what the user says, images that tools
/// returned before it: a tool's message takes text alone.
fn user(
    messages: &mut Array<'_>,
    parts: Vec<Part<'_>>,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut said = Vec::new();
    let mut attached = Vec::new();
    for part in parts {
        match part {
            Part::ToolResult(result) => {
                result_message(messages, result, &mut attached, rules, dropped)?;
            }
            part => said.push(part),
        }
    }
    attached.extend(pieces(said, rules, dropped)?);
    write_message(messages, "user", &attached);
    Ok(())
}

fn result_message<'a>(
    messages: &mut Array<'_>,
    result: ToolResult<'a>,
    attached: &mut Vec<Piece<'a>>,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut texts: Vec<Text<'a>> = Vec::new();
    let before = attached.len();
    for piece in pieces(result.parts, rules, dropped)? {
        match piece {
            Piece::Text(text) => texts.push(text),
            piece => attached.push(piece),
        }
    }
    if texts.is_empty() && attached.len() > before {
        texts.push(Text::plain(ATTACHED));
    }
    let mut message = messages.object();
    message.str("role", "tool");
    message.str("tool_call_id", &names::call_id(&result.id.decoded()));
    let word = if result.is_error { "Error: " } else { "" };
    write_text(message.value("content"), word, &texts);
    Ok(())
}

fn write_message(messages: &mut Array<'_>, role: &str, pieces: &[Piece<'_>]) {
    if pieces.is_empty() {
        return;
    }
    let mut message = messages.object();
    message.str("role", role);
    write_content(message.value("content"), pieces);
}
