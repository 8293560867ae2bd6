//! `tlslake ddl`: statements with which engines take a lake's tables.

use std::path::{Path, PathBuf};

use tlslake_engine::config::StoreConfig;
use tlslake_engine::ddl::{self, DdlConfig, Engine};
use tlslake_engine::run;

use super::read;
use crate::exit::Failure;
use crate::flags::{DdlFlags, EngineFlag};

/// Statements, ready to be made.
#[derive(Debug)]
pub(crate) struct Ddl {
    out: PathBuf,
    stores: StoreConfig,
    config: DdlConfig,
}

pub(super) fn resolve(flags: DdlFlags) -> Result<Ddl, Failure> {
    let DdlFlags { out, engine, location, database, prefix, stores } = flags;
    let location = location.map_or_else(|| absolute(&out), Ok)?;
    let engine = match engine {
        EngineFlag::Athena => Engine::Athena,
        EngineFlag::Spark => Engine::Spark,
        EngineFlag::Trino => Engine::Trino,
        EngineFlag::Duckdb => Engine::Duckdb,
        EngineFlag::Clickhouse => Engine::Clickhouse,
    };
    Ok(Ddl { out, stores: read::stores(stores), config: DdlConfig { engine, location, database, prefix } })
}

/// The lake as an engine on this machine finds it.
fn absolute(out: &Path) -> Result<String, Failure> {
    if let Some(url) = out.to_str().filter(|text| text.contains("://")) {
        return Ok(url.to_owned());
    }
    let path = std::path::absolute(out).map_err(|error| Failure::run(format!("{}: {error}", out.display())))?;
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        Failure::usage(format!("{} cannot stand in a statement", out.display()), "say where the engine finds it with --location")
    })
}

impl Ddl {
    pub(super) fn run(self) -> Result<String, Failure> {
        let shape = run::lake_shape(&self.out, &self.stores)?;
        Ok(ddl::statements(&shape, &self.config)?)
    }
}
