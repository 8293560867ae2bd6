//! Any file name: what is read out of it is in it, and what is shown of it can be read back.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::names_tell_what_they_say(data));
