//! `tlslake convert`: logs into a lake, and the report.

use std::ffi::OsString;
use std::sync::Arc;

use tlslake_engine::config::{LakeConfig, Partitioning, ReadConfig, WriterKind};
use tlslake_engine::run::{self, Control};

use super::{LogsOutcome, read};
use crate::exit::Failure;
use crate::flags::{ConvertFlags, LakeFlags, PartitionFlag, ProgressMode, WriterFlag};
use crate::render::progress;
use crate::signals::Signals;

/// A conversion, ready to run.
#[derive(Debug)]
pub(crate) struct Convert {
    inputs: Vec<OsString>,
    read: ReadConfig,
    lake: LakeConfig,
    progress: ProgressMode,
}

pub(super) fn resolve(flags: ConvertFlags) -> Result<Convert, Failure> {
    let read = ReadConfig { strict: flags.strict.strict, ..read::settings(&flags.read)? };
    Ok(Convert { inputs: flags.read.inputs, read, lake: lake(flags.lake), progress: flags.display.progress })
}

fn lake(flags: LakeFlags) -> LakeConfig {
    LakeConfig {
        compression: flags.compression,
        bloom: flags.bloom,
        partitioning: match flags.partition {
            PartitionFlag::AccountRegionDay => Partitioning::AccountRegionDay,
            PartitionFlag::None => Partitioning::None,
        },
        writer: match flags.writer {
            WriterFlag::Pages => WriterKind::Pages,
            WriterFlag::Arrow => WriterKind::Arrow,
        },
        row_group_rows: flags.row_group_rows,
        target_file_size: flags.target_file_size,
        sort: flags.sort,
        provenance: !flags.no_provenance,
        wait: flags.wait,
        replace_changed: flags.replace_changed,
        ..LakeConfig::new(flags.out)
    }
}

impl Convert {
    pub(super) fn run(self) -> Result<LogsOutcome, Failure> {
        let control = Arc::new(Control::default());
        let signals = Signals::watch(control.clone())?;
        let report = progress::watch(self.progress, &control.progress, || run::convert(&self.inputs, &self.read, &self.lake, &control));
        let report = report.map_err(|error| signals.explain(error))?;
        Ok(LogsOutcome { report, inputs: super::typeable(&self.inputs) })
    }
}
