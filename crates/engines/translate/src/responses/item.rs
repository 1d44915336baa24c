//! An item and a part of its content as they stand in bodies: one flat shape each for every type, so that they are
//! read in one pass and nothing of them is copied.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, StringOr, Text};
use crate::neutral::{Cache, Media, Part, Source, TextPart, data_url};

/// An element of `input` or `output`. What only some types have is read when its type is known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub id: Option<Text<'a>>,
    pub role: Option<Text<'a>>,
    pub call_id: Option<Text<'a>>,
    pub namespace: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub content: Option<&'a RawValue>,
    pub summary: Option<&'a RawValue>,
    pub encrypted_content: Option<&'a RawValue>,
    /// A string; an object from a few clients.
    pub arguments: Option<&'a RawValue>,
    pub input: Option<&'a RawValue>,
    pub output: Option<&'a RawValue>,
    pub tools: Option<&'a RawValue>,
    /// What a tool that OpenAI declares and its client runs was called with.
    pub action: Option<&'a RawValue>,
    pub operation: Option<&'a RawValue>,
    pub reasoning: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
}

/// What may stand in `content`, `summary` and `output`.
pub(super) type Content<'a> = StringOr<'a, ContentPart<'a>>;

/// A part of any type; what a type does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    pub refusal: Option<Text<'a>>,
    /// A string; an object around it from those who write chat.
    image_url: Option<&'a RawValue>,
    detail: Option<Text<'a>>,
    file_id: Option<Text<'a>>,
    file_data: Option<Text<'a>>,
    file_url: Option<Text<'a>>,
    filename: Option<Text<'a>>,
    input_audio: Option<&'a RawValue>,
    pub annotations: Option<&'a RawValue>,
    prompt_cache_breakpoint: Option<Breakpoint<'a>>,
}

/// `prompt_cache_breakpoint`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Breakpoint<'a> {
    #[serde(borrow)]
    ttl: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageUrl<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    detail: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Audio<'a> {
    #[serde(borrow)]
    data: Option<Text<'a>>,
    format: Option<Text<'a>>,
}

impl<'a> Item<'a> {
    /// What it is; a message may leave that out.
    pub(super) fn kind(&self) -> Text<'a> {
        self.r#type.clone().unwrap_or(Text::Raw("message"))
    }

    /// The id that binds a call to its result.
    pub(super) fn call(&self) -> Text<'a> {
        let id = self.call_id.clone().or_else(|| self.id.clone());
        id.unwrap_or(Text::EMPTY)
    }

    /// The JSON text that a function is called with.
    pub(super) fn arguments(&self) -> Text<'a> {
        self.arguments.and_then(json_text).unwrap_or(Text::EMPTY)
    }

    /// The free text that a custom tool is called with.
    pub(super) fn input(&self) -> Text<'a> {
        text(self.input).unwrap_or(Text::EMPTY)
    }

    /// What can be read of reasoning: its summary, else the text itself; parts a blank line apart.
    pub(super) fn thoughts(&self) -> Result<Text<'a>, serde_json::Error> {
        for raw in [self.summary, self.content].into_iter().flatten() {
            let mut texts = Vec::new();
            match content(Some(raw))? {
                Some(Content::Text(text)) => texts.push(text),
                Some(Content::List(parts)) => {
                    texts.extend(parts.into_iter().filter_map(|part| part.text));
                }
                None => {}
            }
            texts.retain(|text| !text.is_empty());
            if texts.len() > 1 {
                let texts: Vec<_> = texts.iter().map(Text::decoded).collect();
                return Ok(Text::plain(texts.join("\n\n")));
            }
            if let Some(text) = texts.pop() {
                return Ok(text);
            }
        }
        Ok(Text::EMPTY)
    }

    /// What binds reasoning to its maker.
    pub(super) fn encrypted(&self) -> Option<Text<'a>> {
        text(self.encrypted_content).filter(|text| !text.is_empty())
    }
}

/// The JSON text that a value is, or holds as a string.
pub(super) fn json_text(raw: &RawValue) -> Option<Text<'_>> {
    let raw = raw.get();
    Text::of(raw).or_else(|| json::is_object(raw).then(|| Text::plain(raw)))
}

/// The string that a value is.
fn text(raw: Option<&RawValue>) -> Option<Text<'_>> {
    raw.and_then(|raw| Text::of(raw.get()))
}

/// The content that a value is; `None` where there is none.
pub(super) fn content(raw: Option<&RawValue>) -> Result<Option<Content<'_>>, serde_json::Error> {
    raw.filter(|raw| raw.get() != "null")
        .map(Content::of)
        .transpose()
}

impl<'a> ContentPart<'a> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.r#type.as_ref().is_some_and(|found| found.is(kind))
    }

    /// The neutral part that it is.
    pub(super) fn read(self) -> Option<Part<'a>> {
        let kind = self.r#type.clone().unwrap_or(Text::Raw("input_text"));
        let cache = self
            .prompt_cache_breakpoint
            .as_ref()
            .map(|at| match &at.ttl {
                Some(ttl) if ttl.is("12h") => Cache::Hour,
                _ => Cache::Default,
            });
        match kind.decoded().as_ref() {
            "input_image" | "image_url" => Some(Part::Image(Media {
                cache,
                ..self.image()
            })),
            "input_file" | "file" => Some(Part::Document(Media {
                cache,
                ..self.file()
            })),
            "input_audio" => Some(Part::Audio(self.audio())),
            "refusal" => self.refusal.map(Part::Refusal),
            _ => self.text.filter(|text| !text.is_empty()).map(|text| {
                Part::Text(TextPart {
                    text,
                    cache,
                    signature: None,
                    citations: None,
                })
            }),
        }
    }

    fn image(self) -> Media<'a> {
        let raw = self.image_url.map_or("null", RawValue::get);
        let image = match Text::of(raw) {
            Some(url) => ImageUrl {
                url: Some(url),
                detail: None,
            },
            None => json::read(raw).unwrap_or_default(),
        };
        let detail = self.detail.or(image.detail);
        let mut media = self.file_id.map_or_else(
            || fetched(image.url.unwrap_or(Text::EMPTY)),
            |id| Media::new(Source::File(id), ""),
        );
        media.detail = detail.filter(|detail| !detail.is("auto"));
        media
    }

    fn file(self) -> Media<'a> {
        let mut media = match (self.file_id, self.file_url, self.file_data) {
            (Some(id), _, _) => Media::new(Source::File(id), ""),
            (None, Some(url), _) => fetched(url),
            (None, None, data) => {
                let data = data.unwrap_or(Text::EMPTY);
                match data_url(&data) {
                    Some((media_type, data)) => Media::new(Source::Base64(data), media_type),
                    None => Media::new(Source::Base64(data), "application/pdf"),
                }
            }
        };
        media.title = self.filename;
        media
    }

    fn audio(self) -> Media<'a> {
        let raw = self.input_audio.map_or("{}", RawValue::get);
        let audio: Audio<'a> = json::read(raw).unwrap_or_default();
        let format = audio.format.unwrap_or(Text::Raw("wav"));
        Media::new(
            Source::Base64(audio.data.unwrap_or(Text::EMPTY)),
            format!("audio/{}", format.decoded()),
        )
    }
}

/// A medium behind a URL, or within it.
fn fetched(url: Text<'_>) -> Media<'_> {
    match data_url(&url) {
        Some((media_type, data)) => Media::new(Source::Base64(data), media_type),
        None => Media::new(Source::Url(url), ""),
    }
}
