//! `tlslake kernels`: which scan kernels there are, and which of them this machine can run.

use serde::Serialize;
use tlslake_engine::scan::Kernel;

/// The kernels, fastest first; serialised, it is `--format json`.
#[derive(Debug, Serialize)]
pub(crate) struct KernelList {
    /// [`KernelList::SCHEMA`].
    pub(crate) schema: &'static str,
    /// Every kernel, whether or not this machine has it.
    pub(crate) kernels: Vec<KernelEntry>,
}

/// One kernel.
#[derive(Debug, Serialize)]
pub(crate) struct KernelEntry {
    /// What `--kernel` takes.
    pub(crate) name: &'static str,
    /// Whether this machine can run it.
    pub(crate) available: bool,
    /// What it asks of the processor.
    pub(crate) needs: &'static str,
    /// Whether it is the one that runs without `--kernel`.
    pub(crate) used: bool,
}

impl KernelList {
    /// The schema's name and version.
    pub(crate) const SCHEMA: &'static str = "tlslake.kernels/1";

    /// Asks this machine.
    pub(super) fn of_this_machine() -> Self {
        Self { schema: Self::SCHEMA, kernels: Kernel::ALL.into_iter().map(entry).collect() }
    }
}

fn entry(kernel: Kernel) -> KernelEntry {
    KernelEntry { name: kernel.name(), available: kernel.is_available(), needs: kernel.needs(), used: kernel == Kernel::best() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_kernel_is_used_and_it_is_available() {
        let list = KernelList::of_this_machine();
        let used: Vec<_> = list.kernels.iter().filter(|kernel| kernel.used).collect();
        assert!(matches!(used.as_slice(), [kernel] if kernel.available));
    }
}
