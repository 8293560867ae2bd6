//! Any text of lines: every line becomes a row, a rejected line or a blank, and can be told from the batch.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::parser_accounts(data));
