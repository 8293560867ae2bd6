//! What `ddl` prints, executed: DuckDB, ClickHouse and Spark take the tables and count what the report counted.

use std::path::Path;
use std::process::Command;

use crate::lake_readers::write_expectations;
use crate::support::expected::Expected;
use crate::support::values::CONNECTIONS;
use crate::support::{convert, folder, logs, run};

/// Executes `sql` with `engine` (Python's `duckdb` or `chdb`), asks `question`, and gives the answer's cells.
fn ask(engine: &str, sql: &str, question: &str) -> Option<String> {
    let Some(python) = std::env::var_os("TLSLAKE_PYTHON") else {
        eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so no engine has taken the statements; `scripts/test` sets it");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/statements.py");
    let output = Command::new(python).arg(script).args([engine, sql, question]).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{engine}: {said}\n{sql}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn engines_take_the_tables() {
    let (input, out) = (folder(), folder());
    logs::generate(&input.path().join("generated"), 3, 400, 5, 91);
    logs::write(input.path(), "of-no-known-account.log", &logs::odd_lines(92, 200));
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    let report = run(["report", &input.path().display().to_string(), "--format", "json"]).exits(3).json();
    let failed = &report["outcomes"]["failed"];
    let lake = lake.display().to_string();
    for engine in ["duckdb", "clickhouse"] {
        let sql = run(["ddl", &lake, "--for", engine, "--prefix", "alb_"]).exits(0).stdout;
        let question = "SELECT count(*), count(DISTINCT account), min(day) <= max(day) FROM alb_connections";
        let Some(answer) = ask(engine, &sql, question) else { return };
        assert_eq!(answer, format!("{} 1 True", report["rows"]), "{engine}");
        let rejected = ask(engine, &sql, "SELECT count(*) FROM alb_rejected");
        assert_eq!(rejected, Some(report["rejected"].to_string()), "{engine}");
        let failures = ask(engine, &sql, "SELECT CAST(sum(count) AS BIGINT) FROM alb_failures_hourly WHERE outcome = 'failed'");
        assert_eq!(failures, Some(failed.to_string()), "{engine}");
    }
}

#[test]
fn trinos_statements_are_read_as_such() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 1, 50, 0, 97);
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(0);
    let options = ["--for", "trino", "--location", "s3://bucket/alb", "--database", "hive.alb"];
    let lake = lake.display().to_string();
    let sql = run([&["ddl", &lake], &options[..]].concat()).exits(0).stdout;
    let Some(columns) = ask("trino", &sql, "connections") else { return };
    let type_of = |kind| match kind {
        "timestamp" => "TIMESTAMP(6)",
        "string" => "VARCHAR",
        "int32" => "INTEGER",
        "int64" => "BIGINT",
        "double" => "DOUBLE",
        other => panic!("a type of no column: {other}"),
    };
    let wanted = CONNECTIONS.map(|(name, kind)| format!("{name}:{}", type_of(kind))).join(" ");
    assert_eq!(columns, format!("{wanted} account:VARCHAR region:VARCHAR day:DATE"));
}

/// Spark takes Spark's tables, and Athena's too, which are Hive's; every value, type, partition and pruned day is compared in `tests/readers/spark.py`.
#[test]
#[ignore = "takes Spark and Java: scripts/test spark"]
fn spark_takes_the_tables() {
    let spark = std::env::var_os("TLSLAKE_SPARK").expect("TLSLAKE_SPARK names a Python with pyspark; `scripts/test spark` sets it");
    let (input, out) = (folder(), folder());
    logs::generate(&input.path().join("generated"), 3, 1_000, 5, 94);
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::odd_lines(95, 1_500)));
    logs::write(input.path(), "of-no-known-account.log", &logs::odd_lines(96, 200));
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &["--row-group-rows", "400"]).exits(3);
    write_expectations(out.path(), &Expected::of_folder(input.path()));
    let lake = lake.display().to_string();
    let sql = run(["ddl", &lake, "--for", "spark", "--prefix", "spark_"]).exits(0).stdout;
    logs::write(out.path(), "spark.sql", sql.as_bytes());
    let sql = run(["ddl", &lake, "--for", "athena", "--prefix", "athena_", "--location", "s3://bucket/alb"]).exits(0).stdout;
    logs::write(out.path(), "athena.sql", sql.replace("s3://bucket/alb", &lake).as_bytes());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/spark.py");
    let output = Command::new(spark).arg(script).arg(&lake).arg(out.path()).output().expect("Spark's Python starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    println!("{said}");
}

#[test]
fn a_lake_and_a_place_that_the_engine_reads_are_needed() {
    let (input, out) = (folder(), folder());
    logs::generate(input.path(), 1, 50, 0, 93);
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(0);
    let lake = lake.display().to_string();
    run(["ddl", &lake, "--for", "athena"]).exits(2).complains_of("--location s3://");
    run(["ddl", &input.path().display().to_string(), "--for", "duckdb"]).exits(1).complains_of("no lake");
    let athena = run(["ddl", &lake, "--for", "athena", "--location", "s3://bucket/alb", "--database", "logs"]).exits(0);
    assert!(athena.stdout.contains("CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`connections`"), "{}", athena.stdout);
    for engine in ["spark", "trino"] {
        let sql = run(["ddl", &lake, "--for", engine, "--location", "s3://bucket/alb"]).exits(0).stdout;
        assert_eq!(sql.matches("CREATE TABLE IF NOT EXISTS").count(), 3, "{sql}");
    }
}
