//! From a catalog's place to the catalog.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::iceberg::{Catalog, CatalogBuilder, Runtime};
use iceberg_catalog_rest::{REST_CATALOG_PROP_URI, REST_CATALOG_PROP_WAREHOUSE, RestCatalogBuilder};
use iceberg_catalog_sql::{SqlBindStyle, SqlCatalogBuilder};

use super::config::{CatalogPlace, IcebergConfig};
use super::storage::MetadataStorage;
use crate::error::{Error, Result};

/// A server that has not answered by then is not waited for.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A catalog that can be asked.
pub(super) type Connected = Arc<dyn Catalog>;

/// Connects to the catalog; `None` where it would have to be created, and `config` says to change nothing.
pub(super) async fn connect(config: &IcebergConfig, storage: &MetadataStorage, runtime: Runtime) -> Result<Option<Connected>> {
    match config.places()? {
        (CatalogPlace::Sqlite(path), warehouse) => sqlite(config, &path, &warehouse.unwrap_or_default(), storage, runtime).await,
        (CatalogPlace::Rest(url), warehouse) => rest(config, url, warehouse, storage, runtime).await.map(Some),
    }
}

/// Its name for people.
pub(super) fn name(config: &IcebergConfig) -> String {
    match config.places() {
        Ok((CatalogPlace::Sqlite(path), _)) => format!("sqlite:{}", path.display()),
        Ok((CatalogPlace::Rest(url), _)) => format!("rest:{url}"),
        Err(_) => String::new(),
    }
}

async fn sqlite(
    config: &IcebergConfig,
    path: &Path,
    warehouse: &str,
    storage: &MetadataStorage,
    runtime: Runtime,
) -> Result<Option<Connected>> {
    if config.dry_run && !path.exists() {
        return Ok(None);
    }
    let path = absolute(path)?;
    if let Some(folder) = path.parent().filter(|_| !config.dry_run) {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "creating", error))?;
    }
    let builder = SqlCatalogBuilder::default()
        .uri(format!("sqlite://{}?mode=rwc", escaped(&text(&path)?)))
        .warehouse_location(location(warehouse)?)
        .sql_bind_style(SqlBindStyle::QMark)
        .with_storage_factory(Arc::new(storage.clone()))
        .with_runtime(runtime);
    let opened = builder.load(&config.catalog_name, HashMap::new()).await;
    Ok(Some(Arc::new(opened.map_err(|error| cannot_open(config, &error))?)))
}

async fn rest(
    config: &IcebergConfig,
    url: String,
    warehouse: Option<String>,
    storage: &MetadataStorage,
    runtime: Runtime,
) -> Result<Connected> {
    let mut properties: HashMap<String, String> = config.properties.iter().cloned().collect();
    properties.insert(REST_CATALOG_PROP_URI.to_owned(), url);
    properties.extend(warehouse.map(|warehouse| (REST_CATALOG_PROP_WAREHOUSE.to_owned(), warehouse)));
    let client = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).connect_timeout(CONNECT_TIMEOUT).build();
    let client = client.map_err(|error| Error::Config(format!("no client for the catalog could be made: {error}")))?;
    let builder = RestCatalogBuilder::default().with_client(client).with_storage_factory(Arc::new(storage.clone())).with_runtime(runtime);
    let connected = builder.load(&config.catalog_name, properties).await;
    Ok(Arc::new(connected.map_err(|error| cannot_open(config, &error))?))
}

fn cannot_open(config: &IcebergConfig, error: &::iceberg::Error) -> Error {
    Error::Table { table: name(config), problem: format!("the catalog cannot be opened: {error}") }
}

/// A folder or URL as metadata names it.
fn location(warehouse: &str) -> Result<String> {
    if warehouse.contains("://") {
        return Ok(warehouse.trim_end_matches('/').to_owned());
    }
    Ok(format!("file://{}", text(&absolute(Path::new(warehouse))?)?))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io(path, "looking up", error))
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| not_text(path))
}

fn not_text(path: &Path) -> Error {
    Error::Config(format!("{}: is not UTF-8, so no catalog can name it", path.display()))
}

/// A path in a URL whose query follows.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}
