//! Reading over damage of any length, wherever the reader's window happens to end.

use std::io::Write;

use kernel::{CallId, Nano, Timestamp, Usage};

use super::*;

fn frame(number: u128) -> Vec<u8> {
    let progress = CallProgress {
        id: CallId::from_u128(number),
        at: Timestamp::from_secs(1),
        usage: Usage::default(),
        nano_usd: Nano(1),
    };
    let mut frame = Vec::new();
    encode(&FactRef::Progress(&progress), &mut frame).unwrap();
    frame
}

/// The calls of the whole frames in `bytes`, and where the last one ended.
fn read(bytes: &[u8]) -> (Vec<u128>, u64) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let mut reader = Reader::new(file, 0, bytes.len() as u64);
    let mut calls = Vec::new();
    while let Some(found) = reader.next().unwrap() {
        assert_eq!(
            &bytes[found.start as usize + HEADER..found.end as usize],
            found.body
        );
        let head: Head = serde_json::from_slice(found.body).unwrap();
        assert_eq!(head.fact, Sort::Progress);
        calls.push(head.id.as_u128());
    }
    (calls, reader.good())
}

#[test]
fn frames_are_found_behind_damage_that_ends_anywhere_in_the_window() {
    let (first, second) = (frame(1), frame(2));
    for length in (1..40).chain(WINDOW - 2 * first.len()..WINDOW + 20) {
        let mut bytes = first.clone();
        bytes.resize(first.len() + length, 0x7b);
        bytes.extend(&second);
        assert_eq!(read(&bytes), (vec![1, 2], bytes.len() as u64), "{length}");
    }
}

#[test]
fn a_length_that_points_beyond_the_file_hides_nothing() {
    let mut bytes = frame(1);
    let good = bytes.len() as u64;
    bytes.extend(&frame(2)[..HEADER + 5]);
    assert_eq!(read(&bytes), (vec![1], good));
    let mut broken = frame(3);
    broken[1] = 0x3f;
    bytes.extend(&broken);
    bytes.extend(frame(4));
    assert_eq!(read(&bytes), (vec![1, 4], bytes.len() as u64));
}

#[test]
fn a_mark_in_garbage_is_no_fact() {
    let mut bytes = MARK.repeat(1_000);
    assert_eq!(read(&bytes), (vec![], 0));
    bytes.extend(frame(5));
    bytes.extend(MARK.repeat(10));
    let (calls, _) = read(&bytes);
    assert_eq!(calls, [5]);
}

#[test]
fn an_empty_file_has_no_frames() {
    assert_eq!(read(&[]), (vec![], 0));
}
