//! Any bytes at all: every kernel that this machine has must find in them what the scalar one finds, faults included.
//!
//! How to run it stands in `tests/fuzz/Cargo.toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Panics where two kernels disagree, which is what the fuzzer looks for.
    tlslake_engine::fuzzing::kernels_agree(data);
});
