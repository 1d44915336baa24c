//! The operator's words: a list of texts at the top level, before everything but the tools.

use super::Hints;
use super::blocks::write_cache;
use super::format::Structured;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Object, Text};
use crate::neutral::{Cache, Part};

/// Writes `system`.
pub(super) fn write(
    object: &mut Object<'_>,
    parts: Vec<Part<'_>>,
    format: &Structured<'_>,
    hints: Hints,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut texts: Vec<(Text<'_>, Option<Cache>)> = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        match part {
            Part::Text(text) => texts.push((text.text, text.cache)),
            Part::Refusal(text) => texts.push((text, None)),
            Part::Image(_) | Part::Document(_) | Part::Audio(_) => dropped.note("system.media"),
            Part::Server(kind) => dropped.note_foreign(&kind.decoded()),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {}
        }
    }
    if let Some(words) = format.words() {
        texts.push((Text::plain(words), None));
    }
    texts.retain(|(text, _)| !super::blocks::is_blank(text));
    let Some(last) = texts.len().checked_sub(1) else {
        return Ok(());
    };
    if hints.ours {
        texts[last].1 = Some(Cache::Default);
    }
    let mut list = object.array("system");
    for (text, cache) in &texts {
        let mut block = list.object();
        block.str("type", "text");
        block.text("text", text);
        write_cache(&mut block, *cache);
    }
    Ok(())
}
