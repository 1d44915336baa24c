//! JSON leaves that take whatever an upstream sends: a count is a number or nothing, a text is a string or nothing.
//! Only what is not JSON fails. So an upstream's novelty costs one fact, never the answer.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a leaf makes of each JSON type; the default is nothing.
trait Leaf: Default {
    fn number(_: f64) -> Self {
        Self::default()
    }
    fn whole(_: u64) -> Self {
        Self::default()
    }
    fn text(_: &str) -> Self {
        Self::default()
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Leaf> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        // Only negative numbers come this way.
        Ok(T::whole(0))
    }

    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// A count of tokens or uses; negative counts as 0, anything but a number as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count(pub Option<u64>);

impl Count {
    pub(crate) fn or_zero(self) -> u64 {
        self.0.unwrap_or(0)
    }

    /// Takes a newer count where it is known.
    pub(crate) fn update(&mut self, newer: Self) {
        if newer.0.is_some() {
            *self = newer;
        }
    }
}

impl Leaf for Count {
    fn whole(number: u64) -> Self {
        // Sums over a few counts must not overflow.
        Self(Some(number.min(u64::MAX >> 16)))
    }

    fn number(number: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, and counts are small"
        )]
        let whole = number as u64;
        Self::whole(whole)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// A string that is not empty; anything else is nothing. Numbers are taken as they are written: some servers send
/// error codes that way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text(pub Option<String>);

impl Text {
    /// Takes a newer text where there is one.
    pub(crate) fn update(&mut self, newer: Self) {
        if newer.0.is_some() {
            *self = newer;
        }
    }
}

impl Leaf for Text {
    fn text(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.to_owned()))
    }

    fn whole(number: u64) -> Self {
        Self(Some(number.to_string()))
    }

    fn number(number: f64) -> Self {
        Self(Some(number.to_string()))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// A value of a known shape, or nothing when another JSON type stands there. `LIST` says whether the shape is an
/// array or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maybe<T, const LIST: bool>(pub Option<T>);

/// An object, or nothing.
pub(crate) type Object<T> = Maybe<T, false>;

/// An array, or nothing.
pub(crate) type List<T> = Maybe<Vec<T>, true>;

impl<T, const LIST: bool> Default for Maybe<T, LIST> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T, const LIST: bool> Leaf for Maybe<T, LIST> {}

impl<T, const LIST: bool> Maybe<T, LIST> {
    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Takes a newer value where there is one.
    pub(crate) fn update(&mut self, newer: Self) {
        if newer.0.is_some() {
            *self = newer;
        }
    }
}

impl<'de, T: Deserialize<'de>, const LIST: bool> Deserialize<'de> for Maybe<T, LIST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape<T, const LIST: bool>(Any<Maybe<T, LIST>>);
        impl<'de, T: Deserialize<'de>, const LIST: bool> Visitor<'de> for Shape<T, LIST> {
            type Value = Maybe<T, LIST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                self.0.visit_bool(value)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                self.0.visit_u64(value)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                self.0.visit_i64(value)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
                self.0.visit_f64(value)
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                self.0.visit_str(value)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                self.0.visit_unit()
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                if LIST {
                    return self.0.visit_map(map);
                }
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Maybe(Some(value)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                if !LIST {
                    return self.0.visit_seq(seq);
                }
                T::deserialize(SeqAccessDeserializer::new(seq)).map(|value| Maybe(Some(value)))
            }
        }
        deserializer.deserialize_any(Shape(Any(PhantomData)))
    }
}
