//! Reads a whole Converse answer into the neutral one.

use super::answer::{Block, Response, stop, visible};
use crate::dialect::{Dialect, Upstream};
use crate::error::TranslateError;
use crate::json::{self, Text};
use crate::neutral::{Answer, Input, Part, Reasoning, Stop, ToolCall};

/// Reads an answer.
pub(crate) fn read_answer(body: &str, _dialect: Dialect) -> Result<Answer<'_>, TranslateError> {
    let response: Response<'_> =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Converse, &error))?;
    let message = response.output.and_then(|output| output.message);
    let Some(content) = message.and_then(|message| message.content) else {
        return Err(TranslateError::NotAnAnswer {
            upstream: Upstream::Converse,
            reason: "it has no message".to_owned(),
        });
    };
    let mut parts = Vec::with_capacity(content.len());
    for block in content {
        read_block(block, &mut parts);
    }
    let reason = response.stop_reason.as_ref().map(stop).transpose()?;
    Ok(Answer {
        parts,
        stop: reason.unwrap_or_else(Stop::default),
        ..Answer::default()
    })
}

fn read_block<'a>(block: Block<'a>, parts: &mut Vec<Part<'a>>) {
    if let Some(call) = block.tool_use {
        let input = call.input.map(|input| input.get());
        let input = input.filter(|input| json::is_object(input)).unwrap_or("{}");
        parts.push(Part::ToolCall(ToolCall {
            id: call.tool_use_id.unwrap_or(Text::EMPTY),
            namespace: None,
            name: call.name.unwrap_or(Text::EMPTY),
            input: Input::Object(input.into()),
            signature: None,
            cache: None,
        }));
    } else if let Some(thought) = block.reasoning_content {
        let text = thought.reasoning_text.and_then(|thought| thought.text);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            parts.push(Part::Reasoning(Reasoning {
                text,
                bound: Some(visible()),
            }));
        }
    } else if let Some(cited) = block.citations_content {
        let inside = cited.content.into_iter().flatten();
        let texts = inside.filter_map(|block| block.text);
        parts.extend(texts.filter(|text| !text.is_empty()).map(Part::text));
    } else if let Some(text) = block.text.filter(|text| !text.is_empty()) {
        parts.push(Part::text(text));
    }
}
