//! Any bytes at all: every kernel that this machine has must find in them what the scalar one finds, faults included.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlslake_engine::fuzzing::kernels_agree(data));
