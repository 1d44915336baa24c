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

/// Characters that the lower 60 bits fill.
const HALF_CHARS: usize = 12;

fn encode(id: Uuid, out: &mut [u8; BODY_CHARS]) {
    const HALF_BITS: u32 = 60;
    let number = id.as_u128();
    // In words of the machine's size (the mask leaves 60 bits): shifting all 128 bits for each character costs three times as much.
    let half = |number: u128| (number & ((1 << HALF_BITS) - 1)) as u64;
    let parts = [
        (
            half(number >> (2 * HALF_BITS)),
            0..BODY_CHARS - 2 * HALF_CHARS,
        ),
        (
            half(number >> HALF_BITS),
            BODY_CHARS - 2 * HALF_CHARS..BODY_CHARS - HALF_CHARS,
        ),
        (half(number), BODY_CHARS - HALF_CHARS..BODY_CHARS),
    ];
    for (mut bits, place) in parts {
        for slot in out[place].iter_mut().rev() {
            *slot = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
    }
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
    fn new(prefix: &str, id: Uuid) -> Self {
        let mut bytes = [0u8; TEXT_CHARS];
        let start = prefix.len() + 1;
        let mut body = [0u8; BODY_CHARS];
        encode(id, &mut body);
        bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
        bytes[prefix.len()] = b'_';
        bytes[start..start + BODY_CHARS].copy_from_slice(&body);
        Self {
            bytes,
            length: start + BODY_CHARS,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
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
            pub fn text(&self) -> IdText {
                IdText::new($prefix, self.0)
            }

            /// The number behind the text.
            #[must_use]
            pub const fn as_u128(&self) -> u128 {
                self.0.as_u128()
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
