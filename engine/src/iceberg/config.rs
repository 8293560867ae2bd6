//! What an append is to do: which table of which catalog.

use std::path::PathBuf;

use crate::config::StoreConfig;
use crate::error::{Error, Result};

/// Settings of [`crate::run::iceberg`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcebergConfig {
    /// The table: `NAMESPACE.NAME`; a namespace may have several levels, divided by dots.
    pub table: String,
    /// The catalog; `None` for a SQLite database in the warehouse.
    pub catalog: Option<CatalogPlace>,
    /// The catalog's own name, by which a SQL catalog keeps its tables apart from others in the same database.
    pub catalog_name: String,
    /// Where the metadata of new tables goes: a folder or a URL; for a REST catalog what it calls a warehouse.
    pub warehouse: Option<String>,
    /// Further properties for a REST catalog.
    pub properties: Vec<(String, String)>,
    /// How object stores are reached.
    pub stores: StoreConfig,
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Make the table anew from the lake.
    pub rebuild: bool,
}

/// Where a catalog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogPlace {
    /// A SQLite database: its file.
    Sqlite(PathBuf),
    /// A server that speaks Iceberg's REST protocol: its URL, to which `/v1/…` is added.
    Rest(String),
}

/// The database in a warehouse that nothing else is said of.
#[cfg(feature = "iceberg")]
const DATABASE: &str = "catalog.db";

impl CatalogPlace {
    /// Reads `sqlite:PATH` or `rest:URL`.
    ///
    /// # Errors
    /// What it can be, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.trim_start_matches("//").into())),
            Some(("rest", url)) if is_http(url) => Ok(Self::Rest(url.trim_end_matches('/').to_owned())),
            Some(("rest", url)) => Err(format!("{url:?} is no URL of a server; write rest:https://HOST/PATH")),
            Some(("glue", _)) => Err(GLUE.to_owned()),
            None if text == "glue" => Err(GLUE.to_owned()),
            _ => Err("a catalog is sqlite:PATH or rest:URL".to_owned()),
        }
    }
}

const GLUE: &str = "AWS Glue signs its requests, which this version does not do for catalogs; a REST catalog in front of Glue will do";

fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|host| !host.is_empty()))
}

impl IcebergConfig {
    /// The catalog's name where none is given: the one that PyIceberg takes, too.
    pub const DEFAULT_CATALOG_NAME: &'static str = "default";

    /// Namespace and name of the table.
    ///
    /// # Errors
    /// [`Error::Config`] where it is no such name.
    pub(crate) fn table_parts(&self) -> Result<Vec<String>> {
        let parts: Vec<String> = self.table.split('.').map(str::to_owned).collect();
        let is_name = |part: &String| !part.is_empty() && !part.contains(['/', '\\']) && !part.chars().any(char::is_control);
        if parts.len() >= 2 && parts.iter().all(is_name) {
            return Ok(parts);
        }
        Err(Error::Config(format!("{:?} is no table: write NAMESPACE.NAME", self.table)))
    }
}

#[cfg(feature = "iceberg")]
impl IcebergConfig {
    /// The catalog, and the folder or URL of the warehouse.
    ///
    /// # Errors
    /// [`Error::Config`] where neither is given.
    pub(super) fn places(&self) -> Result<(CatalogPlace, Option<String>)> {
        match (&self.catalog, &self.warehouse) {
            (Some(CatalogPlace::Sqlite(path)), None) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
                let folder = folder.to_str().ok_or_else(|| Error::Config(format!("{}: is not UTF-8", folder.display())))?;
                Ok((CatalogPlace::Sqlite(path.clone()), Some(folder.to_owned())))
            }
            (Some(place), warehouse) => Ok((place.clone(), warehouse.clone())),
            (None, Some(warehouse)) if !warehouse.contains("://") => {
                Ok((CatalogPlace::Sqlite(std::path::Path::new(warehouse).join(DATABASE)), Some(warehouse.clone())))
            }
            (None, _) => Err(Error::Config(
                "no catalog is named: give --warehouse DIR, in which a SQLite catalog is kept, or --catalog sqlite:PATH or rest:URL"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogs_are_named_by_their_kind() {
        assert_eq!(CatalogPlace::parse("sqlite:a/b.db"), Ok(CatalogPlace::Sqlite("a/b.db".into())));
        assert_eq!(CatalogPlace::parse("sqlite:///a/b.db"), Ok(CatalogPlace::Sqlite("/a/b.db".into())));
        assert_eq!(CatalogPlace::parse("rest:http://host:1/x/"), Ok(CatalogPlace::Rest("http://host:1/x".to_owned())));
        for wrong in ["", "sqlite:", "rest:host", "glue", "postgres://host", "a/b.db"] {
            assert!(CatalogPlace::parse(wrong).is_err(), "{wrong}");
        }
    }
}
