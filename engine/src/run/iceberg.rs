//! Appends what a lake gained to an Iceberg table.

use std::path::Path;

use crate::error::Result;
use crate::iceberg::IcebergConfig;
use crate::report::Appended;

/// Appends the files of the lake at `out` that the table was not given yet, in one snapshot; creates the table if it is absent. The lake must be
/// complete, and no run writes to it meanwhile. Run again, it changes nothing.
///
/// `jobs` threads read footers; 0 means one per core.
///
/// # Errors
/// Where there is no complete lake, the catalog cannot be asked, or the table cannot take the files: see [`crate::Error::Table`].
#[cfg(feature = "iceberg")]
pub fn iceberg(out: &Path, config: &IcebergConfig, jobs: usize) -> Result<Appended> {
    use rayon::prelude::*;

    use crate::lake::{self, LakeFile};

    let started = std::time::Instant::now();
    config.table_parts()?;
    let lake = lake::files(lake::home::home(out, &config.stores, &std::sync::Arc::default())?)?;
    let pool = super::pipeline::pool(jobs)?;
    let footers = |files: &[&LakeFile]| -> Result<Vec<_>> { pool.install(|| files.par_iter().map(|file| lake.footer(file)).collect()) };
    let appended = crate::iceberg::append(&lake, config, &footers)?;
    Ok(Appended { elapsed_s: started.elapsed().as_secs_f64(), ..appended })
}

/// Says that this build cannot.
///
/// # Errors
/// Always: feature `iceberg` is off.
#[cfg(not(feature = "iceberg"))]
pub fn iceberg(_: &Path, config: &IcebergConfig, _: usize) -> Result<Appended> {
    config.table_parts()?;
    Err(crate::Error::Config(
        "this tlslake was built without Iceberg; the released binary has it, and so has `cargo build --release --features iceberg`"
            .to_owned(),
    ))
}
