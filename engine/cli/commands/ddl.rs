//! `tlslake ddl`: statements with which engines take a lake's tables.

use std::path::{Path, PathBuf};

use tlslake_engine::ddl::{self, DdlConfig, Engine};
use tlslake_engine::run;

use crate::exit::Failure;
use crate::flags::{DdlFlags, EngineFlag};

/// Statements, ready to be made.
#[derive(Debug)]
pub(crate) struct Ddl {
    out: PathBuf,
    config: DdlConfig,
}

pub(super) fn resolve(flags: DdlFlags) -> Result<Ddl, Failure> {
    let DdlFlags { out, engine, location, database, prefix } = flags;
    let location = location.map_or_else(|| absolute(&out), Ok)?;
    let engine = match engine {
        EngineFlag::Athena => Engine::Athena,
        EngineFlag::Spark => Engine::Spark,
        EngineFlag::Trino => Engine::Trino,
        EngineFlag::Duckdb => Engine::Duckdb,
        EngineFlag::Clickhouse => Engine::Clickhouse,
    };
    Ok(Ddl { out, config: DdlConfig { engine, location, database, prefix } })
}

/// The folder as an engine on this machine finds it.
fn absolute(out: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(out).map_err(|error| Failure::run(format!("{}: {error}", out.display())))?;
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        Failure::usage(format!("{} cannot stand in a statement", out.display()), "say where the engine finds it with --location")
    })
}

impl Ddl {
    pub(super) fn run(self) -> Result<String, Failure> {
        let shape = run::lake_shape(&self.out)?;
        Ok(ddl::statements(&shape, &self.config)?)
    }
}
