//! What is remembered of callers, and what happens while the store is away.

use guard::{BudgetSpec, Period};
use sea_orm::ConnectionTrait;
use store::changes;

use super::*;
use crate::callers::Callers;
use crate::service::TOPIC;
use crate::{KeyChange, KeyQuery};

/// A dollar a day.
fn daily(hard: bool) -> BudgetSpec {
    BudgetSpec {
        amount: Nano(1_000_000_000),
        period: Period::Day,
        hard,
        models: vec![],
    }
}

fn with_budgets(budgets: Vec<BudgetSpec>) -> KeyChange {
    KeyChange {
        budgets: Some(budgets),
        ..KeyChange::default()
    }
}

impl Bench {
    async fn make_with(&self, budgets: Vec<BudgetSpec>) -> MadeKey {
        self.make(NewKey {
            budgets,
            ..named("app")
        })
        .await
    }

    /// What counts as spent on the first budget of a key.
    async fn spent(&self, made: &MadeKey) -> Nano {
        self.room.state(&made.key).await.unwrap().budgets[0].spent
    }

    /// Spends behind the back of every process: what the store knows of a key from here on.
    fn store_knows(&self, made: &MadeKey, nano: i64) {
        self.spending.by_key.lock().insert(made.key.id, nano);
    }

    /// Leaves a row that no version ever wrote, and announces it.
    async fn spoil(&self, made: &MadeKey) {
        let conn = self.store.write();
        let id = made.key.id.to_string();
        let sql = format!("UPDATE api_keys SET budgets = 'from the future' WHERE id = '{id}'");
        conn.execute_unprepared(&sql).await.unwrap();
        changes::bump(conn, TOPIC, &id).await.unwrap();
    }

    fn is_known(&self, made: &MadeKey) -> bool {
        self.room.known(made.secret.expose_secret()).is_some()
    }
}

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

#[tokio::test]
async fn a_hard_budget_waits_for_calls_on_their_way() {
    for bench in Bench::all().await {
        let made = bench.make_with(vec![daily(true), daily(false)]).await;
        bench.spending.set_behind(true);
        for _ in 0..2 {
            let refused = caller(&bench.room, &made.secret).await;
            assert_eq!(refused.err(), Some(AuthError::StoreUnavailable));
            assert!(!bench.is_known(&made), "nothing is remembered");
        }
        let shown = bench.room.state(&made.key).await.unwrap_err();
        assert_eq!(kernel::Failure::code(&shown), "SPEND_UNAVAILABLE");
        bench.store_knows(&made, 30);
        bench.spending.set_behind(false);
        caller(&bench.room, &made.secret).await.unwrap();
        assert_eq!(bench.spent(&made).await, Nano(30));
    }
}

#[tokio::test]
async fn a_soft_budget_goes_on_and_is_corrected() {
    for bench in Bench::all().await {
        let made = bench.make_with(vec![daily(false)]).await;
        let callers = &bench.room.0.callers;
        bench.spending.set_behind(true);
        bench.store_knows(&made, 5);
        let caller = caller(&bench.room, &made.secret).await.unwrap();
        let now = bench.clock_now();
        let held = caller.budgets.reserve(now, "m", Nano(2)).unwrap();
        held.settle(Nano(2));
        bench.store_knows(&made, 30);
        callers.catch_up().await;
        assert_eq!(bench.spent(&made).await, Nano(7), "not all has arrived");
        bench.spending.set_behind(false);
        callers.catch_up().await;
        assert_eq!(bench.spent(&made).await, Nano(30));
        // Once is enough: from here on memory counts.
        bench.store_knows(&made, 99);
        callers.catch_up().await;
        assert_eq!(bench.spent(&made).await, Nano(30));
    }
}

#[tokio::test]
async fn a_budget_given_to_a_known_key_begins_with_all_that_was_spent() {
    for bench in Bench::all().await {
        let bare = bench.make_with(vec![]).await;
        let soft = bench.make_with(vec![daily(false)]).await;
        bench.spending.set_behind(true);
        let mut before = Vec::new();
        for made in [&bare, &soft] {
            before.push(caller(&bench.room, &made.secret).await.unwrap());
        }
        // The second keeps its line and makes it hard.
        let actor = bench.machine();
        for made in [&bare, &soft] {
            let change = with_budgets(vec![daily(true)]);
            let updated = bench.room.update(&actor, made.key.id, change);
            updated.await.unwrap();
            let refused = caller(&bench.room, &made.secret).await;
            assert_eq!(refused.err(), Some(AuthError::StoreUnavailable));
            bench.store_knows(made, 30);
        }
        bench.spending.set_behind(false);
        for (made, before) in [&bare, &soft].into_iter().zip(before) {
            let now = caller(&bench.room, &made.secret).await.unwrap();
            assert!(Arc::ptr_eq(&now.budgets, &before.budgets), "one ledger");
            assert!(now.budgets.has_hard());
            assert_eq!(bench.spent(made).await, Nano(30));
        }
    }
}

#[tokio::test]
async fn a_changed_amount_and_a_revocation_ask_for_no_spending() {
    for bench in Bench::all().await {
        let made = bench.make_with(vec![daily(true)]).await;
        caller(&bench.room, &made.secret).await.unwrap();
        let asked = bench.spending.asked.load(Ordering::SeqCst);
        bench.spending.set_behind(true);
        let mut dearer = daily(true);
        dearer.amount = Nano(7);
        let actor = bench.machine();
        let updated = bench
            .room
            .update(&actor, made.key.id, with_budgets(vec![dearer]));
        updated.await.unwrap();
        assert!(bench.is_known(&made));
        bench.room.revoke(&actor, made.key.id).await.unwrap();
        let refused = caller(&bench.room, &made.secret).await;
        assert_eq!(refused.err(), Some(AuthError::Revoked));
        assert_eq!(bench.spending.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_no_other_key_from_being_followed() {
    for bench in Bench::all().await {
        let other = bench.replica().await;
        let feed = bench.feed().await;
        let running = bench.room.start(&feed);
        let [spoilt, revoked, well] = one_spoilt_one_revoked(&bench, &other).await;
        until(&feed, || !bench.is_known(&revoked)).await;
        // Who cannot be read is not let in with what it was.
        assert!(!bench.is_known(&spoilt));
        let refused = caller(&bench.room, &spoilt.secret).await;
        assert_eq!(refused.err(), Some(AuthError::StoreUnavailable));
        assert!(bench.is_known(&well));
        running.stop().await;
    }
}

#[tokio::test]
async fn all_keys_are_followed_past_one_that_cannot_be_read() {
    for bench in Bench::all().await {
        let other = bench.replica().await;
        let [spoilt, revoked, well] = one_spoilt_one_revoked(&bench, &other).await;
        bench.room.0.callers.follow_all().await;
        assert!(!bench.is_known(&spoilt) && !bench.is_known(&revoked));
        assert!(bench.is_known(&well));
    }
}

/// Three keys that are known, of which one's row can no longer be read and one is revoked by another process since.
async fn one_spoilt_one_revoked(bench: &Bench, other: &Identity) -> [MadeKey; 3] {
    let (spoilt, revoked, well) = (
        bench.make_named("spoilt").await,
        bench.make_named("revoked").await,
        bench.make_named("well").await,
    );
    for made in [&spoilt, &revoked, &well] {
        caller(&bench.room, &made.secret).await.unwrap();
    }
    bench.spoil(&spoilt).await;
    other
        .revoke(&other.machine(), revoked.key.id)
        .await
        .unwrap();
    [spoilt, revoked, well]
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
