//! Any stored bytes: one text or one fault, whichever decoder reads them, however they are cut, whatever the limit.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::decoders_agree(data));
