//! The form of API keys: `sy_<kind>_<random><checksum>`. Whether a key holds is not known here.
//!
//! Scanners find one by `\bsy_(key|adm)_[0-9A-Za-z]{49}\b`. The last six characters are the CRC-32 of all before
//! them, so that a mistyped or made-up key is told apart without asking anybody.

use kernel::SecretString;
use rand::RngCore;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62⁴³ is just over 2²⁵⁶.
const RANDOM: usize = 43;
/// 62⁶ is over 2³².
const CHECKSUM: usize = 6;

/// What a key is for, as it shows in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A key made through the API.
    Key,
    /// The first key, which administers.
    Admin,
}

impl KeyKind {
    /// The text before the random part.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Key => "sy_key_",
            Self::Admin => "sy_adm_",
        }
    }
}

/// A new key with over 256 random bits.
#[must_use]
pub fn generate(kind: KeyKind) -> SecretString {
    let mut text = String::with_capacity(kind.prefix().len() + RANDOM + CHECKSUM);
    text.push_str(kind.prefix());
    let mut random = rand::rng();
    let mut bytes = [0u8; 64];
    while text.len() < kind.prefix().len() + RANDOM {
        random.fill_bytes(&mut bytes);
        let wanted = kind.prefix().len() + RANDOM - text.len();
        // 248 is the largest multiple of 62 in a byte: what lies above would favour some characters.
        let fair = bytes.iter().filter(|byte| **byte < 248).take(wanted);
        text.extend(fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    let checksum = checksum(text.as_bytes());
    text.extend(checksum.map(char::from));
    SecretString::from(text)
}

/// Whether a text has the form of a key and its checksum is right. Costs some tens of nanoseconds.
#[must_use]
pub fn well_formed(text: &str) -> bool {
    let bytes = text.as_bytes();
    [KeyKind::Key, KeyKind::Admin].iter().any(|kind| {
        bytes.len() == kind.prefix().len() + RANDOM + CHECKSUM && text.starts_with(kind.prefix())
    }) && bytes
        .split_last_chunk::<CHECKSUM>()
        .is_some_and(|(body, sum)| checksum(body) == *sum)
}

/// What may be shown of a key: its prefix and its last four characters, which are of the checksum. Of a text in
/// another form only the last four.
#[must_use]
pub fn display(text: &str) -> String {
    let prefix = [KeyKind::Key, KeyKind::Admin]
        .into_iter()
        .map(KeyKind::prefix)
        .find(|prefix| text.starts_with(prefix))
        .unwrap_or_default();
    let last = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    format!("{prefix}…{}", &text[last..])
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(body);
    let mut text = [0u8; CHECKSUM];
    for slot in text.iter_mut().rev() {
        *slot = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ExposeSecret;
    use proptest::prelude::*;

    #[test]
    fn new_keys_are_well_formed_and_differ() {
        let keys: std::collections::HashSet<String> = (0..1_000)
            .map(|_| generate(KeyKind::Key).expose_secret().to_owned())
            .collect();
        assert_eq!(keys.len(), 1_000);
        assert!(keys.iter().all(|key| well_formed(key) && key.len() == 56));
        assert!(well_formed(generate(KeyKind::Admin).expose_secret()));
    }

    #[test]
    fn only_the_ends_are_shown() {
        let key = generate(KeyKind::Admin);
        let text = key.expose_secret();
        assert_eq!(
            display(text),
            format!("sy_adm_…{}", &text[text.len() - 4..])
        );
        assert_eq!(display("a password that somebody chose"), "…hose");
        assert_eq!(display("äöü"), "…äöü");
    }

    #[test]
    fn the_checksum_is_stable() {
        assert_eq!(&checksum(b"sy_key_0"), b"1mE8qT");
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_told_apart(at in 0..56usize, other in "[0-9A-Za-z]") {
            let key = generate(KeyKind::Key).expose_secret().to_owned();
            let mut wrong = key.clone();
            wrong.replace_range(at..=at, &other);
            prop_assert_eq!(well_formed(&wrong), wrong == key);
        }

        #[test]
        fn any_text_can_be_asked_about(text in "\\PC*") {
            prop_assert!(!well_formed(&text));
            let _shown = display(&text);
        }
    }
}
