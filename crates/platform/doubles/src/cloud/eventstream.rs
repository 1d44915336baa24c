//! Writes `application/vnd.amazon.eventstream` by its specification, checksums bit by bit.

use bytes::Bytes;

/// One message: its headers as text, its payload.
#[must_use]
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).expect("names are short"));
        block.extend(name.as_bytes());
        block.push(7);
        block.extend(
            u16::try_from(value.len())
                .expect("values are short")
                .to_be_bytes(),
        );
        block.extend(value.as_bytes());
    }
    let mut out = Vec::new();
    out.extend(length(12 + block.len() + payload.len() + 4));
    out.extend(length(block.len()));
    out.extend(crc32(&out).to_be_bytes());
    out.extend(block);
    out.extend(payload);
    out.extend(crc32(&out).to_be_bytes());
    out.into()
}

/// An event of this type with a JSON payload.
#[must_use]
pub fn event(kind: &str, payload: &str) -> Bytes {
    let headers = [
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    message(&headers, payload.as_bytes())
}

/// An exception of this type.
#[must_use]
pub fn exception(kind: &str, payload: &str) -> Bytes {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    message(&headers, payload.as_bytes())
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes)
        .expect("messages are short")
        .to_be_bytes()
}

/// ISO 3309: the polynomial 0x04C11DB7, bits reversed.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_messages_come_out_byte_for_byte() {
        assert_eq!(
            message(&[], b""),
            &b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff"[..]
        );
        assert_eq!(
            message(&[("content-type", "application/json")], b"{'foo':'bar'}"),
            &b"\x00\x00\x00=\x00\x00\x00 \x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1"[..]
        );
    }
}
