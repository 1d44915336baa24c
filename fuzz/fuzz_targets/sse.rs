//! Feeds arbitrary bytes to the `sse` check.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::sse(data));
