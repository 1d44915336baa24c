//! Typed, prefixed, time-sortable identifiers. What they identify lives elsewhere.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Crockford's base32, lower case: sorts as text in the order of the number it encodes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY_CHARS: usize = 26;

/// Why a text is no identifier of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ and 26 characters")]
pub struct InvalidId {
    /// The prefix that the id should have had.
    pub prefix: &'static str,
}

/// Bits behind the eight characters that fill a word of the machine.
const WORD_BITS: u32 = 40;
/// Characters of the top word that lead to nothing: 130 bits are written, four words hold 160.
const UNUSED_CHARS: usize = 32 - BODY_CHARS;

/// The number in base32, eight characters at a time and without a table: this runs a dozen times for each call.
fn encode(id: Uuid) -> [u8; BODY_CHARS] {
    let number = id.as_u128();
    let word = |place: u32| (number >> (WORD_BITS * place)) as u64 & ((1 << WORD_BITS) - 1);
    let words = [
        spread(word(3)),
        spread(word(2)),
        spread(word(1)),
        spread(word(0)),
    ];
    let mut out = [0u8; 32];
    for (bytes, word) in out.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    for digit in &mut out {
        // The alphabet leaves out i, l, o and u.
        *digit += b'0'
            + 39 * u8::from(*digit >= 10)
            + u8::from(*digit >= 18)
            + u8::from(*digit >= 20)
            + u8::from(*digit >= 22)
            + u8::from(*digit >= 27);
    }
    let mut body = [0u8; BODY_CHARS];
    body.copy_from_slice(&out[UNUSED_CHARS..]);
    body
}

/// Forty bits as eight bytes of five each, by halves.
const fn spread(bits: u64) -> u64 {
    let bits = (bits & 0x000f_ffff) | ((bits << 12) & 0x000f_ffff_0000_0000);
    let bits = (bits & 0x0000_03ff_0000_03ff) | ((bits << 6) & 0x03ff_0000_03ff_0000);
    (bits & 0x001f_001f_001f_001f) | ((bits << 3) & 0x1f00_1f00_1f00_1f00)
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != BODY_CHARS {
        return None;
    }
    let mut number: u128 = 0;
    for (index, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|known| *known == byte)? as u128;
        if index == 0 && digit > 7 {
            return None;
        }
        number = (number << 5) | digit;
    }
    Some(Uuid::from_u128(number))
}

/// Longest prefix, the underscore and the body.
const TEXT_CHARS: usize = 8 + 1 + BODY_CHARS;

/// An id as text, on the stack.
#[derive(Clone, Copy)]
pub struct IdText {
    bytes: [u8; TEXT_CHARS],
    length: usize,
}

impl IdText {
    /// Inlined, so that the prefix is a constant.
    #[inline]
    fn new(prefix: &str, id: Uuid) -> Self {
        let mut bytes = [0u8; TEXT_CHARS];
        let start = prefix.len() + 1;
        bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
        bytes[prefix.len()] = b'_';
        bytes[start..start + BODY_CHARS].copy_from_slice(&encode(id));
        Self {
            bytes,
            length: start + BODY_CHARS,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text where bytes are wanted; nothing is checked again.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; later ones sort after earlier ones of the same millisecond and before.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id of a given number, for fixed and test values.
            #[must_use]
            pub const fn from_u128(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }

            /// The text, written onto the stack: hot paths make no string of it.
            #[must_use]
            #[inline]
            pub fn text(&self) -> IdText {
                IdText::new($prefix, self.0)
            }

            /// The number behind the text.
            #[must_use]
            pub const fn as_u128(&self) -> u128 {
                self.0.as_u128()
            }

            /// When it was made, in milliseconds since 1970 (RFC 9562, version 7).
            #[must_use]
            pub const fn made_at_ms(&self) -> i64 {
                (self.0.as_u128() >> 80) as i64
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text().as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// An organisation: the tenant.
    OrgId, "org"
);
typed_id!(
    /// A project: a scope within an organisation.
    ProjectId, "prj"
);
typed_id!(
    /// An API key (not its secret).
    KeyId, "key"
);
typed_id!(
    /// One model call, with all its attempts.
    CallId, "call"
);
typed_id!(
    /// One HTTP request, as it stands in `x-request-id`.
    RequestId, "req"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_sorts_by_time() {
        let ids: Vec<CallId> = (0..1000).map(|_| CallId::new()).collect();
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(texts, sorted);
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!(text.parse::<CallId>().as_ref(), Ok(id));
        }
    }

    #[test]
    fn every_digit_has_its_character() {
        for digit in 0..32u8 {
            let id = KeyId::from_u128(u128::from(digit) | u128::from(digit) << 60);
            let text = id.to_string();
            let expected = char::from(ALPHABET[usize::from(digit)]);
            assert!(text.ends_with(expected), "{text}");
            assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn every_bit_has_its_place() {
        for shift in 0..128 {
            let id = KeyId::from_u128(1 << shift);
            assert_eq!(id.to_string().parse(), Ok(id), "bit {shift}");
        }
        assert_eq!(
            KeyId::from_u128(33).to_string(),
            "key_00000000000000000000000011"
        );
    }

    #[test]
    fn foreign_and_damaged_texts_are_refused() {
        let key = KeyId::from_u128(7).to_string();
        assert!(key.parse::<CallId>().is_err());
        assert!(key[..key.len() - 1].parse::<KeyId>().is_err());
        assert!("key_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<KeyId>().is_err());
        assert_eq!(
            "key_7zzzzzzzzzzzzzzzzzzzzzzzzz".parse(),
            Ok(KeyId::from_u128(u128::MAX))
        );
    }
}
