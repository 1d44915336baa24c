//! Escaping and its undoing, eight bytes at a time where nothing is to do.

use std::borrow::Cow;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether one of eight bytes is below 0x20, a quote or a backslash. May say yes for a byte after such a one; the
/// caller then looks byte by byte.
fn any_special(eight: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(eight);
    let below = |limit: u64, word: u64| word.wrapping_sub(LOW * limit) & !word & HIGH;
    let equal = |byte: u8| below(1, word ^ (LOW * u64::from(byte)));
    (below(0x20, word) | equal(b'"') | equal(b'\\')) != 0
}

/// Writes a string as it stands inside quotes.
pub(crate) fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len());
    let mut clean = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(eight) = bytes.get(at..at + 8)
            && let Ok(eight) = <[u8; 8]>::try_from(eight)
            && !any_special(eight)
        {
            at += 8;
            continue;
        }
        let byte = bytes[at];
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            out.extend_from_slice(&bytes[clean..at]);
            escape_byte(byte, out);
            clean = at + 1;
        }
        at += 1;
    }
    out.extend_from_slice(&bytes[clean..]);
}

fn escape_byte(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[high], HEX[low]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// The string that stands escaped between quotes. Half a surrogate pair becomes the replacement character: some
/// servers cut their pieces in the middle of one.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else {
        return Cow::Borrowed(raw);
    };
    let mut out = String::with_capacity(raw.len());
    out.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escaped) = rest.strip_prefix('\\') {
        let (character, after) = one(escaped);
        out.push(character);
        let next = after.find('\\').unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(out)
}

/// The character that an escape stands for, and what follows it. Begins behind the backslash.
pub(super) fn one(escaped: &str) -> (char, &str) {
    let mut characters = escaped.chars();
    let character = match characters.next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('u') => return unicode(&escaped[1..]),
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, characters.as_str())
}

fn unicode(digits: &str) -> (char, &str) {
    let unit = |text: &str| {
        text.get(..4)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    let Some(first) = unit(digits) else {
        return (char::REPLACEMENT_CHARACTER, digits);
    };
    let after = &digits[4..];
    if let Some(character) = char::from_u32(first) {
        return (character, after);
    }
    let second = after
        .strip_prefix("\\u")
        .and_then(|digits| Some((unit(digits)?, &digits[4..])));
    match second {
        Some((low, rest)) if first < 0xdc00 && (0xdc00..0xe000).contains(&low) => {
            let joined = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            (
                char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER),
                rest,
            )
        }
        _ => (char::REPLACEMENT_CHARACTER, after),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_pair_is_replaced() {
        assert_eq!(unescape(r"a\ud83d"), "a\u{fffd}");
        assert_eq!(unescape(r"\ude00b"), "\u{fffd}b");
        assert_eq!(unescape(r"\ud83d\ude00!"), "😀!");
        assert_eq!(unescape(r"\ud83d\u0041"), "\u{fffd}A");
    }

    #[test]
    fn broken_escapes_do_no_harm() {
        assert_eq!(unescape("a\\"), "a\u{fffd}");
        assert_eq!(unescape(r"\u12"), "\u{fffd}12");
    }

    proptest! {
        #[test]
        fn escaping_is_what_serde_does(text in any::<String>()) {
            let mut out = vec![b'"'];
            escape(&text, &mut out);
            out.push(b'"');
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(&read, &text);
            let raw = std::str::from_utf8(&out[1..out.len() - 1]).unwrap();
            prop_assert_eq!(unescape(raw), text.as_str());
        }
    }
}
