//! What binds reasoning to its provider, sealed into one opaque string that any client carries back: base64 over JSON
//! that begins with our name and a version, and names who made it. It is opaque, not secret: nothing in it is ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;

use crate::dialect::Origin;
use crate::json::{Object, Text};
use crate::neutral::{Bind, Bound};

/// The base64 of `{"switchyard":1`: what every seal of this version begins with.
pub(crate) const BEGINNING: &str = "eyJzd2l0Y2h5YXJkIjox";

/// Longer seals are not ours.
const MAX_SEAL_BYTES: usize = 16 << 20;

/// Seals what binds a piece of reasoning.
pub(crate) fn seal(bound: &Bound<'_>) -> String {
    let mut json = Vec::with_capacity(96 + bound.data.len());
    {
        let mut object = Object::new(&mut json);
        object.number("switchyard", 1);
        object.str("from", bound.origin.as_str());
        object.str("kind", bound.bind.as_str());
        if !bound.data.is_empty() {
            object.text("data", &bound.data);
        }
        object.text_if("id", bound.id.as_ref());
        object.text_if("as", bound.form.as_ref());
        object.text_if("text", bound.text.as_ref());
    }
    STANDARD_NO_PAD.encode(json)
}

/// Whether a string is a seal of ours.
pub(crate) fn is_sealed(text: &Text<'_>) -> bool {
    text.starts_with(BEGINNING)
}

/// Opens a seal; `None` where the string is none of ours.
pub(crate) fn open(text: &Text<'_>) -> Option<Bound<'static>> {
    #[derive(Deserialize)]
    struct Inside {
        from: String,
        kind: String,
        #[serde(default)]
        data: String,
        id: Option<String>,
        r#as: Option<String>,
        text: Option<String>,
    }
    if !is_sealed(text) || text.len() > MAX_SEAL_BYTES {
        return None;
    }
    let sealed = text.decoded();
    // Clients that know base64 may have padded it.
    let json = STANDARD_NO_PAD.decode(sealed.trim_end_matches('=')).ok()?;
    let inside: Inside = serde_json::from_slice(&json).ok()?;
    Some(Bound {
        origin: Origin::named(&inside.from)?,
        bind: Bind::named(&inside.kind)?,
        data: Text::plain(inside.data),
        id: inside.id.map(Text::plain),
        form: inside.r#as.map(Text::plain),
        text: inside.text.map(Text::plain),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_to_what_was_sealed() {
        let bound = Bound {
            id: Some(Text::plain("rs_1")),
            text: Some(Text::plain("I \"think\"\n")),
            ..Bound::new(Origin::OpenAi, Bind::Encrypted, Text::Raw(r"gAAA\/b=="))
        };
        let sealed = seal(&bound);
        assert!(sealed.starts_with(BEGINNING));
        let opened = open(&Text::plain(sealed)).unwrap();
        assert_eq!(opened.origin, Origin::OpenAi);
        assert_eq!(opened.bind, Bind::Encrypted);
        assert_eq!(opened.data, Text::plain("gAAA/b=="));
        assert_eq!(opened.id, Some(Text::plain("rs_1")));
        assert_eq!(opened.text, Some(Text::plain("I \"think\"\n")));
    }

    #[test]
    fn what_is_not_ours_does_not_open() {
        for text in ["", "EqQBCgIYAhIM", BEGINNING, "eyJzd2l0Y2h5YXJkIjox!!"] {
            assert!(open(&Text::plain(text)).is_none(), "{text}");
        }
        let later = STANDARD_NO_PAD.encode(r#"{"switchyard":1,"from":"mars","kind":"signature"}"#);
        assert!(open(&Text::plain(later)).is_none());
    }
}
