//! The rules for keys.

use kernel::Failure;

use super::*;
use crate::error::IdentityError;

fn now() -> Timestamp {
    Timestamp::from_secs(1_000)
}

fn named(name: &str) -> NewKey {
    NewKey {
        name: name.into(),
        ..NewKey::default()
    }
}

fn refused(key: NewKey) -> IdentityError {
    key.check(&Scopes::all(), now()).unwrap_err()
}

#[test]
fn a_key_made_without_scopes_calls_models_and_nothing_else() {
    let key = named(" app ")
        .check(&Scopes::all(), now())
        .unwrap()
        .into_inner();
    assert_eq!(key.name, "app");
    assert_eq!(key.scopes.unwrap(), ["gateway:invoke", "models:read"]);
}

#[test]
fn nobody_grants_what_they_do_not_hold() {
    let administrator = Scopes::parse(&["keys:*"]).unwrap();
    let error = named("app").check(&administrator, now()).unwrap_err();
    assert_eq!(
        (error.code(), error.kind().status()),
        ("SCOPE_NOT_HELD", 403)
    );
    assert!(error.to_string().contains("gateway:invoke, models:read"));
    let narrower = NewKey {
        scopes: Some(vec!["keys:read".into()]),
        ..named("app")
    };
    assert!(narrower.check(&administrator, now()).is_ok());
    let wider = KeyChange {
        scopes: Some(vec!["*".into()]),
        ..KeyChange::default()
    };
    assert!(wider.check(&administrator, now()).is_err());
}

#[test]
fn every_refusal_names_its_field() {
    let with = |change: fn(&mut NewKey)| {
        let mut key = named("app");
        change(&mut key);
        refused(key).field().unwrap().to_owned()
    };
    assert_eq!(refused(named("  ")).field(), Some("name"));
    assert_eq!(
        with(|key| key.scopes = Some(vec!["keys:read".into(), "nothing:at-all".into()])),
        "scopes[1]"
    );
    assert_eq!(with(|key| key.scopes = Some(vec![])), "scopes");
    assert_eq!(with(|key| key.models = vec![String::new()]), "models[0]");
    assert_eq!(
        with(|key| key.limits = Some(Limits {
            requests_per_minute: Some(0),
            ..Limits::default()
        })),
        "limits.requests_per_minute"
    );
    assert_eq!(with(|key| key.expires_at = Some(now())), "expires_at");
    assert_eq!(
        with(|key| drop(key.tags.insert("a=b".into(), "c".into()))),
        "tags.a=b"
    );
    assert_eq!(
        with(|key| key.tags = (0..11).map(|n| (n.to_string(), "v".into())).collect()),
        "tags"
    );
}
