//! What a turn or an answer is made of.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Bound, Reasoning};
use crate::json::Text;

/// One part.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    Text(TextPart<'a>),
    Image(Media<'a>),
    /// A document; its text may stand in `source`.
    Document(Media<'a>),
    Audio(Media<'a>),
    ToolCall(ToolCall<'a>),
    ToolResult(ToolResult<'a>),
    Reasoning(Reasoning<'a>),
    /// The model's words for not answering.
    Refusal(Text<'a>),
    /// A call or a result of a tool that the provider runs itself, under its own type's name. No other provider can
    /// use what is in it.
    Server(Text<'a>),
}

/// Text and what hangs on it.
#[derive(Debug)]
pub(crate) struct TextPart<'a> {
    pub text: Text<'a>,
    pub cache: Option<Cache>,
    /// Gemini signs text too.
    pub signature: Option<Bound<'a>>,
    /// Sources of what it says, as its protocol writes them.
    pub citations: Option<&'a RawValue>,
}

impl<'a> Part<'a> {
    /// Nothing but text.
    pub(crate) fn text(text: Text<'a>) -> Self {
        Self::Text(TextPart {
            text,
            cache: None,
            signature: None,
            citations: None,
        })
    }
}

/// The prompt up to here shall be kept in the provider's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// As long as the provider keeps it by default.
    Default,
    /// Five minutes.
    Minutes5,
    /// An hour or more.
    Hour,
}

/// An image, a document or sound.
#[derive(Debug)]
pub(crate) struct Media<'a> {
    pub source: Source<'a>,
    /// `application/pdf`, `image/png`; empty where it is not said.
    pub media_type: Cow<'a, str>,
    pub title: Option<Text<'a>>,
    /// More about a document, for the model.
    pub context: Option<Text<'a>>,
    /// How closely to look (OpenAI).
    pub detail: Option<Text<'a>>,
    pub cache: Option<Cache>,
}

impl<'a> Media<'a> {
    pub(crate) fn new(source: Source<'a>, media_type: impl Into<Cow<'a, str>>) -> Self {
        Self {
            source,
            media_type: media_type.into(),
            title: None,
            context: None,
            detail: None,
            cache: None,
        }
    }
}

/// Where a medium's bytes are.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// Here, in base64.
    Base64(Text<'a>),
    /// There.
    Url(Text<'a>),
    /// In the provider's file store: nobody else can read it.
    File(Text<'a>),
    /// Plain text.
    Text(Text<'a>),
    /// Parts of its own.
    Parts(Vec<Part<'a>>),
}

/// The model calls a tool.
#[derive(Debug)]
pub(crate) struct ToolCall<'a> {
    pub id: Text<'a>,
    pub namespace: Option<Text<'a>>,
    pub name: Text<'a>,
    pub input: Input<'a>,
    /// Gemini signs calls.
    pub signature: Option<Bound<'a>>,
    pub cache: Option<Cache>,
}

/// What a tool is called with.
#[derive(Debug, Clone)]
pub(crate) enum Input<'a> {
    /// A JSON object as it stands in its body.
    Object(Cow<'a, str>),
    /// The JSON text of an object, carried as a string; not checked to be one.
    Encoded(Text<'a>),
    /// Free text, of a custom tool.
    Free(Text<'a>),
}

/// What a tool answered.
#[derive(Debug)]
pub(crate) struct ToolResult<'a> {
    /// The call's id.
    pub id: Text<'a>,
    /// The tool's name, where it is said or known from the call.
    pub name: Option<Text<'a>>,
    pub parts: Vec<Part<'a>>,
    pub is_error: bool,
    pub cache: Option<Cache>,
}

/// The media type and the base64 of a `data:` URL.
pub(crate) fn data_url<'a>(url: &Text<'a>) -> Option<(Cow<'a, str>, Text<'a>)> {
    fn split(url: &str) -> Option<(&str, &str)> {
        let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
        let media_type = head.strip_suffix(";base64")?;
        let media_type = media_type.split(';').next().unwrap_or(media_type);
        Some((media_type, data))
    }
    match url {
        // Some writers escape every slash; base64 has them too, so such a URL is decoded whole.
        Text::Raw(raw) if !raw.contains('\\') => {
            let (media_type, data) = split(raw)?;
            Some((Cow::Borrowed(media_type), Text::Raw(data)))
        }
        Text::Plain(Cow::Borrowed(plain)) => {
            let (media_type, data) = split(plain)?;
            Some((Cow::Borrowed(media_type), Text::plain(data)))
        }
        other => {
            let plain = other.decoded();
            let (media_type, data) = split(&plain)?;
            Some((
                Cow::Owned(media_type.to_owned()),
                Text::plain(data.to_owned()),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_are_taken_apart() {
        let (kind, data) = data_url(&Text::Raw("data:image/png;base64,iVBO/w==")).unwrap();
        assert_eq!(
            (kind.as_ref(), data),
            ("image/png", Text::plain("iVBO/w=="))
        );
        let (kind, data) = data_url(&Text::Raw(r"data:image\/png;base64,iVBO\/w==")).unwrap();
        assert_eq!(
            (kind.as_ref(), data),
            ("image/png", Text::plain("iVBO/w=="))
        );
        assert!(data_url(&Text::Raw("https://example.invalid/a.png")).is_none());
    }
}
