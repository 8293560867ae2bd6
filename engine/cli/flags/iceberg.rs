//! `tlslake iceberg`.

use std::path::PathBuf;

use clap::Args;
use tlslake_engine::iceberg::{CatalogPlace, IcebergConfig};

use super::{Format, StoreFlags};

/// `tlslake iceberg`.
#[derive(Debug, Args)]
pub(crate) struct IcebergFlags {
    /// The lake, which must be complete: its folder or its URL. Its files stay where they are: the table names them there
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// The table, created if absent; a namespace may have several levels: logs.alb.connections
    #[arg(long, value_name = "NAMESPACE.NAME")]
    pub(crate) table: String,

    /// The catalog: sqlite:PATH, a database that is created if absent, or rest:URL, a server of Iceberg's REST protocol [default:
    /// sqlite:WAREHOUSE/catalog.db]
    #[arg(long, value_name = "CATALOG", value_parser = CatalogPlace::parse)]
    pub(crate) catalog: Option<CatalogPlace>,

    /// Where the metadata of a new table goes: a folder, or a URL (s3://BUCKET/PREFIX); for a REST catalog the warehouse's name there [default:
    /// the folder of the SQLite database; of a REST catalog its own]
    #[arg(long, value_name = "DIR")]
    pub(crate) warehouse: Option<String>,

    /// Name of the catalog, which keeps tables of several catalogs in one database apart
    #[arg(long, value_name = "NAME", default_value = IcebergConfig::DEFAULT_CATALOG_NAME)]
    pub(crate) catalog_name: String,

    /// A further property for a REST catalog, such as oauth2-server-uri=URL or scope=NAME; may be given several times. Secrets belong in the
    /// environment: ICEBERG_TOKEN, or ICEBERG_CREDENTIAL for CLIENT:SECRET
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) property: Vec<(String, String)>,

    /// Take the table out of the catalog and make it anew from this lake: for one whose units were replaced, or that has moved. The table's
    /// history goes; for a moment there is no table. Refused where it holds rows that are not this lake's
    #[arg(long)]
    pub(crate) rebuild: bool,

    /// Say what would be appended, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) stores: StoreFlags,

    /// Form of the answer on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// `KEY=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}
