//! The shares of any ceiling stay within it, and the usual ones are as large as is of use.

use proptest::prelude::*;

use super::*;
use crate::config::LakeConfig;

impl Default for Tuning {
    fn default() -> Self {
        Self::new(4 << 30, 4, ReadConfig::DEFAULT_MAX_LINE, Needs::default()).unwrap()
    }
}

fn convert() -> Needs {
    let lake = LakeNeeds {
        row_group_rows: LakeConfig::DEFAULT_ROW_GROUP_ROWS,
        compression: Compression::default(),
        uploads: false,
        merges: false,
    };
    Needs { lake: Some(lake), ..Needs::default() }
}

fn least_of(needs: Needs) -> usize {
    least(4 * MIB, needs).unwrap() / MIB
}

#[test]
fn the_least_memory_of_each_command() {
    let certificates = Needs { certificates: true, ..Needs::default() };
    let lake = Needs { reads_lake: true, ..Needs::default() };
    assert_eq!([Needs::default(), certificates, lake, convert()].map(least_of), [112, 160, 144, 240]);
    // The default where a machine has little: what `convert` needs must be in it.
    let least = least(ReadConfig::DEFAULT_MAX_LINE, convert()).unwrap() as u64;
    let little = ReadConfig::default_memory(Some(512 << 20));
    assert!(little >= least, "{least}");
}

#[test]
fn from_two_gibibytes_on_sizes_grow_no_more() {
    let usual = Tuning::new(2 << 30, 2, ReadConfig::DEFAULT_MAX_LINE, convert()).unwrap();
    assert_eq!((usual.small_file, usual.whole_limit, usual.piece_bytes, usual.portion_lines), (8 << 20, 64 * MIB, 2 * MIB, 200_000));
    assert_eq!((usual.workers, usual.slots, usual.stream_window), (2, 8, 128 * MIB));
    assert_eq!((usual.keep.top_values, usual.keep.certificate_bytes, usual.hours), (65_536, 64 * MIB, 16 * MIB));
}

#[test]
fn what_cannot_fit_is_refused_with_what_it_needs() {
    let refused = |memory: u64, max_line, needs| Tuning::new(memory, 1, max_line, needs).unwrap_err().to_string();
    let few = refused(32 << 20, ReadConfig::DEFAULT_MAX_LINE, Needs::default());
    assert!(few.starts_with("32 MiB of memory are too little") && few.contains("need ") && few.contains("--memory"), "{few}");
    let line = refused(1 << 30, ReadConfig::MAX_MAX_LINE, Needs::default());
    assert!(line.contains("lines of up to 1073741824 bytes need "), "{line}");
    let lake =
        LakeNeeds { row_group_rows: LakeConfig::MAX_ROW_GROUP_ROWS, compression: Compression::default(), uploads: false, merges: false };
    let rows = refused(1 << 30, 1 << 20, Needs { lake: Some(lake), ..Needs::default() });
    assert!(rows.contains("row groups of 16777216 rows"), "{rows}");
}

proptest! {
    #[test]
    fn shares_stay_within_the_ceiling(mib in 64_usize..20_000, jobs in 1_usize..1024, lake in any::<bool>(), certificates in any::<bool>()) {
        let needs = Needs { certificates, lake: convert().lake.filter(|_| lake), ..Needs::default() };
        let Some(tuning) = Tuning::share_out(mib * MIB, jobs, 1 << 20, needs) else {
            prop_assert!(mib * MIB < least(1 << 20, needs).unwrap());
            return Ok(());
        };
        let fixed = tuning.fixed(tuning.workers, needs);
        let held = tuning.under_way + tuning.portion_cost + tuning.keep_scratch * tuning.workers;
        prop_assert!(fixed + held + WINDOWS * (tuning.stream_window - LEAST_WINDOW) <= mib * MIB);
        prop_assert!(tuning.workers >= 1 && tuning.workers <= jobs && tuning.slots >= 2);
        // What decides how the tables come out does not depend on the threads.
        let alone = Tuning::share_out(mib * MIB, 1, 1 << 20, needs).unwrap();
        prop_assert_eq!((alone.piece_bytes, alone.small_file, alone.portion_lines), (tuning.piece_bytes, tuning.small_file, tuning.portion_lines));
    }
}
