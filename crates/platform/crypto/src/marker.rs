//! Short keyed marks: what this house handed out can be told from what others made up.

use ring::{digest, hmac};

/// A mark: short, for it stands in ids. It can only be guessed at by asking, one guess at a time.
pub type Mark = [u8; 8];

/// A key for marks of one purpose; [`crate::Pepper::marker`] makes it.
#[derive(Clone)]
pub struct Marker(hmac::Key);

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marker")
    }
}

impl Marker {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The mark of these parts. The same bytes cut into other parts have another.
    #[must_use]
    pub fn mark(&self, parts: &[&[u8]]) -> Mark {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let signed = context.sign();
        let mut mark = Mark::default();
        mark.copy_from_slice(&signed.as_ref()[..size_of::<Mark>()]);
        mark
    }

    /// Whether this is the mark of these parts; how long that takes tells nothing of how near it was.
    #[must_use]
    pub fn holds(&self, mark: Mark, parts: &[&[u8]]) -> bool {
        let known = self.mark(parts);
        let differs = known
            .iter()
            .zip(mark)
            .fold(0, |so_far, (a, b)| so_far | (a ^ b));
        std::hint::black_box(differs) == 0
    }
}

/// A few bytes in the place of a name, where the name itself would be too long. Not secret.
#[must_use]
pub fn short_name(name: &str) -> [u8; 4] {
    let whole = digest::digest(&digest::SHA256, name.as_bytes());
    let mut short = [0; 4];
    short.copy_from_slice(&whole.as_ref()[..4]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pepper;

    #[test]
    fn a_mark_holds_for_its_parts_purpose_and_house_only() {
        let marker = Pepper::new(&[7; 32]).marker("test");
        let mark = marker.mark(&[b"ab", b"c"]);
        assert!(marker.holds(mark, &[b"ab", b"c"]));
        for other in [&[&b"a"[..], b"bc"][..], &[b"abc"], &[b"ab", b"c", b""]] {
            assert!(!marker.holds(mark, other), "{other:?}");
        }
        let others = [
            Pepper::new(&[7; 32]).marker("other"),
            Pepper::new(&[8; 32]).marker("test"),
        ];
        for other in others {
            assert!(!other.holds(mark, &[b"ab", b"c"]));
        }
        assert_eq!(format!("{marker:?}"), "Marker");
    }

    #[test]
    fn short_names_are_the_head_of_sha_256() {
        // FIPS 180-2, "abc".
        assert_eq!(short_name("abc"), [0xba, 0x78, 0x16, 0xbf]);
    }
}
