//! `tlslake iceberg`: what a lake gained, into a table.

use std::path::PathBuf;

use tlslake_engine::iceberg::{CatalogPlace, IcebergConfig};
use tlslake_engine::report::Appended;
use tlslake_engine::run;

use super::read;
use crate::exit::Failure;
use crate::flags::IcebergFlags;

/// What the environment tells a REST catalog's client, and the property that it becomes.
const SECRETS: [(&str, &str); 2] = [("ICEBERG_TOKEN", "token"), ("ICEBERG_CREDENTIAL", "credential")];

/// An append, ready to be made.
#[derive(Debug)]
pub(crate) struct Iceberg {
    out: PathBuf,
    config: IcebergConfig,
}

pub(super) fn resolve(flags: IcebergFlags) -> Result<Iceberg, Failure> {
    let IcebergFlags { out, table, catalog, warehouse, catalog_name, property, rebuild, dry_run, stores, format: _ } = flags;
    let is_rest = matches!(catalog, Some(CatalogPlace::Rest(_)));
    if !is_rest && !property.is_empty() {
        return Err(Failure::usage("--property is for REST catalogs", "name one with --catalog rest:URL"));
    }
    let mut properties = property;
    for (variable, key) in SECRETS.into_iter().filter(|_| is_rest) {
        let is_given = properties.iter().any(|(given, _)| given == key);
        let secret = std::env::var(variable).ok().filter(|secret| !secret.is_empty() && !is_given);
        properties.extend(secret.map(|secret| (key.to_owned(), secret)));
    }
    let stores = read::stores(stores);
    let config = IcebergConfig { table, catalog, catalog_name, warehouse, properties, stores, dry_run, rebuild };
    Ok(Iceberg { out, config })
}

impl Iceberg {
    pub(super) fn run(self) -> Result<Appended, Failure> {
        Ok(run::iceberg(&self.out, &self.config, 0)?)
    }
}

/// What a person should know of an append that went well.
pub(super) fn warning(appended: &Appended) -> Option<String> {
    let first = appended.elsewhere_first.as_ref()?;
    Some(format!(
        "the table names {} of this lake's files at another place than {} (the first: {first}); where they are no longer there, \
         `--rebuild` makes the table anew from the lake",
        appended.elsewhere, appended.lake
    ))
}
