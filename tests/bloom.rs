//! Bloom filters, asked by another implementation: DuckDB says which row groups may hold a value.

use std::path::Path;
use std::process::Command;

use crate::support::{convert, folder, logs, run};

const SCRIPT: &str = "
import duckdb, sys
lake, known = sys.argv[1:]
database = duckdb.connect()
def groups(column, value):
    probe = f\"SELECT count(*) FILTER (bloom_filter_excludes), count(*) FROM parquet_bloom_probe('{lake}/connections/**/*.parquet', '{column}', '{value}')\"
    return database.execute(probe).fetchone()
trace, serial, ip = known.split()
for column, value in [('conn_trace_id', trace), ('leaf_client_cert_serial_number', serial), ('client_ip', ip)]:
    excluded, total = groups(column, value)
    assert total > 3 and excluded < total, (column, value, excluded, total)
    absent = [groups(column, f'none-{number}') for number in range(40)]
    excluded, total = sum(one for one, _ in absent), sum(all for _, all in absent)
    assert excluded > total * 0.9, (column, excluded, total)
excluded, total = groups('tls_cipher', 'x')
assert excluded == 0, excluded
";

#[test]
fn filters_exclude_what_is_not_there_and_nothing_else() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 2, 1_500, 0, 94);
    let first = run([
        "failures",
        &input.path().display().to_string(),
        "--format",
        "json",
        "--columns",
        "conn_trace_id,leaf_client_cert_serial_number,client_ip",
    ]);
    let rows = first.exits(0).json();
    let row = rows["rows"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["leaf_client_cert_serial_number"].is_string()))
        .expect("a failure")
        .clone();
    let known =
        ["conn_trace_id", "leaf_client_cert_serial_number", "client_ip"].map(|column| row[column].as_str().expect("a text").to_owned());
    for writer in ["pages", "arrow"] {
        let lake = out.path().join(writer);
        let options = ["--bloom", "conn_trace_id,leaf_client_cert_serial_number,client_ip", "--row-group-rows", "500", "--writer", writer];
        convert(input.path(), &lake, &options).exits(0);
        let Some(python) = std::env::var_os("TLSLAKE_PYTHON") else {
            eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so nobody asks the filters; `scripts/test` sets it");
            return;
        };
        let output = Command::new(python).args(["-c", SCRIPT]).arg(Path::new(&lake)).arg(known.join(" ")).output().expect("python starts");
        assert!(output.status.success(), "{writer}: {}", String::from_utf8_lossy(&output.stderr));
    }
    convert(input.path(), &out.path().join("none"), &["--bloom", "time"]).exits(2).complains_of("has no bloom filter");
}
