//! A key's life: made, changed, rotated, expired, revoked.

use guard::{BudgetSpec, Limits, Period};
use kernel::{Failure, Scopes};

use super::*;
use crate::{KeyChange, KeyQuery, KeyStatus};

#[tokio::test]
async fn a_made_key_calls_models_and_administers_nothing() {
    for bench in Bench::all().await {
        let made = bench
            .make(NewKey {
                models: vec!["claude*".into()],
                tags: BTreeMap::from([("team".into(), "blue".into())]),
                capture: true,
                ..named("app")
            })
            .await;
        let caller = caller(&bench.room, &made.secret).await.unwrap();
        let scopes: Vec<_> = caller.principal.scopes.iter().collect();
        assert_eq!(scopes, ["gateway:invoke", "models:read"]);
        assert_eq!(caller.principal.key, made.key.id);
        assert_eq!(caller.principal.key_name, "app");
        assert!(caller.models.allows("claude-1") && !caller.models.allows("gpt-5"));
        assert!(caller.capture && caller.tags["team"] == "blue");
        assert_eq!(
            bench.room.get(&bench.machine(), made.key.id).await.unwrap(),
            made.key
        );
    }
}

#[tokio::test]
async fn limits_left_out_are_the_default_and_empty_ones_are_none() {
    for bench in Bench::all().await {
        let usual = bench.make_named("usual").await;
        let free = bench
            .make(NewKey {
                limits: Some(Limits::default()),
                ..named("free")
            })
            .await;
        let usual = caller(&bench.room, &usual.secret).await.unwrap();
        let free = caller(&bench.room, &free.secret).await.unwrap();
        for _ in 0..100 {
            drop(usual.limits.admit(0, "m", 0).unwrap());
        }
        let refused = usual.limits.admit(0, "m", 0).unwrap_err();
        assert_eq!(refused.setting, "limits.requests_per_minute");
        assert!(!free.limits.is_limited());

        bench.room.reconfigure(LimitSettings {
            default: Limits {
                requests_per_minute: Some(101),
                ..Limits::default()
            },
        });
        drop(usual.limits.admit(0, "m", 0).unwrap());
        assert!(
            usual.limits.admit(0, "m", 0).is_err(),
            "what was counted stays"
        );
        assert!(!free.limits.is_limited());
    }
}

#[tokio::test]
async fn rotation_keeps_the_old_secret_for_its_overlap() {
    for bench in Bench::all().await {
        let made = bench.make_named("app").await;
        let before = caller(&bench.room, &made.secret).await.unwrap();
        let hour = Duration::from_secs(3_600);
        let rotated = bench
            .room
            .rotate(&bench.machine(), made.key.id, hour)
            .await
            .unwrap();
        let new = caller(&bench.room, &rotated.secret).await.unwrap();
        assert_eq!(new.principal.key, before.principal.key);
        assert!(
            Arc::ptr_eq(&new.limits, &before.limits),
            "one key, one count"
        );
        assert!(caller(&bench.room, &made.secret).await.is_ok());
        bench.clock.advance(hour);
        let old = bench.room.known(made.secret.expose_secret());
        assert_eq!(old.unwrap().err(), Some(AuthError::Expired));
        assert!(caller(&bench.room, &rotated.secret).await.is_ok());

        let at_once = bench
            .room
            .rotate(&bench.machine(), made.key.id, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(
            caller(&bench.room, &rotated.secret).await.err(),
            Some(AuthError::Unknown)
        );
        assert!(caller(&bench.room, &at_once.secret).await.is_ok());
    }
}

#[tokio::test]
async fn rotations_that_overlap_are_bounded() {
    for bench in Bench::all().await {
        let id = bench.make_named("app").await.key.id;
        let day = Duration::from_secs(86_400);
        let mut refused = None;
        for _ in 0..10 {
            if let Err(error) = bench.room.rotate(&bench.machine(), id, day).await {
                refused = Some(error.code());
                break;
            }
        }
        assert_eq!(refused, Some("TOO_MANY_SECRETS"));
        let long = Duration::from_secs(31 * 86_400);
        let error = bench
            .room
            .rotate(&bench.machine(), id, long)
            .await
            .unwrap_err();
        assert_eq!(error.field(), Some("overlap_seconds"));
        assert!(
            bench
                .room
                .rotate(&bench.machine(), id, Duration::ZERO)
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn expiry_ends_a_key_in_memory_and_in_the_store() {
    for bench in Bench::all().await {
        let soon = bench.clock_now().plus(Duration::from_secs(60));
        let made = bench
            .make(NewKey {
                expires_at: Some(soon),
                ..named("brief")
            })
            .await;
        let never_shown = bench
            .make(NewKey {
                expires_at: Some(soon),
                ..named("brief, too")
            })
            .await;
        assert!(caller(&bench.room, &made.secret).await.is_ok());
        bench.clock.advance(Duration::from_secs(60));
        for secret in [&made.secret, &never_shown.secret] {
            assert_eq!(
                caller(&bench.room, secret).await.err(),
                Some(AuthError::Expired)
            );
        }
        let key = bench.room.get(&bench.machine(), made.key.id).await.unwrap();
        assert_eq!(key.status(bench.clock_now()), KeyStatus::Expired);
        let change = KeyChange {
            expires_at: Some(None),
            ..KeyChange::default()
        };
        bench
            .room
            .update(&bench.machine(), made.key.id, change)
            .await
            .unwrap();
        assert!(caller(&bench.room, &made.secret).await.is_ok());
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_stays_so() {
    for bench in Bench::all().await {
        let made = bench.make_named("app").await;
        assert!(caller(&bench.room, &made.secret).await.is_ok());
        bench
            .room
            .revoke(&bench.machine(), made.key.id)
            .await
            .unwrap();
        assert_eq!(
            caller(&bench.room, &made.secret).await.err(),
            Some(AuthError::Revoked)
        );
        bench
            .room
            .revoke(&bench.machine(), made.key.id)
            .await
            .unwrap();
        let error = bench
            .room
            .rotate(&bench.machine(), made.key.id, Duration::ZERO)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "KEY_REVOKED");
    }
}

#[tokio::test]
async fn an_edit_keeps_what_is_counted_and_spent() {
    for bench in Bench::all().await {
        let budget = |amount| BudgetSpec {
            amount: Nano(amount),
            period: Period::Day,
            hard: true,
            models: vec![],
        };
        let made = bench
            .make(NewKey {
                budgets: vec![budget(100)],
                ..named("app")
            })
            .await;
        bench.spending.by_key.lock().insert(made.key.id, 30);
        let caller = caller(&bench.room, &made.secret).await.unwrap();
        let now = bench.clock_now();
        caller
            .budgets
            .reserve(now, "m", Nano(20))
            .unwrap()
            .settle(Nano(20));
        let held = caller.budgets.reserve(now, "m", Nano(10)).unwrap();
        assert!(caller.budgets.reserve(now, "m", Nano(41)).is_err());

        let change = KeyChange {
            name: Some("renamed".into()),
            budgets: Some(vec![budget(200)]),
            limits: Some(Some(Limits::default())),
            ..KeyChange::default()
        };
        let key = bench
            .room
            .update(&bench.machine(), made.key.id, change)
            .await
            .unwrap();
        assert_eq!(key.name, "renamed");
        let known = bench
            .room
            .known(made.secret.expose_secret())
            .unwrap()
            .unwrap();
        assert_eq!(known.principal.key_name, "renamed");
        assert!(!known.limits.is_limited());
        let state = bench.room.state(&key).await.unwrap().budgets;
        assert_eq!(
            (state[0].spec.amount, state[0].spent, state[0].reserved),
            (Nano(200), Nano(50), Nano(10))
        );
        held.settle(Nano(5));
        assert_eq!(
            bench.room.state(&key).await.unwrap().budgets[0].spent,
            Nano(55)
        );
    }
}

#[tokio::test]
async fn makers_give_no_more_than_they_hold() {
    for bench in Bench::all().await {
        let manager = Actor {
            scopes: Scopes::parse(&["keys:*"]).unwrap(),
            ..bench.machine()
        };
        let error = bench.room.create(&manager, named("app")).await.unwrap_err();
        assert_eq!(error.code(), "SCOPE_NOT_HELD");
        let inference = bench.make_named("app").await.key.id;
        let error = bench
            .room
            .rotate(&manager, inference, Duration::ZERO)
            .await
            .unwrap_err();
        assert_eq!(
            error.code(),
            "SCOPE_NOT_HELD",
            "its secret would be the manager's"
        );
        assert!(bench.room.revoke(&manager, inference).await.is_ok());
        let error = bench
            .room
            .revoke(&manager, bench.admin.id)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "ADMINISTRATOR_KEY");
    }
}

#[tokio::test]
async fn another_organisation_sees_nothing() {
    for bench in Bench::all().await {
        let id = bench.make_named("app").await.key.id;
        let stranger = Actor {
            org: kernel::OrgId::new(),
            ..bench.machine()
        };
        let list = bench
            .room
            .list(&stranger, &KeyQuery::default())
            .await
            .unwrap();
        assert!(list.data.is_empty());
        for error in [
            bench.room.get(&stranger, id).await.unwrap_err(),
            bench.room.revoke(&stranger, id).await.unwrap_err(),
            bench
                .room
                .update(&stranger, id, KeyChange::default())
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.code(), "KEY_NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn pages_are_cut_by_key_and_projects_by_name() {
    for bench in Bench::all().await {
        for number in 0..5 {
            bench
                .make(NewKey {
                    project: (number < 2).then(|| "research".into()),
                    ..named(&format!("k{number}"))
                })
                .await;
        }
        let machine = bench.machine();
        let mut query = KeyQuery {
            limit: 4,
            ..KeyQuery::default()
        };
        let first = bench.room.list(&machine, &query).await.unwrap();
        query.cursor = first.next_cursor.clone();
        let second = bench.room.list(&machine, &query).await.unwrap();
        let names: Vec<_> = first
            .data
            .iter()
            .chain(&second.data)
            .map(|key| key.name.as_str())
            .collect();
        assert_eq!(names, ["k4", "k3", "k2", "k1", "k0", "admin"]);
        assert_eq!(second.next_cursor, None);

        let of = |project: &str| KeyQuery {
            project: Some(project.into()),
            limit: 10,
            ..KeyQuery::default()
        };
        let research = bench.room.list(&machine, &of("research")).await.unwrap();
        assert_eq!(research.data.len(), 2);
        assert_eq!(research.data[0].project, research.data[1].project);
        let unknown = bench.room.list(&machine, &of("nowhere")).await.unwrap_err();
        assert_eq!(unknown.field(), Some("project"));
        let cursor = KeyQuery {
            cursor: Some(kernel::Cursor("nonsense".into())),
            ..KeyQuery::default()
        };
        assert!(bench.room.list(&machine, &cursor).await.is_err());
        bench
            .room
            .revoke(&machine, research.data[0].id)
            .await
            .unwrap();
        assert_eq!(
            bench
                .room
                .list(&machine, &of("research"))
                .await
                .unwrap()
                .data
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn every_act_is_on_record() {
    for bench in Bench::all().await {
        let machine = bench.machine();
        let id = bench.make_named("app").await.key.id;
        let change = KeyChange {
            capture: Some(true),
            ..KeyChange::default()
        };
        bench.room.update(&machine, id, change).await.unwrap();
        bench
            .room
            .rotate(&machine, id, Duration::ZERO)
            .await
            .unwrap();
        bench.room.revoke(&machine, id).await.unwrap();
        let query = store::acts::ActQuery {
            org: machine.org,
            action: None,
            target: Some(id.to_string()),
            cursor: None,
            limit: 10,
        };
        let acts = store::acts::list(bench.store.read(), &query).await.unwrap();
        let mut actions: Vec<_> = acts.data.iter().map(|it| it.act.action.as_str()).collect();
        actions.sort_unstable();
        assert_eq!(
            actions,
            ["key.create", "key.revoke", "key.rotate", "key.update"]
        );
        let update = acts
            .data
            .iter()
            .find(|it| it.act.action == "key.update")
            .unwrap();
        assert_eq!(update.act.change, serde_json::json!({ "capture": true }));
    }
}
