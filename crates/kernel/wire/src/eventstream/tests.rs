//! Published messages, any cuts, and every sort of damage.

use proptest::prelude::*;

use super::*;

/// Published messages (the AWS SDKs' own test vectors) and what they say.
const EMPTY: &[u8] = b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff";
const INT8: &[u8] = b"\x00\x00\x00\x17\x00\x00\x00\x07)\x86\x01X\x04byte\x02\xff\xc2\xf8i\xdc";
const INT16: &[u8] = b"\x00\x00\x00\x19\x00\x00\x00\tq\x0e\x92>\x05short\x03\xff\xff\xb2|\xb6\xcc";
const INT32: &[u8] =
    b"\x00\x00\x00\x1d\x00\x00\x00\r\x83\xe3\xf0\xe7\x07integer\x04\xff\xff\xff\xff\x8b\x8e\x12\xeb";
const INT64: &[u8] = b"\x00\x00\x00\x1e\x00\x00\x00\x0e]J\xdb\x8d\x04long\x05\xff\xff\xff\xff\xff\xff\xff\xffK\xc22\xda";
const NO_HEADERS: &[u8] = b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfdR\x8cZ{'foo':'bar'}\xc3e96";
const ONE_HEADER: &[u8] = b"\x00\x00\x00=\x00\x00\x00 \x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
const ALL_TYPES: &[u8] = b"\x00\x00\x00\x62\x00\x00\x00\x52\x03\xb5\xcb\x9c\
    \x010\x00\x011\x01\x012\x02\x02\x013\x03\x00\x03\x014\x04\x00\x00\x00\x04\
    \x015\x05\x00\x00\x00\x00\x00\x00\x00\x05\x016\x06\x00\x05bytes\x017\x07\x00\x04utf8\
    \x018\x08\x00\x00\x00\x00\x00\x00\x00\x08\x019\x090123456789abcdef\x63\x35\x36\x71";
const ERROR: &[u8] =
    b"\x00\x00\x00\x52\x00\x00\x00\x42\xbf\x23\x63\x7e\x0d:message-type\x07\x00\x05error\
    \x0b:error-code\x07\x00\x04code\x0e:error-message\x07\x00\x07message\x6b\x6c\xea\x3d";
const INITIAL: &[u8] =
    b"\x00\x00\x00~\x00\x00\x00O\xc5\xa3\xdd\xc6\r:message-type\x07\x00\x05event\
    \x0b:event-type\x07\x00\x10initial-response\r:content-type\x07\x00\ttext/json\
    {\"InitialResponse\": \"sometext\"}\xf6\x98$\x83";

const PUBLISHED: [&[u8]; 10] = [
    EMPTY, INT8, INT16, INT32, INT64, NO_HEADERS, ONE_HEADER, ALL_TYPES, ERROR, INITIAL,
];

fn decode(bytes: &[u8]) -> Result<Vec<Message>, FrameError> {
    let mut decoder = Decoder::new(1 << 20);
    decoder.push(bytes);
    drain(&mut decoder)
}

fn drain(decoder: &mut Decoder) -> Result<Vec<Message>, FrameError> {
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

fn one(bytes: &[u8]) -> Message {
    let mut messages = decode(bytes).unwrap();
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

/// A message around these headers and this payload.
fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = u32::try_from(headers.len() + payload.len() + 16).unwrap();
    let mut out = total.to_be_bytes().to_vec();
    out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

#[test]
fn published_messages_say_what_they_are_said_to() {
    let headers = |bytes| {
        let message = one(bytes);
        let headers = message.headers().map(Result::unwrap);
        headers
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(headers(EMPTY), [""; 0]);
    assert_eq!(headers(INT8), ["byte=Byte(-1)"]);
    assert_eq!(headers(INT16), ["short=Short(-1)"]);
    assert_eq!(headers(INT32), ["integer=Integer(-1)"]);
    assert_eq!(headers(INT64), ["long=Long(-1)"]);
    assert_eq!(
        headers(ONE_HEADER),
        [r#"content-type=Text("application/json")"#]
    );
    assert_eq!(
        headers(ALL_TYPES),
        [
            "0=Bool(true)",
            "1=Bool(false)",
            "2=Byte(2)",
            "3=Short(3)",
            "4=Integer(4)",
            "5=Long(5)",
            "6=Bytes([98, 121, 116, 101, 115])",
            "7=Text(\"utf8\")",
            "8=Timestamp(8)",
            "9=Uuid([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102])",
        ]
    );
    assert_eq!(one(NO_HEADERS).payload(), &b"{'foo':'bar'}"[..]);
    assert_eq!(one(ONE_HEADER).payload(), &b"{'foo':'bar'}"[..]);
    assert_eq!(one(EMPTY).payload(), &b""[..]);
}

#[test]
fn messages_are_told_by_their_kind() {
    assert_eq!(
        one(ERROR).kind(),
        MessageKind::Error {
            code: "code",
            message: "message"
        }
    );
    let initial = one(INITIAL);
    assert_eq!(initial.kind(), MessageKind::Event("initial-response"));
    assert_eq!(initial.text(":content-type"), Some("text/json"));
    assert_eq!(initial.text("no"), None);
    let thrown = message(
        b"\x0d:message-type\x07\x00\x09exception\x0f:exception-type\x07\x00\x05tooHi",
        b"{}",
    );
    assert_eq!(one(&thrown).kind(), MessageKind::Exception("tooHi"));
    assert_eq!(one(EMPTY).kind(), MessageKind::Event(""));
}

#[test]
fn published_damage_is_found() {
    let with = |from: &[u8], at: usize, bytes: &[u8]| {
        let mut broken = from.to_vec();
        broken[at..at + bytes.len()].copy_from_slice(bytes);
        decode(&broken).unwrap_err()
    };
    // corrupted_length, corrupted_header_len, corrupted_headers, corrupted_payload
    assert_eq!(with(NO_HEADERS, 0, &[1]), FrameError::PreludeChecksum);
    assert_eq!(
        with(ONE_HEADER, 4, b"\xff\x00\x01\x02"),
        FrameError::PreludeChecksum
    );
    assert_eq!(with(ONE_HEADER, 20, b"+"), FrameError::MessageChecksum);
    assert_eq!(with(NO_HEADERS, 24, b"\x8d"), FrameError::MessageChecksum);
}

#[test]
fn lengths_and_headers_that_cannot_be_are_refused() {
    let prelude = |total: u32, headers: u32| {
        let mut out = total.to_be_bytes().to_vec();
        out.extend(headers.to_be_bytes());
        out.extend(crc32fast::hash(&out).to_be_bytes());
        decode(&out)
    };
    assert_eq!(prelude(15, 0), Err(FrameError::Lengths));
    assert_eq!(prelude(0, 0), Err(FrameError::Lengths));
    assert_eq!(prelude(20, 5), Err(FrameError::Lengths));
    // Told before a byte of it has come.
    assert_eq!(
        prelude((1 << 20) + 1, 0),
        Err(FrameError::TooLarge(1 << 20))
    );
    assert_eq!(
        prelude(200_000, 140_000),
        Err(FrameError::TooLarge(1 << 20))
    );
    assert_eq!(prelude(1 << 20, 0), Ok(vec![]));
    for headers in [
        &b"\x01a\x0a"[..],
        b"\x01a\xff\x00",
        b"\x00\x00",
        b"\x01",
        b"\x01a",
        b"\x01a\x04\x00\x00",
        b"\x01a\x07\x00\x02x",
        b"\x01a\x07\x00\x01\xff",
        b"\x01\xff\x00",
        b"\x01a\x09uuid",
        b"\x01a\x00\x05ab",
    ] {
        let told = decode(&message(headers, b"x"));
        assert_eq!(told, Err(FrameError::Headers), "{headers:?}");
    }
}

#[test]
fn a_fault_is_final_and_frees_what_was_held() {
    let mut decoder = Decoder::new(1 << 20);
    decoder.push(&[EMPTY, &[0; 12]].concat());
    assert!(decoder.next_message().unwrap().is_some());
    for _ in 0..2 {
        decoder.push(EMPTY);
        assert_eq!(decoder.next_message(), Err(FrameError::PreludeChecksum));
        assert!(!decoder.is_between_messages());
        assert!(decoder.held.is_empty());
    }
}

#[test]
fn an_end_in_the_middle_is_seen() {
    let mut decoder = Decoder::new(1 << 20);
    assert!(decoder.is_between_messages());
    decoder.push(&EMPTY[..15]);
    assert_eq!(decoder.next_message(), Ok(None));
    assert!(!decoder.is_between_messages());
    decoder.push(&EMPTY[15..]);
    assert!(decoder.next_message().unwrap().is_some());
    assert!(decoder.is_between_messages());
}

proptest! {
    #[test]
    fn any_cuts_give_the_same_messages(
        picks in prop::collection::vec(0..PUBLISHED.len(), 1..8),
        payload in prop::collection::vec(any::<u8>(), 0..64),
        sizes in prop::collection::vec(1_usize..40, 1..8),
    ) {
        let mut stream: Vec<u8> = picks.iter().flat_map(|pick| PUBLISHED[*pick]).copied().collect();
        stream.extend(message(b"\x01a\x00", &payload));
        let whole = decode(&stream).unwrap();
        prop_assert_eq!(whole.len(), picks.len() + 1);
        prop_assert_eq!(whole.last().unwrap().payload(), &payload);
        let mut decoder = Decoder::new(1 << 20);
        let mut cut = Vec::new();
        let mut rest = &stream[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            decoder.push(piece);
            cut.extend(drain(&mut decoder).unwrap());
            rest = after;
        }
        prop_assert_eq!(cut, whole);
        prop_assert!(decoder.is_between_messages());
    }

    #[test]
    fn no_changed_bit_goes_unseen(pick in 0..PUBLISHED.len(), at: prop::sample::Index, bit in 0_u8..8) {
        let mut broken = PUBLISHED[pick].to_vec();
        let at = at.index(broken.len());
        broken[at] ^= 1 << bit;
        prop_assert!(decode(&broken).is_err());
    }

    #[test]
    fn any_bytes_do(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = decode(&bytes);
        let _ = decode(&message(&bytes, b""));
    }
}
