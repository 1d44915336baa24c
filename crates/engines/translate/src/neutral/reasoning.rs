//! What a model thought, and what binds it to its maker.

use crate::dialect::Origin;
use crate::json::Text;

/// A piece of reasoning.
#[derive(Debug)]
pub(crate) struct Reasoning<'a> {
    /// What can be read of it; empty where nothing can.
    pub text: Text<'a>,
    /// What its maker wants back with it.
    pub bound: Option<Bound<'a>>,
}

/// What binds a piece of reasoning to its maker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound<'a> {
    /// Who made it.
    pub origin: Origin,
    /// In which way it is bound.
    pub bind: Bind,
    /// The signature or the encrypted text; empty for `Bind::Visible`.
    pub data: Text<'a>,
    /// The item's id at its maker.
    pub id: Option<Text<'a>>,
    /// The field or format in which its maker wants it back, where a dialect has several.
    pub form: Option<Text<'a>>,
    /// The visible text, where the protocol that carries it has no place beside.
    pub text: Option<Text<'a>>,
}

impl<'a> Bound<'a> {
    pub(crate) fn new(origin: Origin, bind: Bind, data: Text<'a>) -> Self {
        Self {
            origin,
            bind,
            data,
            id: None,
            form: None,
            text: None,
        }
    }

    /// The same, free of what it was borrowed from.
    pub(crate) fn into_owned(self) -> Bound<'static> {
        Bound {
            origin: self.origin,
            bind: self.bind,
            data: self.data.into_owned(),
            id: self.id.map(Text::into_owned),
            form: self.form.map(Text::into_owned),
            text: self.text.map(Text::into_owned),
        }
    }
}

/// How reasoning is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bind {
    /// Not at all: its text may be read by anybody, and its maker wants it back.
    Visible,
    /// By a signature over its text.
    Signature,
    /// Its text is encrypted and stands nowhere else; the maker withheld it (Anthropic).
    Redacted,
    /// Its text is encrypted, a summary may stand beside (OpenAI).
    Encrypted,
}

impl Bind {
    const ALL: [Self; 4] = [
        Self::Visible,
        Self::Signature,
        Self::Redacted,
        Self::Encrypted,
    ];

    /// The name in seals.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Signature => "signature",
            Self::Redacted => "redacted",
            Self::Encrypted => "encrypted",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bind| bind.as_str() == name)
    }
}
