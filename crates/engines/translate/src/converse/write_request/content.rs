//! Turns into `messages`, what the operator says into `system`.

use std::borrow::Cow;

use crate::call;
use crate::context::ModelFacts;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text};
use crate::names;
use crate::neutral::{Conversation, Media, Part, Role, Source, ToolCall, ToolResult};

/// What the model is told where it takes no images, or none of this sort.
const NO_IMAGE: &str = "[an image was left out: this model takes none such]";
/// What the model is told in the place of a document of another type.
const NO_DOCUMENT: &str = "[a document was left out: its type is not known here]";
/// What the model is told in the place of sound.
const NO_AUDIO: &str = "[sound was left out: this model takes none]";
/// A turn and a result must hold something.
const NOTHING: &str = "(nothing)";

/// A block that can be written.
#[derive(Debug)]
enum Said<'a> {
    Text(Text<'a>),
    /// Its format and its base64.
    Image(&'static str, Text<'a>),
    Document(&'static str, Media<'a>),
    Call(ToolCall<'a>),
    Result(ToolResult<'a>, Vec<Said<'a>>),
}

/// Writes both. `words` are added to what the operator says.
pub(super) fn write(
    object: &mut Object<'_>,
    conversation: Conversation<'_>,
    words: Option<String>,
    facts: ModelFacts,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut system: Vec<Text<'_>> = said(conversation.system, Role::System, facts, dropped)?
        .into_iter()
        .filter_map(|said| match said {
            Said::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    system.extend(words.map(Text::plain));
    if !system.is_empty() {
        let mut list = object.array("system");
        for text in &system {
            list.object().text("text", text);
        }
    }
    let mut messages = object.array("messages");
    let mut documents = 0;
    for turn in conversation.turns {
        let is_user = turn.role != Role::Assistant;
        let blocks = said(turn.parts, turn.role, facts, dropped)?;
        let mut message = messages.object();
        message.str("role", if is_user { "user" } else { "assistant" });
        write_blocks(&mut message.array("content"), &blocks, &mut documents);
    }
    Ok(())
}

fn said<'a>(
    parts: Vec<Part<'a>>,
    role: Role,
    facts: ModelFacts,
    dropped: &mut Dropped,
) -> Result<Vec<Said<'a>>, TranslateError> {
    let mut list = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => list.push(Said::Text(text.text)),
            Part::Refusal(text) => list.push(Said::Text(text)),
            Part::Image(media) if role == Role::User => {
                list.push(image(media, facts, dropped)?);
            }
            Part::Image(_) => dropped.note("image"),
            Part::Document(media) => document(media, role, facts, dropped, &mut list)?,
            Part::Audio(_) => {
                dropped.note("audio");
                list.push(Said::Text(Text::plain(NO_AUDIO)));
            }
            Part::ToolCall(call) => list.push(Said::Call(call)),
            Part::ToolResult(mut result) => {
                let inside = std::mem::take(&mut result.parts);
                let inside = said(inside, Role::User, facts, dropped)?;
                list.push(Said::Result(result, inside));
            }
            Part::Reasoning(_) => {}
            Part::Server(kind) => dropped.note_foreign(&kind.decoded()),
        }
    }
    // A text of nothing but white space is refused.
    list.retain(|said| !matches!(said, Said::Text(text) if text.decoded().trim().is_empty()));
    Ok(list)
}

fn image<'a>(
    media: Media<'a>,
    facts: ModelFacts,
    dropped: &mut Dropped,
) -> Result<Said<'a>, TranslateError> {
    let format = match media.media_type.as_ref() {
        "image/png" => Some("png"),
        "image/jpeg" | "image/jpg" => Some("jpeg"),
        "image/gif" => Some("gif"),
        "image/webp" => Some("webp"),
        _ => None,
    };
    match (media.source, format) {
        (Source::Url(_), _) => Err(TranslateError::NotTranslatable {
            field: "image",
            why: "Bedrock fetches no images; send its content in base64",
        }),
        (Source::File(_), _) => Err(foreign_file()),
        (Source::Base64(data), Some(format)) if facts.sees != Some(false) => {
            Ok(Said::Image(format, data))
        }
        _ => {
            dropped.note("image");
            Ok(Said::Text(Text::plain(NO_IMAGE)))
        }
    }
}

fn document<'a>(
    mut media: Media<'a>,
    role: Role,
    facts: ModelFacts,
    dropped: &mut Dropped,
    list: &mut Vec<Said<'a>>,
) -> Result<(), TranslateError> {
    let known = [&media.title, &media.context];
    let lines: Vec<Cow<'_, str>> = known.into_iter().flatten().map(Text::decoded).collect();
    let heading = (!lines.is_empty()).then(|| Text::plain(lines.join("\n")));
    let format = match media.media_type.as_ref() {
        "" | "application/pdf" => Some("pdf"),
        "text/csv" => Some("csv"),
        "text/html" => Some("html"),
        "text/markdown" => Some("md"),
        "application/msword" => Some("doc"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Some("docx"),
        "application/vnd.ms-excel" => Some("xls"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Some("xlsx"),
        kind if kind.starts_with("text/") => Some("txt"),
        _ => None,
    };
    // A document must stand beside some text.
    list.push(Said::Text(heading.unwrap_or(Text::Raw("A document:"))));
    match (&mut media.source, format) {
        (Source::Text(text), _) => list.push(Said::Text(text.clone())),
        (Source::Parts(parts), _) => {
            list.extend(said(std::mem::take(parts), role, facts, dropped)?);
        }
        (Source::File(_), _) => return Err(foreign_file()),
        (Source::Url(_), _) => {
            return Err(TranslateError::NotTranslatable {
                field: "document.source.url",
                why: "Bedrock fetches no documents; send its content in base64",
            });
        }
        (Source::Base64(_), Some(format)) => list.push(Said::Document(format, media)),
        (Source::Base64(_), None) => {
            dropped.note("document");
            list.push(Said::Text(Text::plain(NO_DOCUMENT)));
        }
    }
    Ok(())
}

fn foreign_file() -> TranslateError {
    TranslateError::NotTranslatable {
        field: "file_id",
        why: "the file is stored at another provider, which this model cannot reach; send its content",
    }
}

fn write_blocks(list: &mut Array<'_>, blocks: &[Said<'_>], documents: &mut u64) {
    if blocks.is_empty() {
        list.object().str("text", NOTHING);
    }
    for block in blocks {
        let mut out = list.object();
        match block {
            Said::Text(text) => out.text("text", text),
            Said::Image(format, data) => {
                let mut image = out.object("image");
                image.str("format", format);
                image.object("source").text("bytes", data);
            }
            Said::Document(format, media) => {
                *documents += 1;
                let mut document = out.object("document");
                document.str("format", format);
                // Names must differ within a request, and few characters are taken in them.
                document.str("name", &format!("document-{documents}"));
                if let Source::Base64(data) = &media.source {
                    document.object("source").text("bytes", data);
                }
            }
            Said::Call(call) => write_call(&mut out.object("toolUse"), call),
            Said::Result(result, inside) => {
                let mut out = out.object("toolResult");
                out.str("toolUseId", &names::call_id(&result.id.decoded()));
                write_blocks(&mut out.array("content"), inside, documents);
                if result.is_error {
                    out.str("status", "error");
                }
            }
        }
    }
}

fn write_call(out: &mut Object<'_>, call: &ToolCall<'_>) {
    out.str("toolUseId", &names::call_id(&call.id.decoded()));
    call::write(out, call);
}
