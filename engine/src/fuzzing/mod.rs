//! What must hold for any input: one property for each of the fuzz targets, which panics where the product contradicts itself.
//!
//! Compiled for fuzzing and for tests alone. `tests/fuzz` runs each property on inputs that a fuzzer makes up, guided by coverage; the unit
//! tests run it on the seeds that stand there.

mod damage;
mod lake;
mod lines;
mod names;
mod question;
mod rows;
mod scanner;
#[cfg(test)]
mod seeds;
mod stored;
mod trust;

pub use damage::damaged_lake_is_no_trap;
pub use lake::lake_gives_back_what_it_was_given;
pub use lines::parser_accounts;
pub use names::names_tell_what_they_say;
pub use question::prefilter_misses_nothing;
pub use scanner::kernels_agree;
pub use stored::decoders_agree;
pub use trust::files_are_judged;

/// What a target does with its input.
pub type Property = fn(&[u8]);

/// Every target by the name of its program and of its folder of seeds.
pub const TARGETS: [(&str, Property); 8] = [
    ("scan_kernels", kernels_agree),
    ("line_parser", parser_accounts),
    ("decompressor", decoders_agree),
    ("file_names", names_tell_what_they_say),
    ("certificates", files_are_judged),
    ("search_prefilter", prefilter_misses_nothing),
    ("parquet_round_trip", lake_gives_back_what_it_was_given),
    ("parquet_damage", damaged_lake_is_no_trap),
];
