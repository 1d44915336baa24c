//! Parts of contents: text, media, calls with their signatures, results.

use std::borrow::Cow;

use crate::dialect::Origin;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::gemini::answer::OF_TEXT;
use crate::gemini::model::Model;
use crate::json::{self, Array, Object, Text};
use crate::names;
use crate::neutral::{Bound, Input, Media, Part, Reasoning, Source, ToolCall, ToolResult};

/// What the model is told where it takes no images.
const NO_IMAGE: &str = "[an image was left out: this model takes none]";

/// A part that can be written.
#[derive(Debug)]
pub(super) enum Said<'a> {
    Text(Text<'a>, Option<Bound<'a>>),
    /// With the type that stands for it where none is said.
    Media(Media<'a>, &'static str),
    Thought(Reasoning<'a>),
    Call(ToolCall<'a>),
    /// A result, its text and its media.
    Result(ToolResult<'a>, Vec<Text<'a>>, Vec<Said<'a>>),
}

/// What of these parts can be said.
pub(super) fn said<'a>(
    parts: Vec<Part<'a>>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Said<'a>>, TranslateError> {
    let mut list = Vec::with_capacity(parts.len());
    // Media of results that cannot hold them, in the place behind all results.
    let mut attached = Vec::new();
    // The signature of the text that follows.
    let mut signed: Option<Bound<'a>> = None;
    for part in parts {
        if !matches!(part, Part::Text(_)) {
            list.extend(
                signed
                    .take()
                    .map(|bound| Said::Text(Text::EMPTY, Some(bound))),
            );
        }
        let is_result = matches!(part, Part::ToolResult(_));
        if !is_result {
            list.append(&mut attached);
        }
        match part {
            Part::Text(text) => {
                let own = text
                    .signature
                    .filter(|bound| bound.origin == Origin::Gemini);
                let signature = own.or_else(|| signed.take());
                if !text.text.is_empty() || signature.is_some() {
                    list.push(Said::Text(text.text, signature));
                }
            }
            Part::Refusal(text) => list.push(Said::Text(text, None)),
            Part::Image(_) if !model.sees() => {
                dropped.note("image");
                list.push(Said::Text(Text::plain(NO_IMAGE), None));
            }
            Part::Image(media) => list.push(medium(media, "image/png")?),
            Part::Audio(media) => list.push(medium(media, "audio/wav")?),
            Part::Document(media) => document(media, model, dropped, &mut list)?,
            Part::Reasoning(reasoning) => match reasoning.bound {
                Some(bound) if bound.form.as_ref().is_some_and(|form| form.is(OF_TEXT)) => {
                    signed = Some(bound);
                }
                bound => list.push(Said::Thought(Reasoning { bound, ..reasoning })),
            },
            Part::ToolCall(call) => list.push(Said::Call(call)),
            Part::ToolResult(result) => {
                let (result, more) = self::result(result, model, dropped)?;
                list.push(result);
                attached.extend(more);
            }
            Part::Server(kind) => dropped.note_foreign(&kind.decoded()),
        }
    }
    list.extend(signed.map(|bound| Said::Text(Text::EMPTY, Some(bound))));
    list.append(&mut attached);
    Ok(list)
}

fn medium<'a>(media: Media<'a>, kind: &'static str) -> Result<Said<'a>, TranslateError> {
    match &media.source {
        Source::File(_) => Err(TranslateError::NotTranslatable {
            field: "file_id",
            why: "the file is stored at another provider, which this model cannot reach; send its content",
        }),
        Source::Text(text) => Ok(Said::Text(text.clone(), None)),
        _ => Ok(Said::Media(media, kind)),
    }
}

fn document<'a>(
    mut media: Media<'a>,
    model: Model<'_>,
    dropped: &mut Dropped,
    list: &mut Vec<Said<'a>>,
) -> Result<(), TranslateError> {
    let known = [&media.title, &media.context];
    let lines: Vec<Cow<'_, str>> = known.into_iter().flatten().map(Text::decoded).collect();
    if !lines.is_empty() {
        list.push(Said::Text(Text::plain(lines.join("\n")), None));
    }
    match &mut media.source {
        Source::Parts(parts) => list.extend(said(std::mem::take(parts), model, dropped)?),
        _ => list.push(medium(media, "application/pdf")?),
    }
    Ok(())
}

/// A result, and the media that must follow it because it cannot hold them.
fn result<'a>(
    mut result: ToolResult<'a>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Result<(Said<'a>, Vec<Said<'a>>), TranslateError> {
    let mut texts = Vec::new();
    let mut media = Vec::new();
    for part in said(std::mem::take(&mut result.parts), model, dropped)? {
        match part {
            Said::Text(text, _) => texts.push(text),
            part @ Said::Media(..) => media.push(part),
            Said::Thought(_) | Said::Call(_) | Said::Result(..) => {}
        }
    }
    if model.takes_media_in_results() {
        return Ok((Said::Result(result, texts, media), Vec::new()));
    }
    if !media.is_empty() && texts.is_empty() {
        texts.push(Text::plain("(what the tool returned follows)"));
    }
    Ok((Said::Result(result, texts, Vec::new()), media))
}

/// Writes parts. `unsigned` is the signature of a first call that has none, where one is wanted.
pub(super) fn write(
    list: &mut Array<'_>,
    said: &[Said<'_>],
    model: Model<'_>,
    mut unsigned: Option<&'static str>,
) {
    for part in said {
        let mut out = list.object();
        match part {
            Said::Text(text, signature) => {
                out.text("text", text);
                sign(&mut out, signature.as_ref());
            }
            Said::Media(media, kind) => write_media(&mut out, media, kind),
            Said::Thought(thought) => {
                let bound = thought.bound.as_ref();
                let inside = bound.and_then(|bound| bound.text.as_ref());
                let inside = inside.filter(|_| thought.text.is_empty());
                let text = inside.unwrap_or(&thought.text);
                out.text("text", text);
                if !text.is_empty() {
                    out.flag("thought", true);
                }
                sign(&mut out, bound);
            }
            Said::Call(call) => {
                write_call(&mut out.object("functionCall"), call, model);
                let signature = call.signature.as_ref();
                let signature = signature.filter(|bound| bound.origin == Origin::Gemini);
                match (signature, unsigned.take()) {
                    (None, Some(unsigned)) => out.str("thoughtSignature", unsigned),
                    (signature, _) => sign(&mut out, signature),
                }
            }
            Said::Result(result, texts, media) => {
                write_result(
                    &mut out.object("functionResponse"),
                    result,
                    texts,
                    media,
                    model,
                );
            }
        }
    }
}

fn sign(out: &mut Object<'_>, signature: Option<&Bound<'_>>) {
    if let Some(bound) = signature {
        out.text("thoughtSignature", &bound.data);
    }
}

fn write_media(out: &mut Object<'_>, media: &Media<'_>, kind: &'static str) {
    let known = media.media_type.as_ref();
    match &media.source {
        Source::Base64(data) => {
            let mut blob = out.object("inlineData");
            blob.str("mimeType", if known.is_empty() { kind } else { known });
            blob.text("data", data);
        }
        Source::Url(url) => {
            let guessed = guess(&url.decoded());
            let mut file = out.object("fileData");
            let kind = if known.is_empty() {
                guessed.unwrap_or(kind)
            } else {
                known
            };
            file.str("mimeType", kind);
            file.text("fileUri", url);
        }
        Source::Text(text) => out.text("text", text),
        Source::File(_) | Source::Parts(_) => {}
    }
}

/// The type that an address ends in.
fn guess(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" | "md" => "text/plain",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        _ => return None,
    })
}

/// A called tool's name as the model knows it.
pub(super) fn shown(call: &ToolCall<'_>) -> String {
    let space = call.namespace.as_ref().map(Text::decoded);
    let name = call.name.decoded();
    names::shown(super::tools::RULE, space.as_deref(), &name).into_owned()
}

fn write_call(out: &mut Object<'_>, call: &ToolCall<'_>, model: Model<'_>) {
    if model.has_call_ids() {
        out.str("id", &names::call_id(&call.id.decoded()));
    }
    out.str("name", &shown(call));
    match &call.input {
        Input::Object(json) => write_args(out, json),
        Input::Encoded(text) => write_args(out, &text.decoded()),
        Input::Free(text) => out.object("args").text(names::FREE_INPUT, text),
    }
}

/// Only an object is taken; whatever else a model once wrote is told as what it is.
fn write_args(out: &mut Object<'_>, input: &str) {
    let input = input.trim();
    if input.is_empty() {
        out.raw("args", "{}");
    } else if json::is_object(input) && json::read::<serde::de::IgnoredAny>(input).is_ok() {
        out.raw("args", input);
    } else {
        out.object("args").str("invalid_json", input);
    }
}

fn write_result(
    out: &mut Object<'_>,
    result: &ToolResult<'_>,
    texts: &[Text<'_>],
    media: &[Said<'_>],
    model: Model<'_>,
) {
    if model.has_call_ids() {
        out.str("id", &names::call_id(&result.id.decoded()));
    }
    out.text("name", result.name.as_ref().unwrap_or(&Text::EMPTY));
    {
        let mut response = out.object("response");
        let key = if result.is_error { "error" } else { "output" };
        let out = response.value(key);
        out.push(b'"');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(br"\n\n");
            }
            text.write(out);
        }
        out.push(b'"');
    }
    if !media.is_empty() {
        write(&mut out.array("parts"), media, model, None);
    }
}
