//! An entry of `reasoning_details`: the form in which chat carries signatures and encrypted reasoning, and which many
//! clients bring back untouched. `format` names the maker.

use serde::Deserialize;

use crate::dialect::Origin;
use crate::json::{Object, Text};
use crate::neutral::{Bind, Bound};
use crate::seal;

/// One entry, of any type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    text: Option<Text<'a>>,
    summary: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    data: Option<Text<'a>>,
    id: Option<Text<'a>>,
    format: Option<Text<'a>>,
    /// Pieces of one entry bear one index.
    pub index: Option<u64>,
}

impl<'a> Detail<'a> {
    /// What can be read of it.
    pub(super) fn words(&self) -> Option<Text<'a>> {
        self.text.clone().or(self.summary.clone())
    }

    /// What binds it, in an answer of a server that speaks chat.
    pub(super) fn bound(&self, origin: Origin) -> Option<Bound<'a>> {
        let (bind, data) = self.data()?;
        Some(Bound {
            id: self.id.clone(),
            form: self.format.clone().or(self.r#type.clone()),
            ..Bound::new(origin, bind, data)
        })
    }

    /// What binds it, in what a caller brings back.
    pub(super) fn given(&self) -> Option<Bound<'a>> {
        let (bind, data) = self.data()?;
        if let Some(bound) = seal::open(&data) {
            return Some(bound);
        }
        let origin = self.format.as_ref().map_or(Origin::Compatible, maker);
        let bind = match (origin, bind) {
            (Origin::Anthropic, Bind::Encrypted) => Bind::Redacted,
            (Origin::Gemini, Bind::Encrypted) => Bind::Signature,
            (_, bind) => bind,
        };
        Some(Bound {
            id: self.id.clone(),
            form: self.format.clone().filter(|_| origin == Origin::Compatible),
            ..Bound::new(origin, bind, data)
        })
    }

    /// An entry without any text.
    pub(super) fn is_encrypted(&self) -> bool {
        let kind = self.r#type.as_ref();
        kind.is_some_and(|kind| kind.is("reasoning.encrypted"))
    }

    fn data(&self) -> Option<(Bind, Text<'a>)> {
        let filled = |text: &&Text<'a>| !text.is_empty();
        if let Some(signature) = self.signature.as_ref().filter(filled) {
            return Some((Bind::Signature, signature.clone()));
        }
        let data = self.data.as_ref().filter(filled)?;
        Some((Bind::Encrypted, data.clone()))
    }
}

/// Whose reasoning has that format. Clients that join pieces may have joined its name with itself.
fn maker(format: &Text<'_>) -> Origin {
    let format = format.decoded();
    let known = [
        ("anthropic-", Origin::Anthropic),
        ("google-", Origin::Gemini),
        ("openai-", Origin::OpenAi),
        ("azure-openai-", Origin::OpenAi),
    ];
    known
        .into_iter()
        .find(|(beginning, _)| format.starts_with(beginning))
        .map_or(Origin::Compatible, |(_, origin)| origin)
}

/// A piece of an entry's text.
pub(super) fn write_text(entry: &mut Object<'_>, text: &Text<'_>, index: u64) {
    entry.str("type", "reasoning.text");
    entry.text("text", text);
    entry.number("index", index);
}

/// What binds an entry, with its text where that was not written before. Nothing for what binds nothing.
pub(super) fn write(
    entry: &mut Object<'_>,
    bound: &Bound<'_>,
    text: Option<&Text<'_>>,
    index: u64,
) {
    let format = match bound.origin {
        Origin::Anthropic => "anthropic-claude-v1",
        Origin::Gemini => "google-gemini-v1",
        Origin::OpenAi => "openai-responses-v1",
        Origin::DeepSeek | Origin::Bedrock | Origin::Compatible => "switchyard-v1",
    };
    // Sealed, so that it is known again where the conversation passes on to a chat server, which would refuse it.
    let data = &Text::plain(seal::seal(bound));
    // Gemini signs what stands elsewhere; the others sign the text.
    if bound.bind == Bind::Signature && bound.origin != Origin::Gemini {
        entry.str("type", "reasoning.text");
        entry.text_if("text", text);
        entry.text("signature", data);
    } else {
        entry.str("type", "reasoning.encrypted");
        entry.text_if("text", text.filter(|text| !text.is_empty()));
        entry.text("data", data);
    }
    entry.text_if("id", bound.id.as_ref());
    entry.str("format", format);
    entry.number("index", index);
}
