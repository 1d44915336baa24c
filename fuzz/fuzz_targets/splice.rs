//! Feeds arbitrary bytes to the `splice` check.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::splice(data));
