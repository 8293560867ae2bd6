//! Settings and a log: what is written as Parquet is read back as the same rows and rejected lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::lake_gives_back_what_it_was_given(data));
