//! Replays the fuzz corpora of the pairs as an ordinary test. The check is that of the fuzz targets; seeds are added
//! there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../../../../fuzz/src/translations.rs"]
mod translations;

use std::path::Path;

#[test]
fn every_seed_of_every_pair() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/corpus");
    let mut count = 0;
    for corpus in std::fs::read_dir(&corpora).unwrap() {
        let corpus = corpus.unwrap();
        let name = corpus.file_name().into_string().unwrap();
        if !name.contains("_to_") {
            continue;
        }
        for seed in std::fs::read_dir(corpus.path()).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            translations::pair(&name, &bytes);
            // The same seed cut short: readers must not count on an end.
            for part in 1..8 {
                translations::pair(&name, &bytes[..bytes.len() * part / 8]);
            }
            count += 1;
        }
    }
    assert!(count > 2, "no seeds in {}", corpora.display());
}
