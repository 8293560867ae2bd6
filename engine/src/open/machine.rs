//! What the system says of memory (how much the process may use, and how much it has used at most) and of the processor. Nothing is known where
//! there is no `/proc`.

use std::path::{Path, PathBuf};

/// Bytes of memory that this process may use: what the machine has, or what its control groups allow if that is less.
pub(crate) fn available_memory() -> Option<u64> {
    let total = kib_of(&read("/proc/meminfo")?, "MemTotal:")?;
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&groups, Path::new("/sys/fs/cgroup")).into_iter().filter_map(|file| limit(&read(file)?));
    Some(limits.fold(total, u64::min))
}

/// The most bytes that this process has held in memory at one time so far.
pub(crate) fn peak_memory() -> Option<u64> {
    kib_of(&read("/proc/self/status")?, "VmHWM:")
}

/// The processor's name.
pub(crate) fn cpu_name() -> Option<String> {
    name_in(&read("/proc/cpuinfo")?)
}

/// The first `model name` (x86) or, on other machines, `cpu model` or `Model`.
fn name_in(cpuinfo: &str) -> Option<String> {
    let fields = || cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let named = |wanted: &str| fields().find(|(name, value)| name.trim() == wanted && !value.trim().is_empty());
    ["model name", "cpu model", "Model"].iter().find_map(|name| named(name)).map(|(_, value)| value.trim().to_owned())
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// A line such as `MemTotal:  24635284 kB`, in bytes.
fn kib_of(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// The files that may limit this process: those of its control group and of every one above it, for version 2 (`0::/path`) and for version 1
/// (`9:memory:/path`). In a container the path may be that of the host, of which only the root can be seen.
fn limit_files(groups: &str, root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (base, name) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => continue,
        };
        files.extend(Path::new(path.trim_start_matches('/')).ancestors().map(|group| base.join(group).join(name)));
    }
    files
}

/// `max` is no limit; so is the huge number of version 1, which is above any machine's memory.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_words_are_read() {
        assert_eq!(kib_of("MemTotal:       24635284 kB\nMemFree: 1 kB\n", "MemTotal:"), Some(24_635_284 * 1024));
        assert_eq!(kib_of("VmPeak:\t  9 kB\nVmHWM:\t    3456 kB\n", "VmHWM:"), Some(3456 * 1024));
        assert_eq!(kib_of("VmHWM: much", "VmHWM:"), None);
        assert_eq!((limit("max\n"), limit("1073741824\n")), (None, Some(1 << 30)));
    }

    #[test]
    fn a_group_and_those_above_it_may_limit() {
        let shown = |groups| limit_files(groups, Path::new("/c")).iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(shown("0::/a/b\n"), ["/c/a/b/memory.max", "/c/a/memory.max", "/c/memory.max"]);
        assert_eq!(shown("3:cpu,memory:/a\n1:cpu:/x"), ["/c/memory/a/memory.limit_in_bytes", "/c/memory/memory.limit_in_bytes"]);
        assert_eq!(shown("no group"), [""; 0]);
    }

    #[test]
    fn a_processor_s_name_is_found() {
        let name = |text| name_in(text);
        assert_eq!(name("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n").as_deref(), Some("AMD EPYC"));
        assert_eq!(name("processor : 0\nBogoMIPS : 50\n\nModel : Raspberry Pi 5\n").as_deref(), Some("Raspberry Pi 5"));
        assert_eq!(name("model name :\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_memory() {
        assert!(available_memory().is_some_and(|bytes| bytes > 64 << 20));
        assert!(peak_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
