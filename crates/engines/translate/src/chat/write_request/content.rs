//! What a message says: a string where it is text alone, else a list of parts.

use std::borrow::Cow;

use super::dialect::Rules;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text};
use crate::neutral::{Media, Part, Source};

/// What the model is told where it takes no images.
const NO_IMAGE: &str = "[an image was left out: this model takes none]";
/// What the model is told where its provider takes no documents.
const NO_DOCUMENT: &str = "[a document was left out: this model takes none]";

/// One element of a message's content.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(Text<'a>),
    Image(Media<'a>),
    File(Media<'a>),
    Audio(Media<'a>),
}

/// What of these parts a message may hold.
pub(super) fn pieces<'a>(
    parts: Vec<Part<'a>>,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<Vec<Piece<'a>>, TranslateError> {
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) => pieces.push(Piece::Text(text.text)),
            Part::Refusal(text) => pieces.push(Piece::Text(text)),
            Part::Image(media) => pieces.push(image(media, rules, dropped)?),
            Part::Document(media) => document(media, rules, dropped, &mut pieces)?,
            Part::Audio(media) => pieces.push(Piece::Audio(media)),
            Part::Server(kind) => dropped.note_foreign(&kind.decoded()),
            // These have their places elsewhere.
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {}
        }
    }
    Ok(pieces)
}

fn image<'a>(
    media: Media<'a>,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<Piece<'a>, TranslateError> {
    if !rules.sees() {
        dropped.note("image");
        return Ok(Piece::Text(Text::plain(NO_IMAGE)));
    }
    match media.source {
        Source::File(_) => Err(foreign_file()),
        _ => Ok(Piece::Image(media)),
    }
}

fn document<'a>(
    mut media: Media<'a>,
    rules: Rules,
    dropped: &mut Dropped,
    pieces: &mut Vec<Piece<'a>>,
) -> Result<(), TranslateError> {
    match std::mem::replace(&mut media.source, Source::Text(Text::EMPTY)) {
        Source::Text(text) => {
            pieces.extend(heading(&media));
            pieces.push(Piece::Text(text));
        }
        Source::Parts(parts) => {
            pieces.extend(heading(&media));
            pieces.extend(self::pieces(parts, rules, dropped)?);
        }
        Source::File(_) => return Err(foreign_file()),
        _ if !rules.reads_files() => {
            dropped.note("document");
            pieces.push(Piece::Text(Text::plain(NO_DOCUMENT)));
        }
        Source::Url(_) => {
            return Err(TranslateError::NotTranslatable {
                field: "document.source.url",
                why: "this model's provider fetches no documents; send its content in base64",
            });
        }
        source @ Source::Base64(_) => {
            media.source = source;
            pieces.push(Piece::File(media));
        }
    }
    Ok(())
}

/// Title and context of a document that becomes text.
fn heading<'a>(media: &Media<'a>) -> Option<Piece<'a>> {
    let known = [&media.title, &media.context];
    let lines: Vec<Cow<'_, str>> = known.into_iter().flatten().map(Text::decoded).collect();
    (!lines.is_empty()).then(|| Piece::Text(Text::plain(lines.join("\n"))))
}

fn foreign_file() -> TranslateError {
    TranslateError::NotTranslatable {
        field: "file_id",
        why: "the file is stored at another provider, which this model cannot reach; send its content",
    }
}

/// Writes texts as one string, a blank line between them and a word before the first.
pub(super) fn write_text(out: &mut Vec<u8>, word: &'static str, texts: &[Text<'_>]) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(br"\n\n");
        }
        text.write(out);
    }
    out.push(b'"');
}

/// Writes the value of `content`.
pub(super) fn write_content(out: &mut Vec<u8>, pieces: &[Piece<'_>]) {
    let text = |piece: &Piece<'_>| matches!(piece, Piece::Text(_));
    if pieces.iter().all(text) {
        out.push(b'"');
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(br"\n\n");
            }
            if let Piece::Text(text) = piece {
                text.write(out);
            }
        }
        out.push(b'"');
        return;
    }
    let mut parts = Array::new(out);
    for piece in pieces {
        let mut part = parts.object();
        match piece {
            Piece::Text(text) => {
                part.str("type", "text");
                part.text("text", text);
            }
            Piece::Image(media) => write_image(&mut part, media),
            Piece::File(media) => write_file(&mut part, media),
            Piece::Audio(media) => write_audio(&mut part, media),
        }
    }
}

fn write_image(part: &mut Object<'_>, media: &Media<'_>) {
    part.str("type", "image_url");
    let mut image = part.object("image_url");
    match &media.source {
        Source::Url(url) => image.text("url", url),
        source => write_data_url(image.value("url"), source, &media.media_type),
    }
    image.text_if("detail", media.detail.as_ref());
}

fn write_file(part: &mut Object<'_>, media: &Media<'_>) {
    part.str("type", "file");
    let mut file = part.object("file");
    match &media.title {
        Some(title) => file.text("filename", title),
        None => file.str("filename", "document.pdf"),
    }
    write_data_url(file.value("file_data"), &media.source, &media.media_type);
}

fn write_audio(part: &mut Object<'_>, media: &Media<'_>) {
    part.str("type", "input_audio");
    let mut audio = part.object("input_audio");
    if let Source::Base64(data) = &media.source {
        audio.text("data", data);
    }
    let format = media.media_type.rsplit('/').next().unwrap_or_default();
    audio.str("format", if format == "mpeg" { "mp3" } else { format });
}

fn write_data_url(out: &mut Vec<u8>, source: &Source<'_>, media_type: &str) {
    out.extend_from_slice(b"\"data:");
    crate::json::escape(media_type, out);
    out.extend_from_slice(b";base64,");
    if let Source::Base64(data) = source {
        data.write(out);
    }
    out.push(b'"');
}
