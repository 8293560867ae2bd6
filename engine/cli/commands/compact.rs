//! `tlslake compact`: the small files of a lake into fewer, larger ones.

use std::sync::Arc;

use tlslake_engine::Error;
use tlslake_engine::config::{CompactConfig, LakeConfig, ReadConfig};
use tlslake_engine::report::Compaction;
use tlslake_engine::run::{self, Control};

use super::read;
use crate::exit::Failure;
use crate::flags::{CompactFlags, ProgressMode};
use crate::render::progress;
use crate::signals::Signals;

/// A compaction, ready to run.
#[derive(Debug)]
pub(crate) struct Compact {
    config: CompactConfig,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: CompactFlags) -> Compact {
    let limits = ReadConfig { jobs: flags.jobs.unwrap_or(0), memory: flags.memory.unwrap_or(0), ..ReadConfig::default() };
    let ReadConfig { jobs, memory, .. } = read::under_its_ceiling(limits);
    let lake = LakeConfig {
        compression: flags.compression.unwrap_or_default(),
        bloom: flags.bloom,
        row_group_rows: flags.row_group_rows,
        target_file_size: flags.target_file_size,
        sort: flags.sort,
        wait: flags.wait,
        ..LakeConfig::new(flags.out)
    };
    let config = CompactConfig {
        lake,
        stores: read::stores(flags.stores),
        keep_codec: flags.compression.is_none(),
        dry_run: flags.dry_run,
        jobs,
        memory,
    };
    Compact { config, progress: flags.display.progress }
}

impl Compact {
    pub(super) fn run(self) -> Result<Compaction, Failure> {
        let control = Arc::new(Control::default());
        let signals = Signals::watch(control.clone())?;
        let done = progress::watch(self.progress, &control.progress, || run::compact(&self.config, &control));
        done.map_err(|error| {
            let is_cut_off = matches!(error, Error::Output { .. });
            let failure = signals.explain(error);
            if is_cut_off { failure.hinting("give the command that filled the lake again; what it has finished is kept") } else { failure }
        })
    }
}
