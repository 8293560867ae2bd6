//! A lake's file with a few bytes changed, or cut off: a fault or whole lines, whatever its footer says.
#![no_main]

use std::panic::{set_hook, take_hook};

libfuzzer_sys::fuzz_target!(
    init: {
        // The engine answers for the Parquet reader's panics, which libFuzzer's hook would not let it see. One that gets through still aborts.
        let hook = take_hook();
        set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|location| location.file().contains("/parquet-")) {
                hook(info);
            }
        }));
    },
    |data: &[u8]| tlslake_engine::fuzzing::damaged_lake_is_no_trap(data)
);
