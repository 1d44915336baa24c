//! Whatever is read here is what serde_json makes of it; what serde_json refuses is never read.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;
use crate::lenient::{Count, List, Object, Text};

/// Leaves of every kind, an object within and a list.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(default)]
struct Shape {
    count: Count,
    text: Text,
    inner: Object<Inner>,
    list: List<Object<Inner>>,
}

#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(default)]
struct Inner {
    count: Count,
    text: Text,
}

/// Both readers on one text.
fn agree(text: &[u8]) -> Result<(), TestCaseError> {
    let shape = serde_json::from_slice::<Shape>(text).ok();
    if let Some(read) = read::<Shape>(text) {
        prop_assert_eq!(Some(read), shape, "{:?}", String::from_utf8_lossy(text));
    }
    let mut skipped = Lean::new(text);
    if skipped.skip().is_some() && skipped.ends() {
        let ignored = serde_json::from_slice::<IgnoredAny>(text);
        prop_assert!(ignored.is_ok(), "{:?}", String::from_utf8_lossy(text));
    }
    Ok(())
}

/// Pieces that a text is put together from: most are no JSON, some nearly.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b" ",
        b"\n",
        b"\"count\":",
        b"\"text\":",
        b"\"inner\":",
        b"\"list\":",
        b"\"other\":",
        b"\"te\\u0078t\":",
        b"1",
        b"-1",
        b"01",
        b"1.5",
        b"1e3",
        b"1.",
        b"123456789012345678",
        b"12345678901234567890",
        b"true",
        b"false",
        b"null",
        b"nul",
        b"\"a\"",
        b"\"\"",
        b"\"\\n\"",
        b"\"\\x\"",
        b"\"\\ud800\"",
        b"\"\\u00g0\"",
        "\"\u{e9}\"".as_bytes(),
        b"\"\xff\"",
        b"\"\t\"",
        b"\x01",
        b"\x0b",
        b"\"",
        b"\\",
    ]);
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Sound JSON: trees with the keys that are read.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z\"\\\\\n\u{7f}é]{0,6}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("count".to_owned()),
        Just("text".to_owned()),
        Just("inner".to_owned()),
        Just("list".to_owned()),
        "[a-z\"é]{0,6}",
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_read_is_what_serde_json_reads(text in pieces()) {
        agree(&text)?;
    }

    #[test]
    fn so_it_is_with_sound_texts_cut_anywhere(tree in tree(), cut in any::<prop::sample::Index>(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.unwrap();
        agree(&text)?;
        agree(&text[..cut.index(text.len() + 1)])?;
        // Sound JSON is always skipped: only what is read may be left to the other reader.
        prop_assert!(Lean::new(&text).skip().is_some());
    }
}

#[test]
fn twofold_keys_of_a_shape_are_left_alone() {
    let text = br#"{"count":1,"count":2}"#;
    assert!(read::<Shape>(text).is_none());
    assert!(serde_json::from_slice::<Shape>(text).is_err());
}

#[test]
fn plain_texts_are_read_here() {
    let text = br#" { "text" : "gpt-5", "other":{"x":[1.5,-2,"\u00e9\n"]}, "inner":{"count":7}, "list":[{"text":"a"},null,3] } "#;
    let shape = read::<Shape>(text).unwrap();
    assert_eq!(shape.text.0.as_deref(), Some("gpt-5"));
    assert_eq!(shape.inner.0.unwrap().count, Count(Some(7)));
    assert_eq!(shape.list.0.unwrap().len(), 3);
}

#[test]
fn what_follows_a_text_is_seen() {
    for text in ["{} \u{1}", "{}\u{b}", "{} {}", "{},", "{}\u{a0}", "{}x"] {
        assert!(read::<Shape>(text.as_bytes()).is_none(), "{text:?}");
    }
    assert!(read::<Shape>(b" {} \t\r\n").is_some());
}

#[test]
fn what_is_very_deep_is_left_alone() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert!(Lean::new(&deep).skip().is_none());
}
