//! Feeds arbitrary bytes to the `envelope` check.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::envelope(data));
