//! Boundaries under every line end and every cut, and what the events say.

use proptest::prelude::*;

use super::*;

/// Pushes a stream in the given pieces; gives the blocks that came out and the rest.
fn split(pieces: &[&[u8]]) -> (Vec<Bytes>, Bytes) {
    let mut splitter = Splitter::new(1 << 20);
    let mut blocks = Vec::new();
    for piece in pieces {
        blocks.extend(splitter.push(Bytes::copy_from_slice(piece)).unwrap());
    }
    (blocks, splitter.take_rest())
}

fn said(block: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    events(block)
        .map(|event| (text(event.name.unwrap_or_default()), text(&event.data)))
        .collect()
}

#[test]
fn a_chunk_that_ends_on_a_boundary_is_passed_on_itself() {
    for chunk in [
        "data: 1\n\n",
        "data: 1\r\n\r\n",
        "data: 1\r\r",
        "data: 1\n\r\n",
        ": ping\n\ndata: 2\n\r",
    ] {
        let chunk = Bytes::from_static(chunk.as_bytes());
        let mut splitter = Splitter::new(100);
        let out = splitter.push(chunk.clone()).unwrap().unwrap();
        assert_eq!((out.as_ptr(), out.len()), (chunk.as_ptr(), chunk.len()));
        assert_eq!(splitter.held(), 0);
    }
}

#[test]
fn the_beginning_of_an_event_is_held() {
    let mut splitter = Splitter::new(100);
    let out = splitter
        .push(Bytes::from_static(b"data: 1\n\ndata: 2\n"))
        .unwrap();
    assert_eq!(out.as_deref(), Some(&b"data: 1\n\n"[..]));
    assert_eq!(splitter.held(), 8);
    assert_eq!(splitter.push(Bytes::from_static(b"data: 3")).unwrap(), None);
    let out = splitter.push(Bytes::from_static(b"\n\nda")).unwrap();
    assert_eq!(out.as_deref(), Some(&b"data: 2\ndata: 3\n\n"[..]));
    assert_eq!(splitter.take_rest(), "da");
    assert_eq!(splitter.held(), 0);
}

#[test]
fn a_line_feed_after_the_cut_belongs_to_the_carriage_return_before_it() {
    let (blocks, rest) = split(&[b"data: 1\r\n\r", b"\n", b"data: 2\r", b"\n\r\n"]);
    assert_eq!(blocks, ["data: 1\r\n\r", "\n", "data: 2\r\n\r\n"]);
    assert!(rest.is_empty());
}

#[test]
fn an_event_over_the_bound_is_refused_and_let_go() {
    let mut splitter = Splitter::new(10);
    assert_eq!(
        splitter.push(Bytes::from_static(b"data: 1234")).unwrap(),
        None
    );
    assert_eq!(
        splitter.push(Bytes::from_static(b"5")),
        Err(EventTooLarge(10))
    );
    assert_eq!(splitter.held(), 0);
}

#[test]
fn what_came_whole_is_given_before_the_bound_is_judged() {
    let mut splitter = Splitter::new(4);
    let out = splitter
        .push(Bytes::from_static(b"data: 1\n\ndata: 2"))
        .unwrap();
    assert_eq!(out.as_deref(), Some(&b"data: 1\n\n"[..]));
    assert!(splitter.push(Bytes::from_static(b"3")).is_err());
}

#[test]
fn events_are_read_as_browsers_do() {
    let block = b"\xef\xbb\xbfevent: a\ndata:1\ndata:  2\n\n: comment\n\ndata\n\nid: 7\r\ndata: {\"x\"\r\ndata: :1}\r\n\r\n\n\nevent:b\rdata: \xc3\xa9\r\r";
    assert_eq!(
        said(block),
        [
            ("a", "1\n 2"),
            ("", ""),
            ("", ""),
            ("", "{\"x\"\n:1}"),
            ("b", "é"),
        ]
        .map(|(name, data)| (name.to_owned(), data.to_owned()))
    );
}

#[test]
fn blank_lines_belong_to_no_event() {
    let block = b"\n\r\ndata: 1\n\n\ndata: 2";
    let ranges: Vec<_> = events(block).map(|event| event.range).collect();
    assert_eq!(ranges, [3..12, 13..20]);
    assert!(matches!(
        events(block).next().unwrap().data,
        Cow::Borrowed(b"1")
    ));
    assert_eq!(events(b"").count() + events(b"\n\r\r\n").count(), 0);
}

#[test]
fn megabytes_in_small_pieces_take_linear_time() {
    let event = [b"data: ".to_vec(), vec![b'x'; 8 << 20], b"\n\n".to_vec()].concat();
    let mut splitter = Splitter::new(16 << 20);
    let mut out = Vec::new();
    for piece in event.chunks(1_000) {
        out.extend(splitter.push(Bytes::copy_from_slice(piece)).unwrap());
    }
    assert_eq!(out, [Bytes::from(event)]);
}

/// Streams with every kind of line end, blank lines, byte order marks and text beyond ASCII.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("data: "),
        Just("event: x"),
        Just(": note"),
        Just("é漢😀"),
        Just("{\"a\":1}"),
        Just("\u{feff}"),
        Just("\n"),
        Just("\r"),
        Just("\r\n"),
        Just("\n\n"),
        Just("\r\n\r\n"),
        Just("\r\r"),
        Just("\n\r\n"),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

fn pieces<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| &stream[pair[0]..pair[1]])
        .collect()
}

proptest! {
    #[test]
    fn cuts_change_neither_bytes_nor_events(stream in stream(), cuts in proptest::collection::vec(any::<usize>(), 0..12)) {
        let (blocks, rest) = split(&pieces(&stream, &cuts));
        let bytes = [blocks.concat(), rest.to_vec()].concat();
        prop_assert_eq!(&bytes, &stream);
        let mut cut: Vec<_> = blocks.iter().flat_map(|block| said(block)).collect();
        cut.extend(said(&rest));
        prop_assert_eq!(cut, said(&stream));
        // What is held is never a whole event.
        let (_, whole_rest) = split(&[&stream]);
        prop_assert_eq!(rest, whole_rest);
    }

    #[test]
    fn every_block_ends_where_an_event_ends(stream in stream(), cuts in proptest::collection::vec(any::<usize>(), 0..12)) {
        let (blocks, _) = split(&pieces(&stream, &cuts));
        for block in blocks {
            prop_assert!(block.ends_with(b"\n") || block.ends_with(b"\r"));
        }
    }
}
