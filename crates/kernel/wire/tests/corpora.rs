//! Replays the fuzz corpora as an ordinary test. The checks are those of the fuzz targets; seeds are added there.

#[path = "../../../../fuzz/src/lib.rs"]
mod checks;

use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../fuzz/corpus")
        .join(target);
    let mut count = 0;
    for seed in std::fs::read_dir(&seeds).into_iter().flatten().flatten() {
        let bytes = std::fs::read(seed.path()).unwrap_or_default();
        check(&bytes);
        // The same in other pieces, where the first bytes name them.
        for sizes in [
            &b"\x01\x00"[..],
            b"\x01\x01",
            b"\x02\x02\x06",
            b"\x03\x00\x1e\x01",
        ] {
            check(&[sizes, &bytes].concat());
        }
        count += 1;
    }
    assert!(count > 2, "no seeds in {}", seeds.display());
}

#[test]
fn sse() {
    replay("sse", checks::sse);
}

#[test]
fn envelope() {
    replay("envelope", checks::envelope);
}

#[test]
fn splice() {
    replay("splice", checks::splice);
}

#[test]
fn meter() {
    replay("meter", checks::meter);
}

#[test]
fn eventstream() {
    replay("eventstream", checks::eventstream);
}
