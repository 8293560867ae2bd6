//! The reading flags that commands share.

use jiff::Timestamp;
use tlslake_engine::config::{OnCorrupt, Pick, ReadConfig, StoreConfig};
use tlslake_engine::run;

use crate::exit::Failure;
use crate::flags::{LimitFlags, OnCorruptFlag, PickFlags, ReadFlags, StoreFlags, TimeFlags};

/// The engine's settings; fails where `--since` and `--until` leave no time between them.
pub(super) fn settings(flags: &ReadFlags) -> Result<ReadConfig, Failure> {
    let read = ReadConfig {
        kernel: flags.kernel,
        on_corrupt: match flags.on_corrupt {
            OnCorruptFlag::Skip => OnCorrupt::Skip,
            OnCorruptFlag::Salvage => OnCorrupt::Salvage,
            OnCorruptFlag::Fail => OnCorrupt::Fail,
        },
        ..limits(&flags.limits)
    };
    places(&flags.time, flags.pick.clone(), flags.stores.clone(), read)
}

/// Sets what is read and where it lies.
pub(super) fn places(time: &TimeFlags, pick: PickFlags, stores: StoreFlags, read: ReadConfig) -> Result<ReadConfig, Failure> {
    check_range(time.since, time.until)?;
    let PickFlags { account, region, load_balancer } = pick;
    Ok(ReadConfig {
        since: time.since,
        until: time.until,
        pick: Pick { accounts: account, regions: region, load_balancers: load_balancer },
        stores: self::stores(stores),
        ..read
    })
}

/// How stores are reached.
pub(super) fn stores(flags: StoreFlags) -> StoreConfig {
    let StoreFlags { endpoint_url, anonymous, profile, requester_pays } = flags;
    StoreConfig { endpoint_url, anonymous, profile, requester_pays }
}

/// The engine's settings, of which only the limits are not the default's; makes the process keep to a low ceiling.
pub(super) fn limits(flags: &LimitFlags) -> ReadConfig {
    let max_line = usize::try_from(flags.max_line).unwrap_or(usize::MAX);
    under_its_ceiling(ReadConfig { jobs: flags.jobs.unwrap_or(0), max_line, memory: flags.memory.unwrap_or(0), ..ReadConfig::default() })
}

/// The same settings; makes the process keep to a low ceiling.
pub(super) fn under_its_ceiling(read: ReadConfig) -> ReadConfig {
    if run::memory_ceiling(&read) < ReadConfig::HUGE_PAGES_FROM {
        do_without_huge_pages();
    }
    read
}

/// A huge page counts whole once a byte of it is in use, and the allocator asks for them.
#[cfg(target_os = "linux")]
fn do_without_huge_pages() {
    // A kernel that refuses this has none to give.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
fn do_without_huge_pages() {}

fn check_range(since: Option<i64>, until: Option<i64>) -> Result<(), Failure> {
    match (since, until) {
        (Some(since), Some(until)) if since >= until => Err(Failure::usage(
            format!("--since {} is not before --until {}: no event can lie between them", shown(since), shown(until)),
            "--since is the first instant wanted, --until the first one no longer wanted",
        )),
        _ => Ok(()),
    }
}

/// As RFC 3339; every value came from a valid time, so the number itself is never shown in practice.
pub(super) fn shown(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds).map_or_else(|_| microseconds.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_must_hold_an_instant() {
        assert!(check_range(Some(1), Some(2)).is_ok());
        assert!(check_range(Some(1), None).is_ok());
        assert!(check_range(None, Some(1)).is_ok());
        assert!(check_range(Some(1), Some(1)).is_err());
        assert!(check_range(Some(2), Some(1)).is_err());
    }

    #[test]
    fn bounds_are_shown_as_times() {
        assert_eq!(shown(1_767_225_600_000_000), "2026-01-01T00:00:00Z");
    }
}
