//! The shape of an event around its text. The events of a stream mostly differ in their text alone, so the next one is
//! compared with the last, which costs a small part of reading it.

use std::ops::Range;

use crate::scan;

/// Larger shapes are not kept.
const MAX_BYTES: usize = 4_096;

/// An event with its text taken out and, behind it, a filler that means nothing.
#[derive(Debug, Default)]
pub(super) struct Mould {
    before: Vec<u8>,
    between: Vec<u8>,
    /// What follows the filler, where there is one.
    after: Option<Vec<u8>>,
}

impl Mould {
    /// The text of an event of this very shape, as it is escaped; `None` where it is another or says nothing.
    pub(super) fn text<'d>(&self, event: &'d [u8]) -> Option<&'d [u8]> {
        if self.before.is_empty() || !event.starts_with(&self.before) {
            return None;
        }
        let mut keys = scan::keys(event);
        keys.resume(self.before.len(), 1);
        let text = keys.string().filter(|text| !text.is_empty())?;
        let rest = keys.value().strip_prefix(&*self.between)?;
        let fits = match &self.after {
            None => rest.is_empty(),
            Some(after) => {
                keys.resume(event.len() - rest.len(), 1);
                keys.string()?;
                keys.value() == after
            }
        };
        fits.then_some(text)
    }

    /// Takes the shape of an event whose text and filler stand here.
    pub(super) fn set(&mut self, event: &[u8], text: Range<usize>, filler: Option<Range<usize>>) {
        self.clear();
        if event.len() > MAX_BYTES {
            return;
        }
        let filler = filler.filter(|filler| filler.start >= text.end);
        let between = text.end..filler.as_ref().map_or(event.len(), |filler| filler.start);
        self.before.extend_from_slice(&event[..text.start]);
        self.between.extend_from_slice(&event[between]);
        self.after = filler.map(|filler| event[filler.end..].to_vec());
    }

    /// Fits nothing from now on.
    pub(super) fn clear(&mut self) {
        self.before.clear();
        self.between.clear();
        self.after = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_and_the_filler_may_differ() {
        let event = br#"{"a":"x","t":"one","b":1,"f":"zz"}"#;
        let mut mould = Mould::default();
        assert_eq!(mould.text(event), None);
        mould.set(event, 13..18, Some(29..33));
        assert_eq!(mould.text(event), Some(&b"one"[..]));
        for (other, text) in [
            (r#"{"a":"x","t":"t\"wo","b":1,"f":""}"#, Some(r#"t\"wo"#)),
            (r#"{"a":"x","t":"","b":1,"f":"z"}"#, None),
            (r#"{"a":"y","t":"one","b":1,"f":"zz"}"#, None),
            (r#"{"a":"x","t":"one","b":2,"f":"zz"}"#, None),
            (r#"{"a":"x","t":"one","b":1,"f":"zz","t":"more"}"#, None),
            (r#"{"a":"x","t":null,"b":1,"f":"zz"}"#, None),
            (r#"{"a":"x","t":"one","b":1,"f":7}"#, None),
            (r#"{"a":"x","t":"one","b":1,"f":"zz"#, None),
        ] {
            assert_eq!(
                mould.text(other.as_bytes()),
                text.map(str::as_bytes),
                "{other}"
            );
        }
        mould.set(event, 13..18, None);
        assert_eq!(mould.text(event), Some(&b"one"[..]));
        assert_eq!(mould.text(br#"{"a":"x","t":"one","b":1,"f":"z"}"#), None);
        mould.clear();
        assert_eq!(mould.text(event), None);
    }
}
