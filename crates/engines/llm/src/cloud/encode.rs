//! Percent-encoding as the clouds' paths and signatures want it, which is stricter than what a URL may hold.

/// What never needs an escape (RFC 3986).
pub(super) const fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Every byte that is not kept, as `%XX` in capitals.
pub(super) fn encode(text: &[u8], kept: impl Fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text {
        if kept(*byte) {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// One segment of a path: nothing in it can end the segment or be taken for a parameter of it.
pub(super) fn segment(text: &str) -> String {
    encode(text.as_bytes(), unreserved)
}

/// In small hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_become_one_segment() {
        assert_eq!(
            segment("us.anthropic.claude-opus-4-5-20251101-v1:0"),
            "us.anthropic.claude-opus-4-5-20251101-v1%3A0"
        );
        assert_eq!(
            segment("arn:aws:bedrock:us-east-1:123456789012:inference-profile/x"),
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fx"
        );
        assert_eq!(segment("a b;c?d#é%"), "a%20b%3Bc%3Fd%23%C3%A9%25");
        assert_eq!(hex(&[0, 0x7f, 0xa0]), "007fa0");
    }
}
