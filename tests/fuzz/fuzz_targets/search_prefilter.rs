//! A question and a log: the lines that are passed over do not match.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::prefilter_misses_nothing(data));
