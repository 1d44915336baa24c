//! Replays the fuzz corpora of the pairs, and of what takes seals out, as ordinary tests. The checks are those of the
//! fuzz targets; seeds are added there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../../../../fuzz/src/translations.rs"]
mod translations;
#[path = "../../../../fuzz/src/unseal.rs"]
mod unseal;

use std::path::Path;

/// Every seed of the corpora whose names are asked for, and each cut short: readers must not count on an end.
fn seeds(is_asked: impl Fn(&str) -> bool, check: impl Fn(&str, &[u8])) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/corpus");
    let mut count = 0;
    for corpus in std::fs::read_dir(&corpora).unwrap() {
        let corpus = corpus.unwrap();
        let name = corpus.file_name().into_string().unwrap();
        if !is_asked(&name) {
            continue;
        }
        for seed in std::fs::read_dir(corpus.path()).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            for part in 1..=8 {
                check(&name, &bytes[..bytes.len() * part / 8]);
            }
            count += 1;
        }
    }
    assert!(count > 2, "no seeds in {}", corpora.display());
}

#[test]
fn every_seed_of_every_pair() {
    seeds(|name| name.contains("_to_"), translations::pair);
}

#[test]
fn every_seed_with_seals() {
    seeds(|name| name == "unseal", |_, bytes| unseal::unseal(bytes));
}
