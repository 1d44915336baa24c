//! The headers of one message: a name of up to 255 bytes, a type, a value.

/// A header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Types 0 and 1.
    Bool(bool),
    /// Type 2.
    Byte(i8),
    /// Type 3.
    Short(i16),
    /// Type 4.
    Integer(i32),
    /// Type 5.
    Long(i64),
    /// Type 6.
    Bytes(&'a [u8]),
    /// Type 7.
    Text(&'a str),
    /// Type 8, in milliseconds since 1970.
    Timestamp(i64),
    /// Type 9.
    Uuid([u8; 16]),
}

/// A header that cannot be read; none follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// The headers of a message in their order.
#[derive(Debug, Clone)]
pub struct Headers<'a> {
    rest: &'a [u8],
}

pub(super) fn headers(block: &[u8]) -> Headers<'_> {
    Headers { rest: block }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<(&'a str, Value<'a>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let header = self.read();
        if header.is_none() {
            self.rest = &[];
        }
        Some(header.ok_or(Unreadable))
    }
}

impl<'a> Headers<'a> {
    fn read(&mut self) -> Option<(&'a str, Value<'a>)> {
        let [length] = self.chunk()?;
        let name = std::str::from_utf8(self.bytes(usize::from(length))?).ok()?;
        if name.is_empty() {
            return None;
        }
        let [kind] = self.chunk()?;
        let value = match kind {
            0 => Value::Bool(true),
            1 => Value::Bool(false),
            2 => Value::Byte(i8::from_be_bytes(self.chunk()?)),
            3 => Value::Short(i16::from_be_bytes(self.chunk()?)),
            4 => Value::Integer(i32::from_be_bytes(self.chunk()?)),
            5 => Value::Long(i64::from_be_bytes(self.chunk()?)),
            6 => Value::Bytes(self.sized()?),
            7 => Value::Text(std::str::from_utf8(self.sized()?).ok()?),
            8 => Value::Timestamp(i64::from_be_bytes(self.chunk()?)),
            9 => Value::Uuid(self.chunk()?),
            _ => return None,
        };
        Some((name, value))
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.chunk()?);
        self.bytes(usize::from(length))
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*chunk)
    }
}
