//! What the operator, the user or a tool says: text, images, files.

use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text, escape};
use crate::neutral::{Media, Part, Source};

/// Writes parts into a list. What has its place elsewhere is not written.
pub(super) fn write<'a>(
    list: &mut Array<'_>,
    parts: impl IntoIterator<Item = Part<'a>>,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    for part in parts {
        match part {
            Part::Text(part) => text(list, &part.text),
            Part::Refusal(words) => text(list, &words),
            Part::Image(media) => image(&mut list.object(), &media)?,
            Part::Document(media) => document(list, media, dropped)?,
            Part::Audio(_) => dropped.note("input_audio"),
            Part::Server(kind) => dropped.note_foreign(&kind.decoded()),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {}
        }
    }
    Ok(())
}

/// Writes a part of text.
pub(super) fn text(list: &mut Array<'_>, text: &Text<'_>) {
    let mut part = list.object();
    part.str("type", "input_text");
    part.text("text", text);
}

fn image(part: &mut Object<'_>, media: &Media<'_>) -> Result<(), TranslateError> {
    part.str("type", "input_image");
    match &media.detail {
        Some(detail) => part.text("detail", detail),
        None => part.str("detail", "auto"),
    }
    match &media.source {
        Source::Url(url) => part.text("image_url", url),
        Source::File(_) => return Err(foreign_file()),
        source => data_url(part.value("image_url"), source, &media.media_type),
    }
    Ok(())
}

fn document(
    list: &mut Array<'_>,
    mut media: Media<'_>,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    match std::mem::replace(&mut media.source, Source::Text(Text::EMPTY)) {
        Source::Text(words) => {
            heading(list, &media);
            text(list, &words);
        }
        Source::Parts(parts) => {
            heading(list, &media);
            write(list, parts, dropped)?;
        }
        Source::File(_) => return Err(foreign_file()),
        source => {
            let mut part = list.object();
            part.str("type", "input_file");
            match (&source, &media.title) {
                // A file that is fetched has its own name.
                (Source::Url(url), _) => part.text("file_url", url),
                (_, Some(title)) => part.text("filename", title),
                (_, None) => part.str("filename", "document.pdf"),
            }
            if matches!(source, Source::Base64(_)) {
                data_url(part.value("file_data"), &source, &media.media_type);
            }
        }
    }
    Ok(())
}

/// Title and context of a document that becomes text.
fn heading(list: &mut Array<'_>, media: &Media<'_>) {
    let known = [&media.title, &media.context];
    let lines: Vec<_> = known.into_iter().flatten().map(Text::decoded).collect();
    if !lines.is_empty() {
        text(list, &Text::plain(lines.join("\n")));
    }
}

fn foreign_file() -> TranslateError {
    TranslateError::NotTranslatable {
        field: "file_id",
        why: "the file is stored at another provider, which this model cannot reach; send its content",
    }
}

fn data_url(out: &mut Vec<u8>, source: &Source<'_>, media_type: &str) {
    out.extend_from_slice(b"\"data:");
    escape(media_type, out);
    out.extend_from_slice(b";base64,");
    if let Source::Base64(data) = source {
        data.write(out);
    }
    out.push(b'"');
}
