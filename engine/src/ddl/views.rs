//! Engines that read files as they lie: DuckDB and ClickHouse.

use super::{PARTITION, TableShape, literal};

fn files(table: &TableShape, folder: &str) -> String {
    literal(&format!("{folder}/{}", if table.is_partitioned { "**/*.parquet" } else { "*.parquet" }))
}

pub(super) fn duckdb(table: &TableShape, name: &str, folder: &str) -> String {
    let partition = "hive_partitioning = true, hive_types = {'account': VARCHAR, 'region': VARCHAR, 'day': DATE}";
    let options = if table.is_partitioned { format!(", {partition}") } else { ", hive_partitioning = false".to_owned() };
    let load = if folder.contains("://") { "INSTALL httpfs; LOAD httpfs;\n" } else { "" };
    format!("{load}CREATE OR REPLACE VIEW {name} AS\nSELECT * FROM read_parquet({}{options});\n", files(table, folder))
}

/// Folders' values are read as ClickHouse takes them, and what Hive calls no value is none.
pub(super) fn clickhouse(table: &TableShape, name: &str, folder: &str) -> String {
    let function = if folder.contains("://") { "s3" } else { "file" };
    let source = format!("{function}({}, 'Parquet')", files(table, folder));
    if !table.is_partitioned {
        return format!("CREATE OR REPLACE VIEW {name} AS\nSELECT * FROM {source};\n");
    }
    let columns: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let place = |column: &str| format!("nullIf(toString(`{column}`), '__HIVE_DEFAULT_PARTITION__') AS `{column}`");
    let [account, region, day] = PARTITION;
    let partition = format!("{}, {}, toDate(`{day}`) AS `{day}`", place(account), place(region));
    format!(
        "CREATE OR REPLACE VIEW {name} AS\nSELECT {}, {partition}\nFROM {source}\nSETTINGS use_hive_partitioning = 1;\n",
        columns.join(", ")
    )
}
