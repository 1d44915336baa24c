//! Objects and lists written straight into a buffer. An object or a list ends where its value goes out of scope.

use super::text::Text;

/// An object being written.
#[derive(Debug)]
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    filled: bool,
}

impl<'o> Object<'o> {
    /// Begins an object at the buffer's end.
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, filled: false }
    }

    /// Writes a key and gives the buffer, for a value that the caller writes.
    pub(crate) fn value(&mut self, key: &str) -> &mut Vec<u8> {
        if std::mem::replace(&mut self.filled, true) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &str, text: &Text<'_>) {
        text.write_quoted(self.value(key));
    }

    /// A string where there is one.
    pub(crate) fn text_if(&mut self, key: &str, text: Option<&Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A plain string.
    pub(crate) fn str(&mut self, key: &str, text: &str) {
        let out = self.value(key);
        out.push(b'"');
        super::escape(text, out);
        out.push(b'"');
    }

    /// A whole number.
    pub(crate) fn number(&mut self, key: &str, number: u64) {
        let mut digits = itoa::Buffer::new();
        self.raw(key, digits.format(number));
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, key: &str, flag: bool) {
        self.raw(key, if flag { "true" } else { "false" });
    }

    /// Nothing.
    pub(crate) fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    /// A value as JSON text.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.value(key).extend_from_slice(json.as_bytes());
    }

    /// A value as JSON text, where there is one.
    pub(crate) fn raw_if(&mut self, key: &str, json: Option<&serde_json::value::RawValue>) {
        if let Some(json) = json {
            self.raw(key, json.get());
        }
    }

    /// An object.
    pub(crate) fn object(&mut self, key: &str) -> Object<'_> {
        Object::new(self.value(key))
    }

    /// A list.
    pub(crate) fn array(&mut self, key: &str) -> Array<'_> {
        Array::new(self.value(key))
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push(b'}');
    }
}

/// A list being written.
#[derive(Debug)]
pub(crate) struct Array<'o> {
    out: &'o mut Vec<u8>,
    filled: bool,
}

impl<'o> Array<'o> {
    /// Begins a list at the buffer's end.
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, filled: false }
    }

    /// Gives the buffer for an element that the caller writes.
    pub(crate) fn value(&mut self) -> &mut Vec<u8> {
        if std::mem::replace(&mut self.filled, true) {
            self.out.push(b',');
        }
        self.out
    }

    /// An object.
    pub(crate) fn object(&mut self) -> Object<'_> {
        Object::new(self.value())
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &Text<'_>) {
        text.write_quoted(self.value());
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_lists_end_by_themselves() {
        let mut out = Vec::new();
        {
            let mut object = Object::new(&mut out);
            object.str("a", "b\"");
            object.number("n", 17);
            let mut list = object.array("l");
            list.text(&Text::Raw(r"\n"));
            list.object().null("x");
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":"b\"","n":17,"l":["\n",{"x":null}]}"#
        );
    }
}
