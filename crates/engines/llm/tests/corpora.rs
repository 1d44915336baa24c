//! Replays the fuzz corpus of the answer reader as an ordinary test. The check is the fuzz target's; seeds are added there.

#[path = "../../../../fuzz/src/answer.rs"]
mod checks;

use std::path::Path;

#[test]
fn answer() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/corpus/answer");
    let mut count = 0;
    for seed in std::fs::read_dir(&seeds).into_iter().flatten().flatten() {
        let bytes = std::fs::read(seed.path()).unwrap_or_default();
        // The first bytes name the pieces that the others come in.
        for sizes in [
            &b"\x00"[..],
            b"\x01\x00",
            b"\x01\x01",
            b"\x02\x02\x06",
            b"\x03\x00\x1e\x01",
        ] {
            checks::answer(&[sizes, &bytes].concat());
        }
        count += 1;
    }
    assert!(count > 2, "no seeds in {}", seeds.display());
}
