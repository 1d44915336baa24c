//! Feeds arbitrary bytes to the `answer` check.
#![no_main]

#[path = "../src/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|data: &[u8]| answer::answer(data));
