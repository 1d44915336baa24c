//! The caller's marks of what shall be cached.

use crate::neutral::{Cache, Part, Request};

/// More are refused.
const MOST: usize = 4;

/// Leaves the last few of the caller's marks: each of them covers what the ones before it do. True where it made any.
pub(super) fn bound(request: &mut Request<'_>) -> bool {
    let mut marks = Vec::new();
    marks.extend(request.tools.iter_mut().map(|tool| &mut tool.cache));
    for turn in &mut request.turns {
        collect(&mut turn.parts, &mut marks);
    }
    marks.retain(|mark| mark.is_some());
    let over = marks.len().saturating_sub(MOST);
    for mark in &mut marks[..over] {
        **mark = None;
    }
    !marks.is_empty()
}

fn collect<'p>(parts: &'p mut [Part<'_>], marks: &mut Vec<&'p mut Option<Cache>>) {
    for part in parts {
        match part {
            Part::Text(text) => marks.push(&mut text.cache),
            Part::Image(media) | Part::Document(media) | Part::Audio(media) => {
                marks.push(&mut media.cache);
            }
            Part::ToolCall(call) => marks.push(&mut call.cache),
            Part::ToolResult(result) => {
                collect(&mut result.parts, marks);
                marks.push(&mut result.cache);
            }
            Part::Reasoning(_) | Part::Refusal(_) | Part::Server(_) => {}
        }
    }
}
