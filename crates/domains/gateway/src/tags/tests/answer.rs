//! What of an answer is tagged, and that every other byte stays.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use proptest::prelude::*;
use wire::Meter;
use wire::sse::Splitter;

use super::*;

/// Tags everything of an answer to a request that goes on from `resp_0`.
fn tagger() -> Tagger {
    let mut tagger = Tagger::new(sealer(7, 1), "double".into());
    tagger.learns_id = true;
    tagger.contents = true;
    tagger.goes_on_from("resp_0");
    tagger
}

#[test]
fn an_encoded_answer_leaves_plain_where_it_is_tagged() {
    let body = Bytes::from_static(br#"{ "id": "resp_1", "previous_response_id": "resp_0" }"#);
    let packed = Bytes::from(zstd_of(&body));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, "zstd".parse().unwrap());
    let sent = tagger().whole(&headers, &packed, 1 << 20).unwrap();
    let own = sealer(7, 1);
    let expected = format!(
        r#"{{ "id": "{}", "previous_response_id": "{}" }}"#,
        tagged(&own, "double", "resp_1"),
        tagged(&own, "double", "resp_0"),
    );
    assert_eq!(sent, expected);
    assert_eq!(
        tagger().whole(&HeaderMap::new(), &body, 1 << 20).unwrap(),
        expected
    );
    let foreign = Bytes::from_static(br#"{"object":"list","data":[]}"#);
    assert!(
        tagger()
            .whole(&HeaderMap::new(), &foreign, 1 << 20)
            .is_none()
    );
}

fn zstd_of(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 3).unwrap()
}

#[test]
fn a_provider_that_gives_one_id_to_all_is_tagged_once() {
    let same = r#"{"id":"resp_0","previous_response_id":"resp_0"}"#;
    let own = sealer(7, 1);
    let once = same.replace("resp_0", &tagged(&own, "double", "resp_0"));
    let made = tagger().pass(Bytes::from(same), Some("resp_0"));
    assert_eq!(made, once);
    let mut kept = Tagger::stored(own, "double".into(), "resp_0");
    assert_eq!(kept.pass(Bytes::from(same), None), once);
}

#[test]
fn what_is_not_tagged_is_not_copied() {
    let mut tagger = tagger();
    let created = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
    assert!(tagger.pass(Bytes::from(created), Some("resp_1")).len() > created.len());
    let delta = Bytes::from_static(
        b"data: {\"type\":\"response.output_text.delta\",\"delta\":\"resp_1\"}\n\n",
    );
    assert!(
        tagger.pass(delta.clone(), Some("resp_1")).len() > delta.len(),
        "a word like any other"
    );
    let delta =
        Bytes::from_static(b"data: {\"item_id\":\"msg_1\",\"delta\":\"\\\"resp_1\\\"\"}\n\n");
    let passed = tagger.pass(delta.clone(), Some("resp_1"));
    assert_eq!(passed.as_ptr(), delta.as_ptr());
}

fn streams() -> impl Strategy<Value = (String, Vec<String>, Vec<prop::sample::Index>)> {
    (
        "[A-Za-z0-9_-]{1,40}",
        prop::collection::vec("\\PC{0,30}", 0..6),
        prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_other_byte_stays_wherever_a_stream_is_cut((id, texts, cuts) in streams()) {
        let id = format!("resp_{id}");
        let mut whole = format!(
            "event: response.created\ndata: {{\"type\":\"response.created\",\"response\":{{\"id\":\"{id}\",\"previous_response_id\":\"resp_0\"}}}}\n\n"
        );
        for text in &texts {
            let text = serde_json::to_string(text).unwrap();
            whole += &format!("data: {{\"type\":\"response.output_text.delta\",\"delta\":{text}}}\r\n\r\n");
            whole += &format!("data: {{\"type\":\"response.output_item.done\",\"item\":{{\"type\":\"reasoning\",\"encrypted_content\": {text}}}}}\n\n");
        }
        whole += &format!("data: {{\"type\":\"response.completed\",\"response\":{{\"object\":\"response\", \"id\" : \"{id}\"}}}}\n\n");
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
        cuts.extend([0, whole.len()]);
        let cuts: BTreeSet<usize> = cuts.into_iter().collect();
        let cuts: Vec<usize> = cuts.into_iter().collect();

        let all = Bytes::from(whole.clone());
        let (mut splitter, mut meter, mut tagger) = (Splitter::new(1 << 20), Meter::new(Protocol::Responses), tagger());
        let mut sent = Vec::new();
        for pair in cuts.windows(2) {
            if let Some(block) = splitter.push(all.slice(pair[0]..pair[1])).unwrap() {
                let kept = meter.observe(&block);
                sent.extend_from_slice(&tagger.pass(kept, meter.reported().response_id.as_deref()));
            }
        }
        sent.extend_from_slice(&tagger.pass(splitter.take_rest(), None));
        let sent = String::from_utf8(sent).unwrap();

        let own = sealer(7, 1);
        let texts = texts.iter().filter(|text| !text.is_empty());
        let expected = texts.clone().count();
        prop_assert_eq!(sent.matches("\"sy1.").count(), expected);
        let mut back = sent;
        for id in [&*id, "resp_0"] {
            back = back.replace(&format!("\"{}\"", tagged(&own, "double", id)), &format!("\"{id}\""));
        }
        for text in texts {
            let text = serde_json::to_string(text).unwrap();
            let content = &text[1..text.len() - 1];
            back = back.replace(&sealed(&own, "double", content), content);
        }
        prop_assert_eq!(back, whole);
    }

    #[test]
    fn a_kept_response_is_tagged_wherever_it_is_cut(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let own = sealer(7, 1);
        let whole = "{ \"id\": \"resp_1\", \"previous_response_id\": \"resp_0\", \"metadata\": {\"previous_response_id\": \"mine\"} }";
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(CONTENT_LENGTH, whole.len().into());
        let tagger = Tagger::stored(own.clone(), "double".into(), "resp_1");
        let mut passing = Passing::new(tagger, &mut headers, &crate::GatewayConfig::default()).unwrap();
        prop_assert!(!headers.contains_key(CONTENT_LENGTH));
        let all = Bytes::from_static(whole.as_bytes());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
        cuts.extend([0, whole.len()]);
        cuts.sort_unstable();
        let mut sent = Vec::new();
        for pair in cuts.windows(2) {
            sent.extend_from_slice(&passing.push(all.slice(pair[0]..pair[1])));
        }
        sent.extend_from_slice(&passing.rest());
        let expected = whole
            .replace("resp_1", &tagged(&own, "double", "resp_1"))
            .replace("resp_0", &tagged(&own, "double", "resp_0"));
        prop_assert_eq!(String::from_utf8(sent).unwrap(), expected);
    }
}

#[test]
fn what_outgrows_its_bound_passes_as_it_came() {
    let config = crate::GatewayConfig {
        max_answer_bytes: 20,
        ..crate::GatewayConfig::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    let tagger = Tagger::stored(sealer(7, 1), "double".into(), "resp_1");
    let mut passing = Passing::new(tagger, &mut headers, &config).unwrap();
    assert!(
        passing
            .push(Bytes::from_static(b"{\"x\":\"resp_2\""))
            .is_empty()
    );
    let out = passing.push(Bytes::from_static(b",\"id\":\"resp_1\"}"));
    assert_eq!(out, "{\"x\":\"resp_2\",\"id\":\"resp_1\"}");
    assert_eq!(
        passing.push(Bytes::from_static(b"\"resp_1\"")),
        "\"resp_1\""
    );
    assert!(passing.rest().is_empty());
}
