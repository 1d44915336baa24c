//! Feeds arbitrary bytes to the `meter` check.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::meter(data));
