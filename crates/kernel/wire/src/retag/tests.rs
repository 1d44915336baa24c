//! What is found, and what only looks like it.

use super::*;

fn texts<'t>(text: &'t str, spans: impl Iterator<Item = Range<usize>>) -> Vec<&'t str> {
    spans.map(|span| &text[span]).collect()
}

#[test]
fn an_id_is_found_where_it_is_a_string_of_its_own() {
    let id = QuotedId::new("resp_a-1").unwrap();
    let text = r#"{"id":"resp_a-1","x":["resp_a-12","\"resp_a-1\"","xresp_a-1"],"y" : "resp_a-1"}"#;
    let found: Vec<usize> = id.ends(text.as_bytes()).collect();
    assert_eq!(found, [15, text.len() - 2]);
    for strange in ["", "resp a", "resp\\u0061", "resp_\"", "é"] {
        assert!(QuotedId::new(strange).is_none(), "{strange}");
    }
}

#[test]
fn the_outermost_id_is_told_from_others() {
    for (text, id) in [
        (r#"{"id":"resp_1"}"#, Some("resp_1")),
        (
            r#"{ "a":{"id":"x"}, "b":"id", "id" : "resp_1" }"#,
            Some("resp_1"),
        ),
        (r#"{"id":7}"#, None),
        (r#"[{"id":"x"}]"#, None),
        ("", None),
    ] {
        assert_eq!(top_id(text.as_bytes()), id, "{text}");
    }
}

#[test]
fn previous_ids_are_those_of_responses() {
    let whole = r#"{"previous_response_id": "resp_0","metadata":{"previous_response_id":"mine"}}"#;
    assert_eq!(texts(whole, previous_ids(whole.as_bytes(), 1)), ["resp_0"]);
    let none = r#"{"previous_response_id":null}"#;
    assert!(texts(none, previous_ids(none.as_bytes(), 1)).is_empty());
    let event = r#"event: a
data: {"response":{"previous_response_id":"resp_0","metadata":{"previous_response_id":"mine"}}}

data: {"response":{"previous_response_id":"resp_0"}}

"#;
    let found = texts(event, previous_ids(event.as_bytes(), 2));
    assert_eq!(found, ["resp_0", "resp_0"]);
}

#[test]
fn sealed_contents_are_values_of_their_key() {
    let text = r#"{"encrypted_content":"A","a":"encrypted_content","b":"\"encrypted_content\":\"no\"",
        "c":[{"encrypted_content" :
            "B\"b"}],"encrypted_content":null,"encrypted_content":""}"#;
    let found = texts(text, encrypted_contents(text.as_bytes()));
    assert_eq!(found, ["A", r#"B\"b"#, ""]);
    let cut = r#"{"encrypted_content":"A"#;
    assert!(texts(cut, encrypted_contents(cut.as_bytes())).is_empty());
    let bare = r#"{"a":"encrypted_content"#;
    assert!(texts(bare, encrypted_contents(bare.as_bytes())).is_empty());
}
