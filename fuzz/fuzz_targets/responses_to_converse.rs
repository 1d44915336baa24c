//! Feeds arbitrary bytes to the check of the pair `responses_to_converse`.
#![no_main]

#[path = "../src/translations.rs"]
mod translations;

libfuzzer_sys::fuzz_target!(|data: &[u8]| translations::pair("responses_to_converse", data));
