//! Feeds arbitrary bytes to the check of the pair `messages_to_converse`.
#![no_main]

#[path = "../src/translations.rs"]
mod translations;

libfuzzer_sys::fuzz_target!(|data: &[u8]| translations::pair("messages_to_converse", data));
