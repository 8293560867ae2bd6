//! What a lake has, as engines have to be told: its tables, and the values of its folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{hourly, settings};
use crate::columns::schema;
use crate::ddl::{LakeShape, TableShape};
use crate::error::{Error, Result};

/// Looks at the lake in `out`.
///
/// # Errors
/// [`Error::NoLake`] where there is none; what the system says of its folders.
pub(crate) fn shape(out: &Path) -> Result<LakeShape> {
    let Some(settings) = settings::read(&out.join(super::OWN_FOLDER))? else { return Err(Error::NoLake { path: out.to_owned() }) };
    let connections = schema::connections(settings.provenance());
    let tables = [
        ("connections", connections, settings.is_partitioned()),
        ("rejected", &schema::REJECTED[..], false),
        (hourly::FAILURES, &schema::FAILURES_HOURLY[..], false),
        (hourly::LATENCY, &schema::LATENCY_HOURLY[..], false),
    ];
    let tables = tables.into_iter().filter(|(name, ..)| out.join(name).is_dir());
    let mut shape = LakeShape {
        tables: tables.map(|(name, columns, is_partitioned)| TableShape { name, columns: columns.to_vec(), is_partitioned }).collect(),
        ..LakeShape::default()
    };
    if settings.is_partitioned() {
        fill_partitions(&out.join("connections"), &mut shape)?;
    }
    Ok(shape)
}

fn fill_partitions(connections: &Path, shape: &mut LakeShape) -> Result<()> {
    let (mut accounts, mut regions, mut days) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (account, path) in values(connections, "account=")? {
        accounts.insert(account);
        for (region, path) in values(&path, "region=")? {
            regions.insert(region);
            days.extend(values(&path, "day=")?.into_iter().map(|(day, _)| day));
        }
    }
    (shape.accounts, shape.regions) = (accounts.into_iter().collect(), regions.into_iter().collect());
    shape.first_day = days.pop_first();
    Ok(())
}

/// The folders in `folder` of that key: their values and paths.
fn values(folder: &Path, key: &str) -> Result<Vec<(String, std::path::PathBuf)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let listed = |error| Error::io(folder, "listing", error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(listed)? {
        let entry = entry.map_err(listed)?;
        if let Some(value) = entry.file_name().to_str().and_then(|name| name.strip_prefix(key)) {
            found.push((value.to_owned(), entry.path()));
        }
    }
    Ok(found)
}
