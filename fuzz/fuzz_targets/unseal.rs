//! Feeds arbitrary bytes to the check of what takes seals out.
#![no_main]

#[path = "../src/unseal.rs"]
mod unseal;

libfuzzer_sys::fuzz_target!(|data: &[u8]| unseal::unseal(data));
