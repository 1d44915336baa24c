//! Parts of a message: text, images, sound, files.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wire::Protocol;

use super::body::{ContentPart, File, ImageUrl, InputAudio};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{self, StringOr, Text};
use crate::neutral::{Cache, Media, Part, Source, TextPart, data_url};

/// Reads `content`.
pub(super) fn read<'a>(
    content: StringOr<'a, ContentPart<'a>>,
    dropped: &mut Dropped,
) -> Result<Vec<Part<'a>>, TranslateError> {
    let list = match content {
        StringOr::Text(text) if text.is_empty() => return Ok(Vec::new()),
        StringOr::Text(text) => return Ok(vec![Part::text(text)]),
        StringOr::List(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    for part in list {
        parts.extend(one(part, dropped)?);
    }
    Ok(parts)
}

/// Marks the last part as the end of what shall be cached.
pub(super) fn mark(parts: &mut [Part<'_>], cache: Option<Cache>) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.cache = cache,
        Some(Part::Image(media) | Part::Document(media) | Part::Audio(media)) => {
            media.cache = cache;
        }
        _ => {}
    }
}

fn one<'a>(
    mut part: ContentPart<'a>,
    dropped: &mut Dropped,
) -> Result<Option<Part<'a>>, TranslateError> {
    let cache = part.cache_control.take().or(part.prompt_cache_breakpoint);
    let cache = cache.map(|control| control.hint());
    let kind = part.r#type.take().unwrap_or(Text::Raw("text"));
    let mut read = match kind.decoded().as_ref() {
        "image_url" => part.image_url.map(image).transpose()?.map(Part::Image),
        "input_audio" => part.input_audio.map(audio).map(Part::Audio),
        "file" => part.file.map(file).map(Part::Document),
        "refusal" => part.refusal.filter(filled).map(Part::Refusal),
        // Types that nobody knows yet may still have text.
        kind if kind != "text" && part.text.is_none() => {
            dropped.note_foreign(kind);
            None
        }
        _ => part.text.filter(filled).map(|text| {
            Part::Text(TextPart {
                text,
                cache: None,
                signature: None,
                citations: None,
            })
        }),
    };
    if let (Some(read), Some(_)) = (&mut read, cache) {
        mark(std::slice::from_mut(read), cache);
    }
    Ok(read)
}

fn filled(text: &Text<'_>) -> bool {
    !text.is_empty()
}

fn image(raw: &serde_json::value::RawValue) -> Result<Media<'_>, TranslateError> {
    let image: ImageUrl<'_> = match Text::of(raw.get()) {
        Some(url) => ImageUrl {
            url: Some(url),
            detail: None,
        },
        None => json::read(raw.get())
            .map_err(|error| TranslateError::request(Protocol::Chat, &error))?,
    };
    let url = image.url.unwrap_or(Text::EMPTY);
    let (media_type, source) = match data_url(&url) {
        Some((media_type, data)) => (media_type, Source::Base64(data)),
        None => (Cow::Borrowed(""), Source::Url(url)),
    };
    Ok(Media {
        detail: image.detail,
        ..Media::new(source, media_type)
    })
}

fn audio(audio: InputAudio<'_>) -> Media<'_> {
    let format = audio.format.map(Text::into_decoded).unwrap_or_default();
    let media_type = match format.as_ref() {
        "mp3" => Cow::Borrowed("audio/mpeg"),
        "" | "wav" => Cow::Borrowed("audio/wav"),
        other => Cow::Owned(format!("audio/{other}")),
    };
    Media::new(
        Source::Base64(audio.data.unwrap_or(Text::EMPTY)),
        media_type,
    )
}

fn file(file: File<'_>) -> Media<'_> {
    let (media_type, source) = match (file.file_data.filter(filled), file.file_id) {
        (Some(data), _) => given(data, file.filename.as_ref()),
        (None, Some(id)) => (Cow::Borrowed(""), Source::File(id)),
        (None, None) => (Cow::Borrowed(""), Source::Base64(Text::EMPTY)),
    };
    Media {
        title: file.filename,
        ..Media::new(source, media_type)
    }
}

/// A file that stands in the request: as a data URL, as base64 alone, or by its address.
fn given<'a>(data: Text<'a>, name: Option<&Text<'a>>) -> (Cow<'a, str>, Source<'a>) {
    if data.starts_with("http") {
        return (Cow::Borrowed(""), Source::Url(data));
    }
    let (media_type, data) = data_url(&data).unwrap_or_else(|| (Cow::Borrowed(named(name)), data));
    // Text is text everywhere, base64 only where a provider takes the file.
    if media_type.starts_with("text/")
        && let Ok(bytes) = STANDARD.decode(data.decoded().as_bytes())
        && let Ok(text) = String::from_utf8(bytes)
    {
        return (media_type, Source::Text(Text::plain(text)));
    }
    (media_type, Source::Base64(data))
}

/// The media type that a name's end stands for.
fn named(name: Option<&Text<'_>>) -> &'static str {
    let name = name.map(|name| name.decoded().to_ascii_lowercase());
    let end = name.as_deref().and_then(|name| name.rsplit('.').next());
    match end {
        Some("txt" | "md" | "csv" | "json" | "xml" | "html") => "text/plain",
        _ => "application/pdf",
    }
}
