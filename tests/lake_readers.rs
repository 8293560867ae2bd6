//! The lake in other people's hands: DuckDB, pyarrow, Polars, DataFusion and ClickHouse read the same values as the oracle.
//!
//! Python with these libraries is named by `TLSLAKE_PYTHON`, which `scripts/test` sets; without it this test says that it did not run.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::expected::Expected;
use crate::support::lake::HIVE_DEFAULT;
use crate::support::values::{CONNECTIONS, Value, connection, rejection};
use crate::support::{convert, folder, logs, oracle};

#[test]
fn other_readers_see_the_same_values() {
    let Some(python) = std::env::var_os("TLSLAKE_PYTHON") else {
        eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so no other reader has read the lake; `scripts/test` sets it");
        return;
    };
    let (input, out) = (folder(), folder());
    logs::generate(&input.path().join("generated"), 3, 1_000, 5, 81);
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::odd_lines(82, 1_500)));
    logs::write(input.path(), "of-no-known-account.log", &logs::odd_lines(83, 200));
    let expected = Expected::of_folder(input.path());
    let lake = out.path().join("lake");
    // Small row groups, so that every reader also puts several together.
    convert(input.path(), &lake, &["--row-group-rows", "400"]).exits(3);
    write_expectations(out.path(), &expected);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/check.py");
    let output = Command::new(python).arg(script).arg(&lake).arg(out.path()).output().expect("python starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    eprintln!("{said}");
}

/// What `check.py` compares with: `connections.jsonl` and `rejected.jsonl`, a row a line, and `summary.json`.
pub(crate) fn write_expectations(folder: &Path, expected: &Expected) {
    let connections = expected.rows().map(|(object, row)| {
        let (account, region) = logs::account_and_region(object);
        let known = |name: String| if name == HIVE_DEFAULT { Json::Null } else { json!(name) };
        let mut values: Vec<Json> = connection(row, object).iter().map(to_json).collect();
        values.extend([known(account), known(region), json!(oracle::day(row.time))]);
        values
    });
    logs::write(folder, "connections.jsonl", json_lines(connections).as_bytes());
    let rejected = expected.rejected().map(|(object, line)| rejection(line, object).iter().map(to_json).collect());
    logs::write(folder, "rejected.jsonl", json_lines(rejected).as_bytes());
    let summary = expected.summary();
    let summary = json!({
        "columns": CONNECTIONS.map(|(name, kind)| [name, kind]),
        "rows": expected.rows().count(),
        "outcomes": summary.outcomes,
        "failures": summary.failures,
        "latencies": summary.latencies.len(),
    });
    logs::write(folder, "summary.json", summary.to_string().as_bytes());
}

fn json_lines(rows: impl Iterator<Item = Vec<Json>>) -> String {
    rows.fold(String::new(), |mut text, row| {
        writeln!(text, "{}", Json::from(row)).unwrap();
        text
    })
}

/// Times as µs, bytes as hex.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => json!(text),
        Value::Int(number) | Value::Micros(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Bytes(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}
