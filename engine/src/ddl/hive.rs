//! Engines with a catalog: Athena, Spark, Trino.

use super::{Engine, LakeShape, PARTITION, TableShape, literal};

fn columns(engine: Engine, table: &TableShape) -> Vec<String> {
    table.columns.iter().map(|column| format!("  {} {}", engine.quoted(column.name), engine.type_of(column.kind))).collect()
}

/// With partition projection: Athena computes the folders from the values named here, so that new days need no statement.
/// Source: AWS, "Use partition projection with Amazon Athena".
pub(super) fn athena(shape: &LakeShape, table: &TableShape, name: &str, folder: &str) -> String {
    let columns = columns(Engine::Athena, table).join(",\n");
    let head = format!("CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{columns}\n)\n");
    let place = format!("STORED AS PARQUET\nLOCATION {}", literal(&format!("{folder}/")));
    if !table.is_partitioned {
        return format!("{head}{place};\n");
    }
    let first_day = shape.first_day.as_deref().unwrap_or("2023-11-26");
    let template = format!("{folder}/account=${{account}}/region=${{region}}/day=${{day}}/");
    let properties = [
        ("projection.enabled", "true".to_owned()),
        ("projection.account.type", "enum".to_owned()),
        ("projection.account.values", shape.accounts.join(",")),
        ("projection.region.type", "enum".to_owned()),
        ("projection.region.values", shape.regions.join(",")),
        ("projection.day.type", "date".to_owned()),
        ("projection.day.format", "yyyy-MM-dd".to_owned()),
        ("projection.day.range", format!("{first_day},NOW+1DAY")),
        ("storage.location.template", template),
    ];
    let properties: Vec<String> = properties.into_iter().map(|(key, value)| format!("  '{key}' = {}", literal(&value))).collect();
    format!(
        "{head}PARTITIONED BY (`account` string, `region` string, `day` string)\n{place}\nTBLPROPERTIES (\n{}\n);\n",
        properties.join(",\n")
    )
}

pub(super) fn spark(table: &TableShape, name: &str, folder: &str) -> String {
    let mut columns = columns(Engine::Spark, table);
    if !table.is_partitioned {
        return format!("CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\nUSING PARQUET\nLOCATION {};\n", columns.join(",\n"), literal(folder));
    }
    columns.extend(["  `account` string".to_owned(), "  `region` string".to_owned(), "  `day` date".to_owned()]);
    let partition = PARTITION.map(|column| format!("`{column}`")).join(", ");
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\nUSING PARQUET\nPARTITIONED BY ({partition})\nLOCATION {};\n\
         -- again after every run that adds days\nMSCK REPAIR TABLE {name};\n",
        columns.join(",\n"),
        literal(folder)
    )
}

pub(super) fn trino(table: &TableShape, name: &str, folder: &str) -> String {
    let mut columns = columns(Engine::Trino, table);
    let mut properties = vec![format!("  external_location = {}", literal(&format!("{folder}/"))), "  format = 'PARQUET'".to_owned()];
    let mut repair = String::new();
    if table.is_partitioned {
        columns.extend(["  \"account\" varchar".to_owned(), "  \"region\" varchar".to_owned(), "  \"day\" date".to_owned()]);
        properties.push(format!("  partitioned_by = ARRAY[{}]", PARTITION.map(literal).join(", ")));
        repair = sync(name);
    }
    format!("CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\nWITH (\n{}\n);\n{repair}", columns.join(",\n"), properties.join(",\n"))
}

/// Trino's procedure takes schema and table apart, and lies in the catalog's `system`.
fn sync(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').map(|part| part.trim_matches('"')).collect();
    let (catalog, schema, table) = match parts.as_slice() {
        [catalog, schema, table] => (format!("\"{catalog}\"."), *schema, *table),
        [schema, table] => (String::new(), *schema, *table),
        [.., table] => (String::new(), "default", *table),
        [] => return String::new(),
    };
    format!(
        "-- again after every run that adds days\nCALL {catalog}system.sync_partition_metadata({}, {}, 'ADD');\n",
        literal(schema),
        literal(table)
    )
}
