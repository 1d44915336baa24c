//! Members taken and put, wherever they stand, and texts that are no object.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn edited(body: &str, names: &[&str], members: &str) -> Option<String> {
    let mut edits = Edits::new();
    let taken = edits.take_members(body.as_bytes(), names)?;
    edits.put_members(&taken, members);
    let out = edits.apply(&Bytes::copy_from_slice(body.as_bytes()));
    Some(String::from_utf8(out.to_vec()).unwrap())
}

#[test]
fn members_go_with_one_comma_wherever_they_stand() {
    for (body, expected) in [
        (r#"{"model":"a","stream":true}"#, "{}"),
        (r#"{"model":"a","x":1,"stream":true}"#, r#"{"x":1}"#),
        (r#"{"x":1,"model":"a","stream":true}"#, r#"{"x":1}"#),
        (r#"{"model":"a","stream":true,"x":1}"#, r#"{"x":1}"#),
        (
            r#" { "x" : [1,{"model":2}] , "model" : "a" , "y" : "}" } "#,
            r#" { "x" : [1,{"model":2}] , "y" : "}" } "#,
        ),
        (r#"{ "x":1 , "model":"a" }"#, r#"{ "x":1 }"#),
        (r#"{"mod\u0065l":"a","x":"\\\""}"#, r#"{"x":"\\\""}"#),
        (
            r#"{"model":1,"x":-1.5e3,"model":2,"y":null}"#,
            r#"{"x":-1.5e3,"y":null}"#,
        ),
        (r#"{"x":1}"#, r#"{"x":1}"#),
        ("{ }", "{ }"),
    ] {
        let out = edited(body, &["model", "stream"], "");
        assert_eq!(out.as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn members_are_put_first() {
    let put = |body| edited(body, &["model"], r#""v":"1","w":[]"#).unwrap();
    assert_eq!(put(r#"{"model":"a"}"#), r#"{"v":"1","w":[]}"#);
    assert_eq!(put(r#"{"model":"a","x":1}"#), r#"{"v":"1","w":[],"x":1}"#);
    assert_eq!(put(r#"{ "x":1}"#), r#"{"v":"1","w":[], "x":1}"#);
    assert_eq!(put("{}"), r#"{"v":"1","w":[]}"#);
}

#[test]
fn values_are_told_by_their_place() {
    let body = br#"{"a": [1] , "b":"x"}"#;
    let mut edits = Edits::new();
    let taken = edits.take_members(body, &["b", "c", "a"]).unwrap();
    assert_eq!(taken.values, [Some(16..19), None, Some(6..9)]);
    assert!(!taken.leaves_any);
    assert_eq!(value_of(body, "a"), Some(6..9));
    assert_eq!(value_of(body, "c"), None);
}

#[test]
fn what_is_no_object_is_left_alone() {
    for body in [
        "",
        " ",
        "[]",
        "1",
        "{",
        r#"{"a""#,
        r#"{"a":"#,
        r#"{"a":}"#,
        r#"{"a":1"#,
        r#"{"a":1,"#,
        r#"{"a":1,}"#,
        r#"{a:1}"#,
        r#"{"a":"x}"#,
        r#"{"a":[1}"#,
        r#"{"a" 1}"#,
        "{]}",
        r#"{"a":"\"#,
    ] {
        assert_eq!(edited(body, &["a"], "\"b\":1"), None, "{body}");
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],: é]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d\"]{1,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_rest_says_what_it_said(
        members in prop::collection::vec(("[a-d\"\\\\]{1,2}", json()), 0..6), pretty: bool,
    ) {
        let object: Map<String, Value> = members.into_iter().collect();
        let text = if pretty {
            serde_json::to_string_pretty(&object).unwrap()
        } else {
            serde_json::to_string(&object).unwrap()
        };
        let mut expected = object;
        let had = (expected.shift_remove("a"), expected.shift_remove("\""));
        let mut edits = Edits::new();
        let taken = edits.take_members(text.as_bytes(), &["a", "\""]).unwrap();
        for (value, span) in [had.0, had.1].iter().zip(&taken.values) {
            let told: Option<Value> = span.clone().map(|span| serde_json::from_str(&text[span]).unwrap());
            prop_assert_eq!(&told, value);
        }
        prop_assert_eq!(taken.leaves_any, !expected.is_empty());
        edits.put_members(&taken, "\"a\":7");
        let out = edits.apply(&Bytes::from(text));
        expected.shift_insert(0, "a".to_owned(), Value::from(7));
        let out: Map<String, Value> = serde_json::from_slice(&out).unwrap();
        // Members and their order.
        prop_assert_eq!(serde_json::to_string(&out).unwrap(), serde_json::to_string(&expected).unwrap());
    }

    #[test]
    fn any_bytes_do(bytes in prop::collection::vec(prop_oneof![
        any::<u8>(), prop::sample::select(&b"{}[]\",:\\ a1"[..]),
    ], 0..40)) {
        let mut edits = Edits::new();
        let _ = edits.take_members(&bytes, &["a"]);
        let _ = edits.apply(&Bytes::from(bytes));
    }
}
