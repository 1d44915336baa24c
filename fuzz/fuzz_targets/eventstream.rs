//! Feeds arbitrary bytes to the `eventstream` check.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::eventstream(data));
