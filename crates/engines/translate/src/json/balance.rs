//! Whether an object that arrives in pieces is complete, so that a later tool call can begin before its stream ends.

use super::escape;
use super::text::Text;

/// Follows one JSON object through its pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Balance {
    depth: u32,
    in_string: bool,
    after_backslash: bool,
    complete: bool,
}

impl Balance {
    /// Whether the object's last brace has come.
    pub(crate) fn is_complete(self) -> bool {
        self.complete
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &Text<'_>) {
        match piece {
            Text::Plain(text) => text.bytes().for_each(|byte| self.byte(byte)),
            Text::Raw(text) => self.raw(text),
        }
    }

    /// A piece that is still escaped: what counts is what it says.
    fn raw(&mut self, text: &str) {
        let mut rest = text;
        while let Some(backslash) = rest.find('\\') {
            rest[..backslash].bytes().for_each(|byte| self.byte(byte));
            let (character, after) = escape::one(&rest[backslash + 1..]);
            self.byte(u8::try_from(character).unwrap_or(b'?'));
            rest = after;
        }
        rest.bytes().for_each(|byte| self.byte(byte));
    }

    fn byte(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if std::mem::take(&mut self.after_backslash) => {}
                b'\\' => self.after_backslash = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.complete = self.depth == 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(pieces: &[Text<'_>]) -> bool {
        let mut balance = Balance::default();
        pieces.iter().for_each(|piece| balance.push(piece));
        balance.is_complete()
    }

    #[test]
    fn an_object_is_complete_at_its_last_brace() {
        assert!(complete(&[Text::Raw(r#"{\"a\":[1,"#), Text::Raw("{}]}")]));
        assert!(!complete(&[Text::Raw(r#"{\"a\":\"}"#)]));
        assert!(complete(&[Text::Raw(r#"{\"a\":\"}\\\"}\"}"#)]));
        assert!(!complete(&[Text::Raw(r#"{\"a\":\"}\\\"}"#)]));
        assert!(complete(&[Text::plain(r#"{"a":"\\"}"#)]));
        assert!(complete(&[Text::Raw(r"{}")]));
        assert!(!complete(&[Text::EMPTY]));
    }

    #[test]
    fn a_quote_may_come_as_a_number() {
        assert!(complete(&[Text::Raw(r"{\u0022a\u0022:1}")]));
        assert!(!complete(&[Text::Raw(r"{\u0022}")]));
    }
}
