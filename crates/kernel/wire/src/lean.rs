//! A reader for JSON as machines write it: what serde_json makes of a text, in fewer steps, or nothing. It gives up on
//! what is rare (an escape or a foreign letter in a text that is read, a number that is no small count, very deep
//! nesting) and on every fault, and never says why: whoever asks then asks serde_json, whose word stands.

use std::fmt;

use memchr::memchr2;
use serde::de::value::BorrowedBytesDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Deeper values are left to serde_json, which does not recurse for what is skipped.
const MOST_DEPTH: u32 = 64;
/// Numbers of so many digits fit whatever they are.
const MOST_DIGITS: usize = 18;
/// Most strings end within so many bytes; for what lies beyond, a search is worth its beginning.
const NEAR_BYTES: usize = 32;

/// Reads a whole text; `None` says nothing about it.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    let mut lean = Lean::new(text);
    match T::deserialize(&mut lean) {
        Ok(read) if lean.ends() => Some(read),
        _ => None,
    }
}

/// A walk over a text. Every step checks the grammar of what it goes over, and gives `None` where the walk is over.
#[derive(Debug)]
pub(crate) struct Lean<'de> {
    text: &'de [u8],
    at: usize,
}

impl<'de> Lean<'de> {
    pub(crate) fn new(text: &'de [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Whether nothing but white space is left.
    pub(crate) fn ends(&mut self) -> bool {
        self.peek().is_none() && self.at == self.text.len()
    }

    /// Steps over the brace that opens an object.
    pub(crate) fn open(&mut self) -> Option<Inside> {
        self.take(b'{')?;
        Some(Inside {
            close: b'}',
            first: true,
        })
    }

    /// The next key of an object, the walk then standing before its value; `Some(None)` behind the last.
    pub(crate) fn key(&mut self, inside: &mut Inside) -> Option<Option<&'de [u8]>> {
        if !self.follows(inside)? {
            return Some(None);
        }
        let key = self.string()?;
        self.take(b':')?;
        Some(Some(key))
    }

    /// Steps over a value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.skip_within(MOST_DEPTH)
    }

    /// A value as it is written.
    pub(crate) fn raw(&mut self) -> Option<&'de str> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        std::str::from_utf8(&self.text[start..self.at]).ok()
    }

    /// The next byte that is no white space, the walk then standing before it; `None` too where JSON holds no such byte.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                // Machines write little of it, so it is looked for only where it may be.
                byte if byte > b' ' => return Some(byte),
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                _ => return None,
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Whether another element stands between these brackets: the walk then stands before it, else behind the bracket.
    fn follows(&mut self, inside: &mut Inside) -> Option<bool> {
        let byte = self.peek()?;
        if byte == inside.close {
            self.at += 1;
            return Some(false);
        }
        if !std::mem::take(&mut inside.first) {
            self.take(b',')?;
            self.peek()?;
        }
        Some(true)
    }

    /// What follows the quote that the walk stands before.
    fn quoted(&self) -> Option<&'de [u8]> {
        self.text.get(self.at..)?.strip_prefix(b"\"")
    }

    /// A string of plain ASCII, without its quotes.
    fn string(&mut self) -> Option<&'de [u8]> {
        let rest = self.quoted()?;
        let length = run(rest, FOREIGN);
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        self.at += length + 2;
        Some(&rest[..length])
    }

    fn skip_string(&mut self) -> Option<()> {
        self.quoted()?;
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..)?;
            let (near, far) = rest.split_at(rest.len().min(NEAR_BYTES));
            let mut length = run(near, 0);
            if length == near.len() {
                let more = memchr2(b'"', b'\\', far)?;
                // Without an early return, so that many bytes are looked at in one step.
                let has_control = far[..more]
                    .iter()
                    .fold(false, |has, byte| has | (*byte < 0x20));
                if has_control {
                    return None;
                }
                length += more;
            }
            self.at += length + 1;
            match rest[length] {
                b'"' => return Some(()),
                b'\\' => {}
                _ => return None,
            }
            self.at += match rest.get(length + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
                b'u' => {
                    let digits = rest.get(length + 2..length + 6)?;
                    digits.iter().all(u8::is_ascii_hexdigit).then_some(5)?
                }
                _ => return None,
            };
        }
    }

    fn skip_within(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'{' => {
                let mut inside = self.open()?;
                let depth = depth.checked_sub(1)?;
                while self.follows(&mut inside)? {
                    self.skip_string()?;
                    self.take(b':')?;
                    self.skip_within(depth)?;
                }
                Some(())
            }
            b'[' => {
                let mut inside = self.open_list()?;
                let depth = depth.checked_sub(1)?;
                while self.follows(&mut inside)? {
                    self.skip_within(depth)?;
                }
                Some(())
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.skip_number(),
        }
    }

    fn open_list(&mut self) -> Option<Inside> {
        self.take(b'[')?;
        Some(Inside {
            close: b']',
            first: true,
        })
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then_some(())?;
        self.at += word.len();
        Some(())
    }

    /// Steps over digits and tells how many there were.
    fn digits(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn skip_number(&mut self) -> Option<()> {
        let next = |lean: &Self| lean.text.get(lean.at).copied();
        if next(self) == Some(b'-') {
            self.at += 1;
        }
        let begins_with_zero = next(self) == Some(b'0');
        match self.digits() {
            0 => return None,
            1 => {}
            _ if begins_with_zero => return None,
            _ => {}
        }
        if next(self) == Some(b'.') {
            self.at += 1;
            (self.digits() > 0).then_some(())?;
        }
        if matches!(next(self), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(next(self), Some(b'+' | b'-')) {
                self.at += 1;
            }
            (self.digits() > 0).then_some(())?;
        }
        Some(())
    }

    /// A whole number of ordinary size.
    fn count(&mut self) -> Option<u64> {
        let rest = self.text.get(self.at..)?;
        let mut number = 0;
        let mut length = 0;
        while let Some(digit) = rest.get(length).filter(|byte| byte.is_ascii_digit()) {
            if length == MOST_DIGITS {
                return None;
            }
            number = number * 10 + u64::from(digit - b'0');
            length += 1;
        }
        let is_plain = match rest {
            [b'0', ..] => length == 1,
            _ => length > 0,
        };
        if !is_plain || matches!(rest.get(length), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += length;
        Some(number)
    }
}

/// One in every byte of a word.
const ONES: u64 = u64::MAX / 255;
/// The upper bit of every byte of a word: set in the bytes of letters beyond ASCII.
const FOREIGN: u64 = ONES << 7;

/// How many bytes of a string stand before the first that is a quote, a backslash, a control character or, with
/// [`FOREIGN`] among the marks, no ASCII. Looks at eight bytes in one step.
fn run(text: &[u8], marks: u64) -> usize {
    let mut length = 0;
    while let Some(word) = text[length..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        // A byte's upper bit is set where the subtraction borrows; a borrow only carries on to later bytes.
        let below = |byte: u64, limit: u64| byte.wrapping_sub(ONES * limit) & !byte & FOREIGN;
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1)
            | (word & marks);
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let special =
        |byte: &u8| matches!(byte, ..0x20 | b'"' | b'\\') || u64::from(*byte) & marks & 0x80 != 0;
    let rest = &text[length..];
    length + rest.iter().position(special).unwrap_or(rest.len())
}

/// Where a walk stands between two brackets.
#[derive(Debug)]
pub(crate) struct Inside {
    close: u8,
    first: bool,
}

/// The one thing that this reader says of a text that it does not read.
#[derive(Debug, thiserror::Error)]
#[error("not read here")]
pub(crate) struct GaveUp;

impl serde::de::Error for GaveUp {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for &mut Lean<'de> {
    type Error = GaveUp;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        match self.peek().ok_or(GaveUp)? {
            b'"' => {
                let text = self.string().ok_or(GaveUp)?;
                visitor.visit_borrowed_str(std::str::from_utf8(text).map_err(|_| GaveUp)?)
            }
            b'{' => {
                let inside = self.open().ok_or(GaveUp)?;
                let mut entries = Elements::new(self, inside);
                let read = visitor.visit_map(&mut entries);
                if entries.over { read } else { Err(GaveUp) }
            }
            b'[' => {
                let inside = self.open_list().ok_or(GaveUp)?;
                let mut elements = Elements::new(self, inside);
                let read = visitor.visit_seq(&mut elements);
                if elements.over { read } else { Err(GaveUp) }
            }
            b't' => {
                self.word(b"true").ok_or(GaveUp)?;
                visitor.visit_bool(true)
            }
            b'f' => {
                self.word(b"false").ok_or(GaveUp)?;
                visitor.visit_bool(false)
            }
            b'n' => {
                self.word(b"null").ok_or(GaveUp)?;
                visitor.visit_unit()
            }
            _ => visitor.visit_u64(self.count().ok_or(GaveUp)?),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, GaveUp> {
        self.skip().ok_or(GaveUp)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// What stands between two brackets, one by one.
struct Elements<'a, 'de> {
    lean: &'a mut Lean<'de>,
    inside: Inside,
    /// The closing bracket has been stepped over.
    over: bool,
}

impl<'a, 'de> Elements<'a, 'de> {
    fn new(lean: &'a mut Lean<'de>, inside: Inside) -> Self {
        Self {
            lean,
            inside,
            over: false,
        }
    }
}

impl<'de> MapAccess<'de> for &mut Elements<'_, 'de> {
    type Error = GaveUp;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, GaveUp> {
        let key = self.lean.key(&mut self.inside).ok_or(GaveUp)?;
        self.over = key.is_none();
        key.map(|key| seed.deserialize(BorrowedBytesDeserializer::new(key)))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, GaveUp> {
        seed.deserialize(&mut *self.lean)
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = GaveUp;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, GaveUp> {
        self.over = !self.lean.follows(&mut self.inside).ok_or(GaveUp)?;
        (!self.over)
            .then(|| seed.deserialize(&mut *self.lean))
            .transpose()
    }
}

#[cfg(test)]
mod tests;
