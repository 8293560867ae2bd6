use super::*;
use crate::columns::schema;

fn shape() -> LakeShape {
    LakeShape {
        tables: vec![
            TableShape { name: "connections", columns: schema::connections(true).to_vec(), is_partitioned: true },
            TableShape { name: "rejected", columns: schema::REJECTED.to_vec(), is_partitioned: false },
        ],
        accounts: vec!["123456789012".into()],
        regions: vec!["eu-west-1".into(), "us-east-1".into()],
        first_day: Some("2026-01-10".into()),
    }
}

fn config(engine: Engine, location: &str) -> DdlConfig {
    DdlConfig { engine, location: location.into(), database: Some("alb".into()), prefix: "conn_".into() }
}

fn sql(engine: Engine, location: &str) -> String {
    statements(&shape(), &config(engine, location)).expect("a location that the engine reads")
}

#[test]
fn every_column_stands_in_every_table() {
    for engine in [Engine::Athena, Engine::Spark, Engine::Trino] {
        let sql = sql(engine, "s3://lake/alb/");
        for column in schema::CONNECTIONS.iter().chain(&schema::REJECTED) {
            assert!(
                sql.contains(&format!("  {} {}", engine.quoted(column.name), engine.type_of(column.kind))),
                "{engine:?}: {}\n{sql}",
                column.name
            );
        }
        assert!(sql.contains(&engine.quoted("conn_connections")) && !sql.contains("alb//"), "{sql}");
    }
}

#[test]
fn athena_projects_the_partitions_that_there_are() {
    let sql = sql(Engine::Athena, "s3://lake/alb");
    for property in [
        "'projection.region.values' = 'eu-west-1,us-east-1'",
        "'projection.day.range' = '2026-01-10,NOW+1DAY'",
        "'storage.location.template' = 's3://lake/alb/connections/account=${account}/region=${region}/day=${day}/'",
    ] {
        assert!(sql.contains(property), "{property}\n{sql}");
    }
}

#[test]
fn trino_is_told_of_new_days() {
    let config = DdlConfig { database: Some("hive.alb".into()), ..config(Engine::Trino, "s3://lake") };
    let sql = statements(&shape(), &config).expect("a location that the engine reads");
    assert!(sql.contains("CALL \"hive\".system.sync_partition_metadata('alb', 'conn_connections', 'ADD');"), "{sql}");
}

#[test]
fn what_cannot_run_is_refused() {
    for (engine, location) in [(Engine::Athena, "/data/lake"), (Engine::Duckdb, "lake")] {
        assert!(statements(&shape(), &config(engine, location)).is_err(), "{engine:?} {location}");
    }
    let quoted = DdlConfig { prefix: "x\"; DROP".into(), ..config(Engine::Duckdb, "/lake") };
    assert!(statements(&shape(), &quoted).is_err());
    assert!(sql(Engine::Duckdb, "/it's").contains("'/it''s/connections/**/*.parquet'"));
}
