//! What goes and what stays.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dialect::Origin;
use crate::neutral::{Bind, Bound};

fn sealed() -> String {
    seal::seal(&Bound::new(
        Origin::DeepSeek,
        Bind::Visible,
        Text::plain("x"),
    ))
}

fn unsealed(protocol: Protocol, body: &str) -> Option<String> {
    let body = body.replace("SEAL", &sealed());
    unseal(protocol, body.as_bytes()).map(|body| String::from_utf8(body).unwrap())
}

#[test]
fn a_body_without_seals_is_not_touched() {
    let native = r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"EqQB"}]}]}"#;
    assert_eq!(unsealed(Protocol::Messages, native), None);
    // Somebody only talks of seals.
    let words = r#"{"messages":[{"role":"user","content":"what is SEAL?"},{"role":"user","content":[{"type":"text","text":"SEAL"}]}]}"#;
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Embeddings] {
        assert_eq!(unsealed(protocol, words), None);
    }
    assert_eq!(unsealed(Protocol::Responses, r#"{"input":"SEAL"}"#), None);
    assert_eq!(unsealed(Protocol::Messages, "SEAL"), None);
}

#[test]
fn messages_lose_sealed_thinking_and_keep_their_own() {
    let body = r#"{ "max_tokens": 1.0e1, "messages" : [ {"role":"user","content":"a"},
 {"role":"assistant","content":[ {"type":"thinking","thinking":"x","signature":"SEAL"} , {"type":"thinking","thinking":"y","signature":"EqQB"}, {"type":"text","text":"\u00e9"}, {"type":"redacted_thinking","data":"SEAL"} ]},
 {"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"SEAL"}]},
 {"role":"user","content":"b"} ] , "model":"m"}"#;
    let expected = r#"{ "max_tokens": 1.0e1, "messages" : [ {"role":"user","content":"a"},
 {"role":"assistant","content":[ {"type":"thinking","thinking":"y","signature":"EqQB"}, {"type":"text","text":"\u00e9"} ]},
 {"role":"user","content":"b"} ] , "model":"m"}"#;
    assert_eq!(
        unsealed(Protocol::Messages, body).as_deref(),
        Some(expected)
    );
}

#[test]
fn responses_lose_sealed_items() {
    let body = r#"{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"SEAL"},{"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"role":"user","content":"SEAL"},{"type":"reasoning","summary":[],"encrypted_content":"SEAL"}]}"#;
    let expected = r#"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"role":"user","content":"SEAL"}]}"#;
    assert_eq!(
        unsealed(Protocol::Responses, body).unwrap(),
        expected.replace("SEAL", &sealed())
    );
    let alone = r#"{"input":[ {"type":"reasoning","summary":[],"encrypted_content":"SEAL"} ]}"#;
    assert_eq!(
        unsealed(Protocol::Responses, alone).as_deref(),
        Some(r#"{"input":[  ]}"#)
    );
}

#[test]
fn chat_loses_sealed_details() {
    let body = r#"{"messages":[{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"x","signature":"SEAL"},{"type":"reasoning.encrypted","data":"own"}]},{"role":"assistant","reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}],"content":null}]}"#;
    let expected = r#"{"messages":[{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"own"}]},{"role":"assistant","reasoning_details":[],"content":null}]}"#;
    assert_eq!(unsealed(Protocol::Chat, body).as_deref(), Some(expected));
}

#[test]
fn what_a_provider_made_itself_goes_back_to_it() {
    let sealed = |origin, bind, id: Option<&'static str>| {
        seal::seal(&Bound {
            id: id.map(Text::plain),
            ..Bound::new(origin, bind, Text::plain("Eq\"QB"))
        })
    };
    let signed = sealed(Origin::Anthropic, Bind::Signature, None);
    let body = |signature: &str| {
        let block = json!({"type": "thinking", "thinking": "t", "signature": signature});
        json!({"messages": [{"role": "assistant", "content": [block, {"type": "text", "text": "a"}]}]})
            .to_string()
    };
    let opened = unseal(Protocol::Messages, body(&signed).as_bytes()).unwrap();
    assert_eq!(String::from_utf8(opened).unwrap(), body("Eq\"QB"));
    // Signed words that another surface had no place for come back too.
    let whole = Bound {
        text: Some(Text::plain("signed é")),
        ..Bound::new(Origin::Anthropic, Bind::Signature, Text::plain("EqQB"))
    };
    let block = |text: &str, signature: &str| {
        json!({"messages": [{"content": [{"signature": signature, "thinking": text, "type": "thinking"}]}]}).to_string()
    };
    let shown = block("", &seal::seal(&whole));
    let opened = unseal(Protocol::Messages, shown.as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8(opened).unwrap(),
        block("signed é", "EqQB")
    );
    let item = |id: Value, data: &str| {
        json!({"input": [{"type": "reasoning", "id": id, "encrypted_content": data}, {"role": "user", "content": "a"}]})
            .to_string()
    };
    let encrypted = sealed(Origin::OpenAi, Bind::Encrypted, Some("rs_1"));
    let opened = unseal(
        Protocol::Responses,
        item(json!("rs_1"), &encrypted).as_bytes(),
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(opened).unwrap(),
        item(json!("rs_1"), "Eq\"QB")
    );
    // Under another id OpenAI would not take it.
    let left = unseal(
        Protocol::Responses,
        item(json!("rs_2"), &encrypted).as_bytes(),
    )
    .unwrap();
    assert_eq!(left, br#"{"input":[{"role":"user","content":"a"}]}"#);
}

fn thinking(own: bool) -> Value {
    let signature = if own { "EqQB".to_owned() } else { sealed() };
    json!({"type": "thinking", "thinking": "t", "signature": signature})
}

proptest! {
    /// Whichever blocks and messages are sealed, what is left is what was there without them.
    #[test]
    fn what_is_left_is_what_was_there(
        turns in prop::collection::vec(prop::collection::vec(0_u8..3, 0..5), 0..6),
        pretty in any::<bool>(),
    ) {
        let body = |sealed: bool| {
            let messages: Vec<Value> = turns.iter().filter_map(|turn| {
                let kept = |kind: &&u8| sealed || **kind != 0;
                let blocks: Vec<Value> = turn.iter().filter(kept).map(|kind| match kind {
                    0 => thinking(false),
                    1 => thinking(true),
                    _ => json!({"type": "text", "text": "é"}),
                }).collect();
                let gone = !sealed && !turn.is_empty() && blocks.is_empty();
                (!gone).then(|| json!({"role": "assistant", "content": blocks}))
            }).collect();
            json!({"messages": messages})
        };
        let text = if pretty {
            serde_json::to_string_pretty(&body(true)).unwrap()
        } else {
            body(true).to_string()
        };
        let left = unseal(Protocol::Messages, text.as_bytes())
            .map_or_else(|| body(true), |left| serde_json::from_slice(&left).unwrap());
        prop_assert_eq!(left, body(false));
    }
}
