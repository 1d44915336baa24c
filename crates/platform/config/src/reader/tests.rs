//! Types of many shapes read from trees.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::tree::from_json;

fn json<T: DeserializeOwned>(text: &str) -> Result<T, Mistake> {
    read(&from_json(text.as_bytes()).unwrap())
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged {
    Plain { count: u8 },
    Other,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Unit,
    Pair(u8, u8),
    Record { a: i64 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    name: String,
    amount: Option<f64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[test]
fn enums_of_every_form_are_read() {
    assert_eq!(
        json(r#"{"type":"plain","count":3}"#),
        Ok(Tagged::Plain { count: 3 })
    );
    assert_eq!(json(r#"{"type":"other"}"#), Ok(Tagged::Other));
    assert_eq!(json(r#""unit""#), Ok(Choice::Unit));
    assert_eq!(json(r#"{"pair":[1,2]}"#), Ok(Choice::Pair(1, 2)));
    assert_eq!(json(r#"{"record":{"a":-1}}"#), Ok(Choice::Record { a: -1 }));
    let wrong = json::<Choice>(r#""unti""#).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "\"unti\" is not offered; did you mean `unit`?"
    );
}

#[test]
fn numbers_keep_their_value() {
    assert_eq!(json::<u64>("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(json::<i64>("-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(json::<f64>("1"), Ok(1.0));
    assert_eq!(
        json::<serde_json::Value>(r#"{"a":[1,2.5,null,true]}"#).unwrap()["a"][1],
        2.5
    );
    let wrong = json::<u8>("300").unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "expected a whole number from 0 to 255, got 300"
    );
}

#[test]
fn mistakes_carry_their_path_and_no_value() {
    let told = |text: &str| json::<Vec<Strict>>(text).unwrap_err().to_string();
    assert_eq!(
        told(r#"[{"name":"a","amount":null},{"amount":1}]"#),
        "[1].name: missing; set it"
    );
    assert_eq!(
        told(r#"[{"name":"a","tags":{"k":7}}]"#),
        "[0].tags.k: expected a text, got a whole number"
    );
    assert_eq!(
        told(r#"[{"name":"a","amuont":1}]"#),
        "[0].amuont: unknown name; did you mean `amount`?"
    );
    assert!(!told(r#"[{"name":"a","amount":"canary"}]"#).contains("canary"));
}

#[test]
fn lenient_texts_take_the_kind_that_is_asked_for() {
    let text = |text: &str| Node::inline(Value::Lenient(text.to_owned()));
    assert_eq!(read::<String>(&text("007")), Ok("007".to_owned()));
    assert_eq!(read::<u32>(&text("007")), Ok(7));
    assert_eq!(read::<bool>(&text("On")), Ok(true));
    assert_eq!(read::<Option<u32>>(&text("")), Ok(None));
    assert_eq!(read::<Vec<u8>>(&text("1, 2,3")), Ok(vec![1, 2, 3]));
    assert_eq!(
        read::<Vec<String>>(&text("[\"a,b\", \"c\"]")),
        Ok(vec!["a,b".into(), "c".into()])
    );
    let map: BTreeMap<String, u8> = read(&text("{ a = 1 }")).unwrap();
    assert_eq!(map["a"], 1);
    assert_eq!(read::<Choice>(&text("unit")), Ok(Choice::Unit));
    assert!(read::<f64>(&text("inf")).is_err());
    assert_eq!(read::<serde_json::Value>(&text("1.5")), Ok(1.5.into()));
}
