//! Tags: whom they hold for, and that nothing but them changes.

mod answer;
mod request;

use super::*;
use crate::testing::House;

/// Never asked.
const ADDRESS: &str = "http://127.0.0.1:9/v1";

fn marker(seed: u8) -> Arc<Marker> {
    Arc::new(crypto::Pepper::new(&[seed; 32]).marker("test"))
}

fn sealer(seed: u8, org: u128) -> Sealer {
    Sealer::new(&marker(seed), OrgId::from_u128(org))
}

/// An id as callers know it.
fn tagged(sealer: &Sealer, provider: &str, id: &str) -> String {
    let tag = sealer.tag(provider, What::Id(id));
    format!("{id}{BEHIND_ID}{}", std::str::from_utf8(&tag).unwrap())
}

/// Sealed content as callers know it.
fn sealed(sealer: &Sealer, provider: &str, content: &str) -> String {
    let tag = sealer.tag(provider, What::Content(content.as_bytes()));
    format!("sy1.{}.{content}", std::str::from_utf8(&tag).unwrap())
}

#[tokio::test]
async fn a_tag_leads_back_for_one_organisation_of_one_house() {
    let house = House::new(Some(ADDRESS));
    let state = house.state();
    let own = sealer(7, 1);
    let id = tagged(&own, "double", "resp_abc");
    assert_eq!(id.len(), "resp_abc".len() + 22);
    assert!(wire::retag::QuotedId::new(&id).is_some(), "{id}");
    let (keeper, original) = own.keeper(&state.catalogue, &id).unwrap();
    assert_eq!((&*keeper.name, original), ("double", "resp_abc"));
    for other in [sealer(7, 2), sealer(8, 1)] {
        assert!(other.keeper(&state.catalogue, &id).is_none());
    }
    // Of a provider that is not there, or keeps nothing.
    for name in ["gone", "sim"] {
        let id = tagged(&own, name, "resp_abc");
        assert!(own.keeper(&state.catalogue, &id).is_none(), "{name}");
    }
    // A content's tag is none for an id.
    let tag = own.tag("double", What::Content(b"resp_abc"));
    let id = format!("resp_abc{BEHIND_ID}{}", std::str::from_utf8(&tag).unwrap());
    assert!(own.keeper(&state.catalogue, &id).is_none());
    // A tag behind a tag: the last one is ours.
    let twice = tagged(&own, "double", &tagged(&sealer(9, 9), "double", "resp_abc"));
    let (_, original) = own.keeper(&state.catalogue, &twice).unwrap();
    assert_eq!(original, tagged(&sealer(9, 9), "double", "resp_abc"));
}

#[tokio::test]
async fn no_other_character_makes_the_same_tag() {
    let house = House::new(Some(ADDRESS));
    let state = house.state();
    let own = sealer(7, 1);
    let id = tagged(&own, "double", "resp_abc");
    let mut tried = 0;
    for at in 0..id.len() {
        for other in "AZaz09-_"
            .chars()
            .filter(|other| !id[at..].starts_with(*other))
        {
            let mut forged = id.clone();
            forged.replace_range(at..=at, &other.to_string());
            assert!(own.keeper(&state.catalogue, &forged).is_none(), "{forged}");
            tried += 1;
        }
    }
    assert!(tried > 200);
    for cut in 0..id.len() {
        assert!(own.keeper(&state.catalogue, &id[..cut]).is_none());
    }
    for strange in ["é", "resp_é-sy1éééééééééé", "-sy1"] {
        assert!(own.keeper(&state.catalogue, strange).is_none());
    }
}
