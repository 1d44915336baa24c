//! Content blocks, of turns and of tool results.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::model::Model;
use crate::call;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text};
use crate::names;
use crate::neutral::{Bind, Cache, Media, Part, Reasoning, Role, Source, ToolCall, ToolResult};

/// What the model is told where it takes no images.
const NO_IMAGE: &str = "[an image was left out: this model takes none]";
/// What the model is told in the place of a document that Claude cannot read.
const NO_DOCUMENT: &str = "[a document was left out: this model takes PDF and plain text]";
/// What the model is told in the place of sound.
const NO_AUDIO: &str = "[sound was left out: this model takes none]";

/// A block that can be written, and whether the prompt up to it shall be cached.
#[derive(Debug)]
pub(super) struct Said<'a> {
    block: Block<'a>,
    pub cache: Option<Cache>,
}

#[derive(Debug)]
enum Block<'a> {
    Text(Text<'a>),
    Image(Media<'a>),
    Document(Media<'a>, Vec<Said<'a>>),
    Thinking(Reasoning<'a>),
    Call(ToolCall<'a>),
    Result(ToolResult<'a>, Vec<Said<'a>>),
}

/// What of these parts can be said.
pub(super) fn said<'a>(
    parts: Vec<Part<'a>>,
    role: Role,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Said<'a>>, TranslateError> {
    let mut blocks = Vec::with_capacity(parts.len());
    for part in parts {
        let (block, cache) = match part {
            Part::Text(text) => (Block::Text(text.text), text.cache),
            Part::Refusal(text) => (Block::Text(text), None),
            Part::Image(_) if role == Role::Assistant => {
                dropped.note("image");
                continue;
            }
            Part::Image(media) => {
                let cache = media.cache;
                (image(media, model, dropped)?, cache)
            }
            Part::Document(media) => {
                let cache = media.cache;
                (document(media, model, dropped)?, cache)
            }
            Part::Audio(_) => {
                dropped.note("audio");
                (Block::Text(Text::plain(NO_AUDIO)), None)
            }
            Part::Reasoning(reasoning) => (Block::Thinking(reasoning), None),
            Part::ToolCall(call) => {
                let cache = call.cache;
                (Block::Call(call), cache)
            }
            Part::ToolResult(mut result) => {
                let inside = std::mem::take(&mut result.parts);
                let inside = said(inside, Role::User, model, dropped)?;
                let cache = result.cache;
                (Block::Result(result, inside), cache)
            }
            Part::Server(kind) => {
                dropped.note_foreign(&kind.decoded());
                continue;
            }
        };
        // A text of nothing but white space is refused.
        if !matches!(&block, Block::Text(text) if is_blank(text)) {
            blocks.push(Said { block, cache });
        }
    }
    Ok(blocks)
}

fn image<'a>(
    media: Media<'a>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<Block<'a>, TranslateError> {
    if !model.sees() {
        dropped.note("image");
        return Ok(Block::Text(Text::plain(NO_IMAGE)));
    }
    match media.source {
        Source::File(_) => Err(foreign_file()),
        _ => Ok(Block::Image(media)),
    }
}

fn document<'a>(
    mut media: Media<'a>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<Block<'a>, TranslateError> {
    let mut inside = Vec::new();
    match &mut media.source {
        Source::File(_) => return Err(foreign_file()),
        Source::Parts(parts) => {
            inside = said(std::mem::take(parts), Role::User, model, dropped)?;
            inside.retain(|said| matches!(said.block, Block::Text(_) | Block::Image(_)));
        }
        Source::Base64(data) => match media.media_type.as_ref() {
            "" | "application/pdf" => {}
            kind => match kind.starts_with("text/").then(|| plain(data)).flatten() {
                Some(text) => media.source = Source::Text(Text::plain(text)),
                None => {
                    dropped.note("document");
                    return Ok(Block::Text(Text::plain(NO_DOCUMENT)));
                }
            },
        },
        Source::Url(_) | Source::Text(_) => {}
    }
    Ok(Block::Document(media, inside))
}

/// The text that a base64 is.
fn plain(data: &Text<'_>) -> Option<String> {
    let bytes = STANDARD.decode(data.decoded().as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

fn foreign_file() -> TranslateError {
    TranslateError::NotTranslatable {
        field: "file_id",
        why: "the file is stored at another provider, which this model cannot reach; send its content",
    }
}

/// Whether a text is nothing but white space. Looked at no further than its first letter.
pub(super) fn is_blank(text: &Text<'_>) -> bool {
    let raw = match text {
        Text::Raw(raw) => raw.trim_start(),
        Text::Plain(plain) => return plain.trim_start().is_empty(),
    };
    raw.is_empty() || raw.starts_with('\\') && text.decoded().trim_start().is_empty()
}

/// Writes a content.
pub(super) fn write(out: &mut Vec<u8>, blocks: &[Said<'_>]) {
    let mut list = Array::new(out);
    for said in blocks {
        let mut out = list.object();
        match &said.block {
            Block::Text(text) => {
                out.str("type", "text");
                out.text("text", text);
            }
            Block::Image(media) => {
                out.str("type", "image");
                write_source(&mut out.object("source"), media, &[]);
            }
            Block::Document(media, inside) => {
                out.str("type", "document");
                write_source(&mut out.object("source"), media, inside);
                out.text_if("title", media.title.as_ref());
                out.text_if("context", media.context.as_ref());
            }
            Block::Thinking(reasoning) => write_thinking(&mut out, reasoning),
            Block::Call(call) => write_call(&mut out, call),
            Block::Result(result, inside) => write_result(&mut out, result, inside),
        }
        write_cache(&mut out, said.cache);
    }
}

/// Writes a hint.
pub(super) fn write_cache(block: &mut Object<'_>, cache: Option<Cache>) {
    let Some(cache) = cache else { return };
    let mut control = block.object("cache_control");
    control.str("type", "ephemeral");
    match cache {
        Cache::Default => {}
        Cache::Minutes5 => control.str("ttl", "5m"),
        Cache::Hour => control.str("ttl", "1h"),
    }
}

fn write_source(out: &mut Object<'_>, media: &Media<'_>, inside: &[Said<'_>]) {
    match &media.source {
        Source::Base64(data) => {
            out.str("type", "base64");
            let kind = media.media_type.as_ref();
            out.str(
                "media_type",
                if kind.is_empty() {
                    "application/pdf"
                } else {
                    kind
                },
            );
            out.text("data", data);
        }
        Source::Url(url) => {
            out.str("type", "url");
            out.text("url", url);
        }
        Source::Text(text) => {
            out.str("type", "text");
            out.str("media_type", "text/plain");
            out.text("data", text);
        }
        Source::Parts(_) => {
            out.str("type", "content");
            write(out.value("content"), inside);
        }
        Source::File(_) => {}
    }
}

fn write_thinking(out: &mut Object<'_>, reasoning: &Reasoning<'_>) {
    let Some(bound) = &reasoning.bound else {
        return;
    };
    if bound.bind == Bind::Redacted {
        out.str("type", "redacted_thinking");
        out.text("data", &bound.data);
        return;
    }
    out.str("type", "thinking");
    // Where its caller's protocol has no place for the text, it travelled with the signature.
    let inside = bound.text.as_ref().filter(|_| reasoning.text.is_empty());
    out.text("thinking", inside.unwrap_or(&reasoning.text));
    out.text("signature", &bound.data);
}

fn write_call(out: &mut Object<'_>, call: &ToolCall<'_>) {
    out.str("type", "tool_use");
    out.str("id", &names::call_id(&call.id.decoded()));
    call::write(out, call);
}

fn write_result(out: &mut Object<'_>, result: &ToolResult<'_>, inside: &[Said<'_>]) {
    out.str("type", "tool_result");
    out.str("tool_use_id", &names::call_id(&result.id.decoded()));
    match inside {
        [] => {}
        [
            Said {
                block: Block::Text(text),
                cache: None,
            },
        ] => out.text("content", text),
        inside => write(out.value("content"), inside),
    }
    if result.is_error {
        out.flag("is_error", true);
    }
}
