//! What a lake has, as engines have to be told: its tables, and the values of its folders.

use std::collections::BTreeSet;

use super::home::Home;
use super::{hourly, settings};
use crate::columns::schema;
use crate::ddl::{LakeShape, TableShape};
use crate::error::{Error, Result};

/// Looks at a lake.
///
/// # Errors
/// [`Error::NoLake`] where there is none; what the system says of its folders.
pub(crate) fn shape(home: &dyn Home) -> Result<LakeShape> {
    let Some(settings) = settings::read(home)? else { return Err(Error::NoLake { path: home.path().to_owned() }) };
    let connections = schema::connections(settings.provenance());
    let tables = [
        ("connections", connections, settings.is_partitioned()),
        ("rejected", &schema::REJECTED[..], false),
        (hourly::FAILURES, &schema::FAILURES_HOURLY[..], false),
        (hourly::LATENCY, &schema::LATENCY_HOURLY[..], false),
    ];
    let names = home.names("")?.unwrap_or_default();
    let tables = tables.into_iter().filter(|(table, ..)| names.iter().any(|name| name == table));
    let mut shape = LakeShape {
        tables: tables.map(|(name, columns, is_partitioned)| TableShape { name, columns: columns.to_vec(), is_partitioned }).collect(),
        ..LakeShape::default()
    };
    if settings.is_partitioned() {
        fill_partitions(home, &mut shape)?;
    }
    Ok(shape)
}

fn fill_partitions(home: &dyn Home, shape: &mut LakeShape) -> Result<()> {
    let (mut accounts, mut regions, mut days) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (account, folder) in values(home, super::CONNECTIONS, "account=")? {
        accounts.insert(account);
        for (region, folder) in values(home, &folder, "region=")? {
            regions.insert(region);
            days.extend(values(home, &folder, "day=")?.into_iter().map(|(day, _)| day));
        }
    }
    (shape.accounts, shape.regions) = (accounts.into_iter().collect(), regions.into_iter().collect());
    shape.first_day = days.pop_first();
    Ok(())
}

/// The folders in `folder` of that key: their values and names.
fn values(home: &dyn Home, folder: &str, key: &str) -> Result<Vec<(String, String)>> {
    let names = home.names(folder)?.unwrap_or_default();
    let values = names.iter().filter_map(|name| Some((name.strip_prefix(key)?.to_owned(), format!("{folder}/{name}"))));
    Ok(values.collect())
}
