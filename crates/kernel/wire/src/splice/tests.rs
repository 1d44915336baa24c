//! Every edit, and that nothing but the edit changes.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{Protocol, envelope};

fn read(body: &str) -> (Bytes, Envelope) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let envelope = envelope::read(Protocol::Chat, &body).unwrap();
    (body, envelope)
}

#[test]
fn a_model_is_renamed_in_place() {
    let (body, envelope) =
        read(r#"{ "stream":true, "model" :"a/b" , "messages":[{"model":"a/b"}] }"#);
    assert_eq!(
        rename_model(&body, &envelope, "quote\"d"),
        r#"{ "stream":true, "model" :"quote\"d" , "messages":[{"model":"a/b"}] }"#
    );
    assert_eq!(
        rename_model(&body, &envelope, "a/b").as_ptr(),
        body.as_ptr()
    );
}

#[test]
fn usage_is_asked_for_by_the_smallest_change() {
    for (body, expected) in [
        (
            r#"{"model":"a"}"#,
            r#"{"stream_options":{"include_usage":true},"model":"a"}"#,
        ),
        (
            r#"{"model":"a","stream_options": null}"#,
            r#"{"model":"a","stream_options": {"include_usage":true}}"#,
        ),
        (
            r#"{"model":"a","stream_options":{ }}"#,
            r#"{"model":"a","stream_options":{"include_usage":true }}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"x":1}}"#,
            r#"{"model":"a","stream_options":{"include_usage":true,"x":1}}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"x":1,"include_usage":false}}"#,
            r#"{"model":"a","stream_options":{"x":1,"include_usage":true}}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"include_usage": null}}"#,
            r#"{"model":"a","stream_options":{"include_usage": true}}"#,
        ),
        (
            r#"{"model":"a","stream_options":{"include_usage":true}}"#,
            r#"{"model":"a","stream_options":{"include_usage":true}}"#,
        ),
    ] {
        let (body, envelope) = read(body);
        assert_eq!(request_usage(&body, &envelope), expected);
    }
}

#[test]
fn edits_of_one_body_are_made_in_one_pass() {
    let (body, envelope) = read(r#"{"model":"a","stream_options":{"include_usage":false}}"#);
    let mut edits = Edits::new();
    edits.request_usage(&envelope).rename_model(&envelope, "b");
    edits
        .insert(envelope.body_start, &b"\"x\":1,"[..])
        .insert(envelope.body_start, &b"\"y\":2,"[..]);
    assert_eq!(
        edits.apply(&body),
        r#"{"x":1,"y":2,"model":"b","stream_options":{"include_usage":true}}"#
    );
    assert!(Edits::new().is_empty());
}

proptest! {
    #[test]
    fn every_other_byte_is_left_alone(
        before in "[ \n]{0,3}", name in "[a-z\\-/é\"]{1,12}", filler in "\"x_[a-z]{0,5}\":(1|\\[2, 3\\]|\\{\"model\":\"n\"\\})",
        options in prop::option::of("(null|\\{\\}|\\{\"include_usage\":(true|false|null)\\}|\\{\"y\": [0-9], \"include_usage\":false\\})"),
    ) {
        let options = options.map(|options| format!(",\"stream_options\":{before}{options}")).unwrap_or_default();
        let text = format!("{before}{{{before}\"model\":{before}\"gpt-5\"{options},{filler}}}{before}");
        let (body, envelope) = read(&text);
        let mut edits = Edits::new();
        edits.rename_model(&envelope, &name).request_usage(&envelope);
        let out = edits.apply(&body);
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        expected["model"] = Value::String(name.clone());
        if !expected["stream_options"].is_object() {
            expected["stream_options"] = serde_json::json!({});
        }
        expected["stream_options"]["include_usage"] = Value::Bool(true);
        prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
        // Undone by hand, the bytes are the old ones.
        let renamed = rename_model(&body, &envelope, &name);
        let again = envelope::read(Protocol::Chat, &renamed).unwrap();
        prop_assert_eq!(rename_model(&renamed, &again, "gpt-5"), &body);
        let head = &body[..envelope.model_span.start];
        let tail = &body[envelope.model_span.end..];
        prop_assert!(renamed.starts_with(head) && renamed.ends_with(tail));
    }
}
