//! What is remembered of callers, and what happens while the store is away.

use super::*;
use crate::callers::Callers;
use crate::{KeyChange, KeyQuery};

#[tokio::test]
async fn a_key_is_loaded_once_however_many_show_it_at_once() {
    for bench in Bench::all().await {
        let made = bench
            .make(NewKey {
                budgets: serde_json::from_str(r#"[{"amount_usd":1,"period":"day"}]"#).unwrap(),
                ..named("app")
            })
            .await;
        assert!(bench.room.known(made.secret.expose_secret()).is_none());
        let callers: Vec<_> = (0..32)
            .map(|_| {
                let (room, secret) = (bench.room.clone(), made.secret.clone());
                tokio::spawn(async move { caller(&room, &secret).await.unwrap() })
            })
            .collect();
        let mut first: Option<Arc<Caller>> = None;
        for caller in callers {
            let caller = caller.await.unwrap();
            let first = first.get_or_insert_with(|| Arc::clone(&caller));
            assert!(Arc::ptr_eq(first, &caller));
        }
        assert_eq!(bench.spending.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn with_the_store_away_known_keys_go_on_and_others_wait() {
    for bench in Bench::all().await {
        let (known, unknown) = (
            bench.make_named("known").await,
            bench.make_named("unknown").await,
        );
        assert!(caller(&bench.room, &known.secret).await.is_ok());
        bench.store.close().await;
        assert!(caller(&bench.room, &known.secret).await.is_ok());
        assert_eq!(
            caller(&bench.room, &unknown.secret).await.err(),
            Some(AuthError::StoreUnavailable)
        );
        // Without a right checksum the store is not even asked.
        for made_up in [
            "",
            "sk-1234",
            "sy_key_nonsense",
            &known.secret.expose_secret()[1..],
        ] {
            let told = bench.room.authenticate(made_up).await;
            assert_eq!(told.err(), Some(AuthError::Unknown), "{made_up}");
        }
    }
}

#[tokio::test]
async fn misses_are_remembered_for_a_while() {
    for bench in Bench::all().await {
        let stranger = crypto::key::generate(crypto::KeyKind::Key);
        let text = stranger.expose_secret();
        assert!(bench.room.known(text).is_none());
        assert_eq!(
            caller(&bench.room, &stranger).await.err(),
            Some(AuthError::Unknown)
        );
        let told = bench.room.known(text).and_then(Result::err);
        assert_eq!(told, Some(AuthError::Unknown));
        bench.clock.advance(Duration::from_secs(5));
        assert!(bench.room.known(text).is_none());
    }
}

#[tokio::test]
async fn what_another_process_changes_is_followed() {
    for bench in Bench::all().await {
        let other = bench.replica().await;
        let feed = bench.feed().await;
        let running = bench.room.start(&feed);
        let made = bench.make_named("app").await;
        let seen = caller(&bench.room, &made.secret).await.unwrap();

        let change = KeyChange {
            models: Some(vec!["sim/*".into()]),
            ..KeyChange::default()
        };
        other
            .update(&other.machine(), made.key.id, change)
            .await
            .unwrap();
        until(&feed, || {
            let known = bench.room.known(made.secret.expose_secret());
            known.is_some_and(|it| it.is_ok_and(|now| !now.models.allows("gpt-5")))
        })
        .await;
        let known = bench
            .room
            .known(made.secret.expose_secret())
            .unwrap()
            .unwrap();
        assert!(Arc::ptr_eq(&known.limits, &seen.limits));

        other.revoke(&other.machine(), made.key.id).await.unwrap();
        until(&feed, || {
            bench.room.known(made.secret.expose_secret()).is_none()
        })
        .await;
        assert_eq!(
            caller(&bench.room, &made.secret).await.err(),
            Some(AuthError::Revoked)
        );
        running.stop().await;
    }
}

#[tokio::test]
async fn a_key_made_elsewhere_ends_an_earlier_miss() {
    for bench in Bench::all().await {
        let feed = bench.feed().await;
        let _running = bench.room.start(&feed);
        let stranger = crypto::key::generate(crypto::KeyKind::Key);
        until(&feed, || true).await;
        assert!(caller(&bench.room, &stranger).await.is_err());
        bench
            .replica()
            .await
            .create(&bench.machine(), named("new"))
            .await
            .unwrap();
        until(&feed, || {
            bench.room.known(stranger.expose_secret()).is_none()
        })
        .await;
    }
}

#[tokio::test]
async fn the_last_use_is_noted_away_from_the_call() {
    for bench in Bench::all().await {
        let feed = bench.feed().await;
        let running = bench.room.start(&feed);
        let made = bench.make_named("app").await;
        assert!(caller(&bench.room, &made.secret).await.is_ok());
        running.stop().await;
        let used = |keys: &[crate::Key]| {
            let key = keys.iter().find(|key| key.id == made.key.id);
            key.and_then(|key| key.last_used_at)
        };
        let query = KeyQuery {
            limit: 10,
            ..KeyQuery::default()
        };
        let list = bench.room.list(&bench.machine(), &query).await.unwrap();
        assert_eq!(used(&list.data), Some(bench.clock_now()));
    }
}

#[tokio::test]
async fn memory_is_bounded_and_keeps_what_is_in_use() {
    for bench in Bench::all().await {
        let settings = CallerSettings {
            max_keys: 4,
            ..CallerSettings::default()
        };
        let room = &bench.room.0;
        let callers = Arc::new(Callers::new(
            bench.store.clone(),
            Arc::new(bench.clock.clone()),
            Arc::clone(&bench.spending) as Arc<dyn SpentReader>,
            room.pepper.clone(),
            Arc::clone(&room.default_limits),
            settings,
        ));
        let mut made = Vec::new();
        for number in 0..6 {
            made.push(bench.make_named(&number.to_string()).await);
        }
        let show =
            |number: usize| Callers::authenticate(&callers, made[number].secret.expose_secret());
        let in_use = show(0).await.unwrap();
        for number in 1..4 {
            drop(show(number).await.unwrap());
        }
        assert_eq!(
            show(4).await.err(),
            Some(AuthError::StoreUnavailable),
            "all are fresh"
        );
        for counters in callers.take_used() {
            counters.rest();
        }
        bench.clock.advance(Duration::from_secs(121));
        drop(show(4).await.unwrap());
        drop(show(5).await.unwrap());
        let again = show(0).await.unwrap();
        assert!(Arc::ptr_eq(&again.limits, &in_use.limits));
    }
}

/// Looks at the change sequence until something has come of it.
async fn until(feed: &Feed, holds: impl Fn() -> bool) {
    loop {
        feed.refresh().await;
        for _ in 0..100 {
            if holds() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}
