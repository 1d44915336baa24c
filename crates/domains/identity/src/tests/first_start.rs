//! Starts: the first, later ones, and those with something wrong.

use kernel::permission::{GATEWAY_INVOKE, KEYS_CREATE};
use kernel::{Failure, OrgId};
use sea_orm::ConnectionTrait;

use super::*;
use crate::first_start::ADMIN_KEY_FILE;
use crate::rewrap;

const CHOSEN: &str = "a text of forty characters, or thereabout";

#[tokio::test]
async fn the_first_start_makes_one_admin_key_and_its_file() {
    for bench in Bench::all().await {
        let path = bench.folder.path().join(ADMIN_KEY_FILE);
        let written = crypto::private_file::read(&path).unwrap().unwrap();
        assert_eq!(written.expose_secret(), bench.admin_secret());
        assert_eq!(bench.admin.file.as_deref(), Some(path.as_path()));
        let admin = bench.room.authenticate(bench.admin_secret()).await.unwrap();
        assert!(admin.principal.may(KEYS_CREATE) && admin.principal.may(GATEWAY_INVOKE));
        assert!(!admin.limits.is_limited() && admin.budgets.is_empty());

        let (again, key) = bench.open(SECRET, None).await.unwrap();
        let key = key.unwrap();
        assert_eq!(key.id, bench.admin.id);
        assert!(key.made.is_none() && key.file.is_none());
        let known = again.authenticate(bench.admin_secret()).await.unwrap();
        assert_eq!(known.principal.org, admin.principal.org);
    }
}

#[tokio::test]
async fn starts_at_the_same_moment_make_one_admin_key() {
    for (_, store, _guard) in store::testing::migrated(crate::migrations).await {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at(Timestamp::from_secs(1));
        let spending = Arc::new(Spending::default());
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let deps = deps(&store, &clock, &spending, SECRET);
                let start = start(folder.path(), None);
                tokio::spawn(async move { Identity::open(deps, Some(&start)).await.unwrap() })
            })
            .collect();
        let mut made = Vec::new();
        let mut orgs: Vec<OrgId> = Vec::new();
        for start in starts {
            let (room, admin) = start.await.unwrap();
            orgs.push(room.0.org);
            made.extend(admin.unwrap().made);
        }
        assert_eq!(made.len(), 1);
        assert!(orgs.iter().all(|org| *org == orgs[0]));
    }
}

#[tokio::test]
async fn a_key_from_the_environment_takes_the_place_of_the_made_one() {
    for bench in Bench::all().await {
        let (room, key) = bench.open(SECRET, Some(CHOSEN)).await.unwrap();
        assert_eq!(key.unwrap().id, bench.admin.id);
        assert!(room.authenticate(CHOSEN).await.is_ok());
        assert_eq!(
            room.authenticate(bench.admin_secret()).await.err(),
            Some(AuthError::Unknown)
        );
        // The same again changes nothing; another one takes over.
        let acts = count(&bench, "acts").await;
        let (room, _) = bench.open(SECRET, Some(CHOSEN)).await.unwrap();
        assert!(room.authenticate(CHOSEN).await.is_ok());
        assert_eq!(count(&bench, "acts").await, acts);
        let other = CHOSEN.to_uppercase();
        let (room, _) = bench.open(SECRET, Some(&other)).await.unwrap();
        assert!(room.authenticate(&other).await.is_ok());
        assert_eq!(
            room.authenticate(CHOSEN).await.err(),
            Some(AuthError::Unknown)
        );
    }
}

#[tokio::test]
async fn a_key_from_the_environment_is_checked_and_must_be_free() {
    for bench in Bench::all().await {
        let short = bench
            .open(SECRET, Some("thirty-one characters, not more"))
            .await;
        let error = short.unwrap_err();
        assert_eq!(error.code(), "ADMIN_KEY_TOO_SHORT");
        assert!(
            error
                .to_string()
                .starts_with("SWITCHYARD_ADMIN_KEY has 31 characters; it needs at least 32")
        );
        let made = bench.make_named("app").await;
        let taken = bench.open(SECRET, Some(made.secret.expose_secret())).await;
        assert_eq!(taken.unwrap_err().code(), "ADMIN_KEY_TAKEN");
        assert!(bench.room.authenticate(bench.admin_secret()).await.is_ok());
    }
}

#[tokio::test]
async fn a_file_that_a_crash_left_is_taken_up() {
    for (_, store, _guard) in store::testing::migrated(crate::migrations).await {
        let folder = tempfile::tempdir().unwrap();
        let left = crypto::key::generate(crypto::KeyKind::Admin);
        let path = folder.path().join(ADMIN_KEY_FILE);
        crypto::private_file::create(&path, left.expose_secret()).unwrap();
        let clock = TestClock::at(Timestamp::from_secs(1));
        let deps = deps(&store, &clock, &Arc::default(), SECRET);
        let (room, admin) = Identity::open(deps, Some(&start(folder.path(), None)))
            .await
            .unwrap();
        assert!(admin.unwrap().made.is_some());
        assert!(caller(&room, &left).await.is_ok());
    }
}

#[tokio::test]
async fn another_secret_key_opens_nothing_until_the_keys_are_rewrapped() {
    for bench in Bench::all().await {
        let other = "another secret altogether";
        let error = bench.open(other, None).await.unwrap_err();
        assert_eq!(error.code(), "KEYRING_LOCKED");
        assert!(error.to_string().contains("SECRET_KEY"));
        let mark = bench.room.marker("test").mark(&[b"said"]);
        let (old, new) = (SecretString::from(SECRET), SecretString::from(other));
        assert_eq!(rewrap(&bench.store, &old, &new).await.unwrap(), 1);
        let (room, _) = bench.open(other, None).await.unwrap();
        assert!(room.authenticate(bench.admin_secret()).await.is_ok());
        // What was marked before still holds.
        assert!(room.marker("test").holds(mark, &[b"said"]));
        assert!(bench.open(SECRET, None).await.is_err());
    }
}

#[tokio::test]
async fn a_revoked_admin_key_does_not_come_back() {
    for bench in Bench::all().await {
        bench
            .room
            .revoke(&bench.machine(), bench.admin.id)
            .await
            .unwrap();
        let (_, key) = bench.open(SECRET, None).await.unwrap();
        assert!(key.is_none());
        let (room, key) = bench.open(SECRET, Some(CHOSEN)).await.unwrap();
        assert_ne!(key.unwrap().id, bench.admin.id);
        assert!(room.authenticate(CHOSEN).await.is_ok());
    }
}

#[tokio::test]
async fn no_secret_is_in_the_store() {
    for bench in Bench::all().await {
        let made = bench.make_named("app").await;
        for (table, column) in [
            ("api_key_secrets", "digest"),
            ("api_keys", "display"),
            ("acts", "change"),
            ("wrapped_keys", "sealed"),
        ] {
            for text in texts(&bench, table, column).await {
                for secret in [bench.admin_secret(), made.secret.expose_secret()] {
                    assert!(!text.contains(&secret[7..]), "{table}.{column}");
                }
            }
        }
    }
}

async fn texts(bench: &Bench, table: &str, column: &str) -> Vec<String> {
    let sql = format!("SELECT {column} FROM {table}");
    let statement = sea_orm::Statement::from_string(bench.store.backend(), sql);
    let rows = bench.store.read().query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

async fn count(bench: &Bench, table: &str) -> usize {
    texts(bench, table, "id").await.len()
}
