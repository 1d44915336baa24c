//! What the tags of a request do to its body and its plan.

use bytes::Bytes;
use facts::Surface;
use http::HeaderMap;
use kernel::{OrgId, Timestamp};
use llm::{Plan, Target};
use proptest::prelude::*;

use super::*;
use crate::GatewayError;
use crate::invoke::Way;
use crate::plan::Request;
use crate::testing::caller;

/// A plan over `double` and `sim`, untied from a body.
fn untie_body(house: &House, body: &str, is_native: bool) -> Result<(Ties, Plan), GatewayError> {
    let state = house.state();
    let mut caller = caller();
    caller.principal.org = OrgId::from_u128(1);
    let envelope = wire::envelope::read(Protocol::Responses, body.as_bytes()).unwrap();
    let way = Way {
        protocol: Protocol::Responses,
        surface: Surface::Responses,
        suffix: "",
        path: "/v1/responses",
    };
    let request = Request {
        way,
        caller: &caller,
        headers: &HeaderMap::new(),
        envelope: &envelope,
        session: None,
        now: Timestamp::from_secs(1),
    };
    let mut plan: Plan = ["sim", "double"]
        .map(|name| Target::to(&house.upstream(name), None))
        .into_iter()
        .collect();
    let ties = untie(
        &marker(7),
        &state,
        &request,
        body.as_bytes(),
        is_native,
        &mut plan,
    )?;
    Ok((ties, plan))
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.iter().map(|target| &*target.upstream.name).collect()
}

#[tokio::test]
async fn a_request_goes_where_its_tags_lead_without_them() {
    let house = House::new(Some(ADDRESS));
    let id = tagged(&sealer(7, 1), "double", "resp_1");
    let body = format!(r#"{{ "previous_response_id" : "{id}" ,"model":"m"}}"#);
    let (ties, plan) = untie_body(&house, &body, false).unwrap();
    assert_eq!(names(&plan), ["double"]);
    let sent = ties.edits.apply(&Bytes::from(body));
    assert_eq!(sent, r#"{ "previous_response_id" : "resp_1" ,"model":"m"}"#);

    let none = r#"{"model":"m","input":"say sy1.AAAAAAAAAAAAAAAAAA.x"}"#;
    let (ties, plan) = untie_body(&house, none, false).unwrap();
    assert!(ties.edits.is_empty());
    assert_eq!(names(&plan), ["sim", "double"]);
}

#[tokio::test]
async fn what_was_not_made_here_stays_out_of_our_account() {
    let house = House::new(Some(ADDRESS));
    let foreign = tagged(&sealer(7, 2), "double", "resp_1");
    for id in ["resp_1", &foreign] {
        let body = format!(r#"{{"previous_response_id":"{id}","model":"m"}}"#);
        let (ties, plan) = untie_body(&house, &body, false).unwrap();
        assert_eq!(names(&plan), ["sim"]);
        assert!(ties.edits.is_empty());
        // A native route speaks of the provider's own ids.
        let (ties, plan) = untie_body(&house, &body, true).unwrap();
        assert_eq!(names(&plan), ["sim", "double"]);
        assert!(ties.tagger(&house.upstream("double")).is_none());
    }
}

#[tokio::test]
async fn sealed_contents_lead_to_their_maker_and_lose_their_tags() {
    let house = House::new(Some(ADDRESS));
    let long = "Q".repeat(200);
    let own = sealer(7, 1);
    let (sim, double) = (sealed(&own, "sim", "gA"), sealed(&own, "double", &long));
    let forged = sealed(&own, "double", "gA").replace(".gA", ".gB");
    let plain = [&*long, "gA", "gB", "sy1.short"];
    for (contents, target) in [
        ([&*double, &sim, &forged, "sy1.short"], "sim"),
        ([&*double, "gA", &forged, "sy1.short"], "double"),
    ] {
        let body = body_of(&contents);
        let (ties, plan) = untie_body(&house, &body, false).unwrap();
        assert_eq!(names(&plan), [target]);
        assert_eq!(ties.edits.apply(&Bytes::from(body)), body_of(&plain));
    }
    let body = body_of(&[&forged]);
    let (ties, plan) = untie_body(&house, &body, false).unwrap();
    assert_eq!(
        names(&plan),
        ["sim", "double"],
        "an unsound tag leads nowhere"
    );
    assert!(!ties.edits.is_empty());
}

fn body_of(contents: &[&str]) -> String {
    let items: Vec<String> = contents
        .iter()
        .map(|content| format!(r#"{{"type":"reasoning", "encrypted_content" : "{content}"}}"#))
        .collect();
    format!(r#"{{"model":"m","input":[{}]}}"#, items.join(","))
}

#[tokio::test]
async fn tags_alone_are_taken_out_whatever_stands_beside_them() {
    let house = House::new(Some(ADDRESS));
    let own = sealer(7, 1);
    let item = ("[A-Za-z0-9+/=_.-]{1,90}", "\\PC{0,20}", 0..4_u8);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let cases = (prop::collection::vec(item, 0..6), "[a-z0-9_-]{0,12}");
    let checked = runner.run(&cases, |(items, id)| {
        let body = |tag: bool| {
            let mut body = String::from("{ \"model\":\"m\",\r\n\"input\" : [");
            for (content, text, kind) in &items {
                let text = serde_json::to_string(text).unwrap();
                let content = match (kind, tag) {
                    (0, true) => sealed(&own, "double", content),
                    (1, true) => sealed(&sealer(9, 1), "double", content),
                    (2, _) => format!("sy1.{content}"),
                    _ => content.clone(),
                };
                body +=
                    &format!("{text}, {{\"encrypted_content\"\t: \"{content}\",\"t\":{text}}},");
            }
            let id = format!("resp_{id}");
            let id = if tag { tagged(&own, "double", &id) } else { id };
            body + &format!("\"\"], \"previous_response_id\" : \"{id}\" }}\n")
        };
        let (ties, plan) = untie_body(&house, &body(true), false).unwrap();
        prop_assert_eq!(names(&plan), ["double"]);
        prop_assert_eq!(ties.edits.apply(&Bytes::from(body(true))), body(false));
        Ok(())
    });
    checked.unwrap();
}

#[tokio::test]
async fn only_what_is_of_use_later_is_tagged() {
    let house = House::new(Some(ADDRESS));
    let double = house.upstream("double");
    let tagger = |body: &str| untie_body(&house, body, false).unwrap().0.tagger(&double);
    let kept = tagger(r#"{"model":"m"}"#).unwrap();
    assert!(kept.learns_id && kept.contents);
    let unkept = tagger(r#"{"model":"m","store":false}"#).unwrap();
    assert!(!unkept.learns_id && unkept.contents);
    let (ties, _) = untie_body(&house, r#"{"model":"m"}"#, false).unwrap();
    assert!(ties.tagger(&house.upstream("sim")).is_none());
}
