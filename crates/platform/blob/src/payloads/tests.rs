//! Written, read, bounded, deleted by age.

use kernel::{CallId, OrgId};

use super::*;

fn key(org: u128, call: u128, day: &str) -> Key {
    Key {
        org: OrgId::from_u128(org),
        call: CallId::from_u128(call),
        at: Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap(),
    }
}

fn payload(text: &str) -> Payload {
    Payload {
        request: Bytes::copy_from_slice(text.as_bytes()),
        response: Bytes::from_static(b"event: ping\n\n"),
        truncated: false,
    }
}

#[tokio::test]
async fn a_payload_comes_back_to_its_tenant_only() {
    let dir = tempfile::tempdir().unwrap();
    let payloads = Payloads::open(&Options::new(dir.path().join("blobs"))).unwrap();
    let mine = key(1, 7, "2026-11-21");
    assert!(payloads.offer(mine, payload("hello")));
    payloads.flush().await;
    let json = payloads.read(mine).await.unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["request"], "hello");
    assert_eq!(json["response"], "event: ping\n\n");
    assert_eq!(payloads.read(key(2, 7, "2026-11-21")).await.unwrap(), None);
    assert_eq!(payloads.read(key(1, 8, "2026-11-21")).await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_fit_is_dropped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        max_waiting: 2,
        max_waiting_bytes: 1_000,
        ..Options::new(dir.path().to_owned())
    };
    let payloads = Payloads::open(&options).unwrap();
    let day = "2026-11-21";
    // On this single thread the writer does not run before the first await.
    assert!(!payloads.offer(key(1, 1, day), payload(&"x".repeat(2_000))));
    assert!(payloads.offer(key(1, 2, day), payload("a")));
    assert!(payloads.offer(key(1, 3, day), payload("b")));
    assert!(!payloads.offer(key(1, 4, day), payload("c")));
    assert_eq!(payloads.dropped(), 2);
    payloads.flush().await;
    assert!(payloads.offer(key(1, 5, day), payload("d")));
    payloads.flush().await;
    for (call, kept) in [(1, false), (2, true), (3, true), (4, false), (5, true)] {
        let read = payloads.read(key(1, call, day)).await.unwrap();
        assert_eq!(read.is_some(), kept, "call {call}");
    }
}

#[tokio::test]
async fn old_days_go_a_few_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let payloads = Payloads::open(&Options::new(dir.path().to_owned())).unwrap();
    for (org, call, day) in [
        (1, 1, "2026-10-01"),
        (1, 2, "2026-10-01"),
        (1, 3, "2026-11-20"),
        (2, 4, "2026-10-02"),
        (2, 5, "2026-11-21"),
    ] {
        assert!(payloads.offer(key(org, call, day), payload("x")));
    }
    payloads.flush().await;
    let before = Timestamp::parse("2026-11-20T13:00:00Z").unwrap();
    assert_eq!(payloads.delete_older_than(before, 2).await.unwrap(), 2);
    assert_eq!(payloads.delete_older_than(before, 2).await.unwrap(), 1);
    assert_eq!(payloads.delete_older_than(before, 2).await.unwrap(), 0);
    assert!(
        payloads
            .read(key(1, 3, "2026-11-20"))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        payloads
            .read(key(2, 5, "2026-11-21"))
            .await
            .unwrap()
            .is_some()
    );
    let left = std::fs::read_dir(
        dir.path()
            .join("payloads")
            .join(OrgId::from_u128(1).to_string()),
    );
    assert_eq!(left.unwrap().count(), 1, "the empty day is gone too");
}
