//! What the tags of a request do to its body and its plan.

use bytes::Bytes;
use facts::Surface;
use http::HeaderMap;
use kernel::Timestamp;
use llm::{Plan, Target};

use super::*;
use crate::GatewayError;
use crate::invoke::Way;
use crate::plan::Request;
use crate::testing::caller;

/// A plan over `double` and `sim`, untied from a body.
fn untie_body(house: &House, body: &str, is_native: bool) -> Result<(Ties, Plan), GatewayError> {
    let state = house.state();
    let caller = caller();
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
    let own = sealer(7, 1);
    let ties = untie(
        &own,
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
    let (sim, double) = (
        sealed(&sealer(7, 1), "sim", "gA"),
        sealed(&sealer(7, 1), "double", &long),
    );
    let forged = sealed(&sealer(7, 1), "double", "gA").replace(".gA", ".gB");
    let plain = [long.clone(), "gA".into(), "gB".into(), "sy1.short".into()];
    for (contents, target) in [
        (
            [
                double.clone(),
                sim.clone(),
                forged.clone(),
                "sy1.short".into(),
            ],
            "sim",
        ),
        (
            [
                double.clone(),
                "gA".into(),
                forged.clone(),
                "sy1.short".into(),
            ],
            "double",
        ),
    ] {
        let body = body_of(&contents);
        let (ties, plan) = untie_body(&house, &body, false).unwrap();
        assert_eq!(names(&plan), [target]);
        assert_eq!(ties.edits.apply(&Bytes::from(body)), body_of(&plain));
    }
    let body = body_of(&[forged]);
    let (ties, plan) = untie_body(&house, &body, false).unwrap();
    assert_eq!(
        names(&plan),
        ["sim", "double"],
        "an unsound tag leads nowhere"
    );
    assert!(!ties.edits.is_empty());
}

fn body_of(contents: &[String]) -> String {
    let items: Vec<String> = contents
        .iter()
        .map(|content| format!(r#"{{"type":"reasoning", "encrypted_content" : "{content}"}}"#))
        .collect();
    format!(r#"{{"model":"m","input":[{}]}}"#, items.join(","))
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
