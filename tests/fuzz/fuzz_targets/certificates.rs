//! Any certificate, CA bundle or revocation list: a judgement of bounded length, the same each time, with no key in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::files_are_judged(data));
