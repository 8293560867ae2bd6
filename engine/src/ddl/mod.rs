//! Statements with which engines take a lake's tables: what `ddl` prints.
//!
//! In: what the lake has ([`LakeShape`]), where the engine finds it, and for which engine. Out: SQL that runs as it is. Pure text: nothing is looked up.
//! Column types follow from [`crate::columns::schema`], so a table here has what the files have.

mod dialect;
mod hive;
mod views;

#[cfg(test)]
mod tests;

use crate::columns::schema::Column;
use crate::error::{Error, Result};

pub use dialect::Engine;

/// What a lake has, as far as engines have to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LakeShape {
    /// Its tables that hold files.
    pub tables: Vec<TableShape>,
    /// Values of `account` and `region`, as folders spell them, sorted; empty where the lake has no folders.
    pub accounts: Vec<String>,
    /// Likewise.
    pub regions: Vec<String>,
    /// The first `day`.
    pub first_day: Option<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Its name, which is its folder's.
    pub name: &'static str,
    /// Its columns, those of partitions left out.
    pub columns: Vec<Column>,
    /// Whether it lies in folders by account, region and day.
    pub is_partitioned: bool,
}

/// What statements are to say beside the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdlConfig {
    /// For which engine.
    pub engine: Engine,
    /// Where the engine finds the lake: a URL or an absolute path.
    pub location: String,
    /// The database (Trino: catalog and schema, `hive.alb`) in which the tables are made; `None` for the session's own.
    pub database: Option<String>,
    /// What every table's name begins with.
    pub prefix: String,
}

/// The columns of partitions, in the order of the folders.
const PARTITION: [&str; 3] = ["account", "region", "day"];

/// The statements.
///
/// # Errors
/// [`Error::Config`] where the engine cannot read from that location, or a name cannot stand in a statement.
pub fn statements(shape: &LakeShape, config: &DdlConfig) -> Result<String> {
    check(config)?;
    let location = config.location.trim_end_matches('/');
    let mut sql = String::new();
    for table in &shape.tables {
        let name = qualified(config, table.name);
        let folder = format!("{location}/{}", table.name);
        sql.push_str(&match config.engine {
            Engine::Athena => hive::athena(shape, table, &name, &folder),
            Engine::Spark => hive::spark(table, &name, &folder),
            Engine::Trino => hive::trino(table, &name, &folder),
            Engine::Duckdb => views::duckdb(table, &name, &folder),
            Engine::Clickhouse => views::clickhouse(table, &name, &folder),
        });
        sql.push('\n');
    }
    Ok(sql)
}

fn check(config: &DdlConfig) -> Result<()> {
    let is_url = config.location.contains("://");
    if matches!(config.engine, Engine::Athena) && !config.location.starts_with("s3://") {
        return Err(Error::Config(format!(
            "Athena reads from S3, not from {}; say where the lake is there with --location s3://…",
            config.location
        )));
    }
    if !is_url && !config.location.starts_with('/') {
        return Err(Error::Config(format!(
            "{} is neither a URL nor an absolute path; say where the engine finds the lake with --location",
            config.location
        )));
    }
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let parts = config.database.iter().flat_map(|database| database.split('.')).chain([config.prefix.as_str()]);
    match parts.into_iter().find(|part| !is_name(part)) {
        Some(name) => Err(Error::Config(format!("{name:?} can stand in no table's name; use letters, digits and _"))),
        None => Ok(()),
    }
}

/// The table's whole name in the engine's quotes.
fn qualified(config: &DdlConfig, table: &str) -> String {
    let parts = config.database.iter().flat_map(|database| database.split('.')).map(str::to_owned);
    let parts: Vec<String> = parts.chain([format!("{}{table}", config.prefix)]).map(|part| config.engine.quoted(&part)).collect();
    parts.join(".")
}

/// A text as a literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
