"""Has a real Spark take the tables that `ddl` prints, and holds what it reads against the oracle's values and the lake's manifests.

Usage: spark.py LAKE EXPECTED, where EXPECTED is a folder with connections.jsonl, rejected.jsonl and summary.json, as tests/lake_readers.rs writes
them, with spark.sql (`ddl --for spark --prefix spark_`) and with athena.sql (`ddl --for athena --prefix athena_`, its location being the lake's
folder). Athena's statements are Hive's, which Spark with Hive's catalog takes; what projects partitions there are properties to Spark, so they are
worked out here and held against the lake's folders. Exits with 1 and the differences, if there are any.
"""

import glob
import itertools
import json
import re
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

PARTITION = ["account", "region", "day"]
# What Hive names a folder of no value.
HIVE_DEFAULT = "__HIVE_DEFAULT_PARTITION__"
TYPES = {"timestamp": "timestamp", "string": "string", "int32": "int", "int64": "bigint", "double": "double"}

problems = []


def check(condition, what):
    if not condition:
        problems.append(what)


def session(folder):
    """Spark in this machine alone, with a catalog of Hive's that is gone with it."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # `${account}` is Athena's to fill in.
        "spark.sql.variable.substitute": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:catalog;create=true",
        # Another zone than the logs', so that a time which were read as local would show.
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "768m",
        "spark.driver.extraJavaOptions": f"-Dderby.stream.error.file={folder}/derby.log -Djava.io.tmpdir={folder} -XX:TieredStopAtLevel=1",
    }
    builder = SparkSession.builder.master("local[2]").appName("tlslake").enableHiveSupport()
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def execute(spark, path):
    """Every statement of a file, in order."""
    statements = [part.strip() for part in path.read_text(encoding="utf-8").split(";\n")]
    for statement in filter(None, statements):
        spark.sql(statement)


def check_types(spark, table, columns):
    described = {}
    for row in spark.sql(f"DESCRIBE {table}").collect():
        described.setdefault(row.col_name, row.data_type)
    for name, kind in columns:
        check(described.get(name) == TYPES[kind], f"{table}: {name} is {described.get(name)}, not {TYPES[kind]}")
    for name in PARTITION:
        # Athena's day is a text, as its projection wants it.
        wanted = "date" if name == "day" and table.startswith("spark") else "string"
        check(described.get(name) == wanted, f"{table}: {name} is {described.get(name)}, not {wanted}")


def by_source(rows, names):
    position, line = names.index("source_object"), names.index("source_line")
    return sorted(rows, key=lambda row: (row[position].encode(), row[line]))


def check_rows(spark, table, columns, want):
    """Every value of every row; times to the microsecond."""
    names = [name for name, _ in columns] + PARTITION
    times = {name for name, kind in columns if kind == "timestamp"}
    select = ", ".join(f"unix_micros({name})" if name in times else name for name in names)
    plain = lambda value: value.isoformat() if isinstance(value, date) else value
    rows = [[plain(value) for value in row] for row in spark.sql(f"SELECT {select} FROM {table}").collect()]
    check(len(rows) == len(want), f"{table} has {len(rows)} rows, not {len(want)}")
    for position, name in enumerate(names):
        for row, (mine, theirs) in enumerate(zip(by_source(rows, names), want)):
            if mine[position] != theirs[position]:
                check(False, f"{table}.{name}, row {row}: {mine[position]!r}, not {theirs[position]!r}\n    {mine}")
                break


def manifest_outputs(lake):
    """What the units' manifests say that they have written: (table, path, rows)."""
    for path in sorted(glob.glob(f"{lake}/_tlslake/manifest/*.jsonl")):
        if Path(path).name == "lake.jsonl":
            continue
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["kind"] == "output":
                yield entry["table"], entry["path"], entry["rows"]


def partition_of(path):
    """The values in a path of folders `key=value`; no value is None."""
    values = (folder.split("=", 1)[1] for folder in path.split("/") if "=" in folder)
    return tuple(None if value == HIVE_DEFAULT else value for value in values)


def check_counts(spark, table, lake):
    """Rows by partition, as the lake's manifests have them."""
    want = Counter()
    for name, path, rows in manifest_outputs(lake):
        if name == "connections":
            want[partition_of(path)] += rows
    query = f"SELECT account, region, CAST(day AS string) AS day, count(*) AS rows FROM {table} GROUP BY account, region, day"
    got = Counter({(row.account, row.region, row.day): row["rows"] for row in spark.sql(query).collect()})
    check(len(want) > 3, f"too few partitions to tell anything: {len(want)}")
    check(got == want, f"{table}: the counts by partition are {got}, in the manifests {want}")


def check_pruning(spark, table, lake, want):
    """One day of the lake is looked for in that day's files alone; a filter on a column loses no row."""
    days = Counter(row[-1] for row in want)
    day, rows = days.most_common()[-1]
    asked = spark.sql(f"SELECT * FROM {table} WHERE day = '{day}'")
    check(asked.count() == rows, f"{table}: {day} has {asked.count()} rows, not {rows}")
    read = {path.split("/connections/")[1] for path in asked.inputFiles()}
    there = {path.split("connections/", 1)[1] for _, path, _ in manifest_outputs(lake) if f"/day={day}/" in path}
    check(read == there, f"{table}: for {day} it reads {sorted(read)}, not {sorted(there)}")


def check_filters(spark, table, columns, want):
    names = [name for name, _ in columns]
    for name in ["tls_failure_reason", "client_ip", "listener_port"]:
        position = names.index(name)
        value = next(row[position] for row in want if row[position] is not None)
        literal = f"'{value}'" if isinstance(value, str) else value
        found = spark.sql(f"SELECT count(*) FROM {table} WHERE {name} = {literal}").first()[0]
        check(found == sum(row[position] == value for row in want), f"{table}: filter on {name} = {value!r} finds {found}")


def check_other_tables(spark, prefix, lake, summary):
    rejected = sum(rows for name, _, rows in manifest_outputs(lake) if name == "rejected")
    found = spark.sql(f"SELECT count(*), count(raw), count(byte_offset) FROM {prefix}rejected").first()
    check(tuple(found) == (rejected,) * 3, f"{prefix}rejected: {tuple(found)}, not {rejected} rows")
    query = f"SELECT sum(CASE WHEN outcome = 'failed' THEN count END), sum(count), count(unix_micros(hour)) > 0 FROM {prefix}failures_hourly"
    want = (sum(summary["failures"].values()), summary["rows"], True)
    found = tuple(spark.sql(query).first())
    check(found == want, f"{prefix}failures_hourly: {found}, not {want}")
    found = spark.sql(f"SELECT sum(count) FROM {prefix}latency_hourly").first()[0]
    check(found == summary["latencies"], f"{prefix}latency_hourly counts {found}, not {summary['latencies']}")


def check_projection(spark, table, lake):
    """The folders that Athena works out from the table's properties are those that hold the lake's files."""
    properties = {row.key: row.value for row in spark.sql(f"SHOW TBLPROPERTIES {table}").collect()}
    template = properties["storage.location.template"]
    first, last = properties["projection.day.range"].split(",")
    check(re.fullmatch(r"\d{4}-\d\d-\d\d", first) and last == "NOW+1DAY", f"{table}: days from {first} to {last}")
    known = [properties[f"projection.{key}.values"].split(",") for key in PARTITION[:2]]
    folders = {template.replace("${account}", account).replace("${region}", region) for account, region in itertools.product(*known)}
    for name, path, _ in manifest_outputs(lake):
        if name != "connections":
            continue
        folder, day = re.fullmatch(r"(.*/day=)([^/]*)/[^/]*", f"{lake}/{path}").groups()
        check(f"{folder}${{day}}/" in folders, f"{table}: {path} lies in no folder that {template} gives")
        check(day >= first, f"{table}: {path} lies before {first}")


def main():
    lake, expected = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    summary = json.loads((expected / "summary.json").read_text(encoding="utf-8"))
    columns = [tuple(column) for column in summary["columns"]]
    names = [name for name, _ in columns] + PARTITION
    with open(expected / "connections.jsonl", encoding="utf-8", newline="\n") as lines:
        want = by_source([json.loads(line) for line in lines], names)
    with tempfile.TemporaryDirectory(prefix="tlslake-spark-") as folder:
        spark = session(folder)
        ready = time.perf_counter()
        execute(spark, expected / "spark.sql")
        execute(spark, expected / "athena.sql")
        # Athena finds the folders by itself.
        spark.sql("MSCK REPAIR TABLE athena_connections")
        for prefix in ["spark_", "athena_"]:
            table = f"{prefix}connections"
            check_types(spark, table, columns)
            check_rows(spark, table, columns, want)
            check_counts(spark, table, lake)
            check_pruning(spark, table, lake, want)
            check_filters(spark, table, columns, want)
            check_other_tables(spark, prefix, lake, summary)
        check_projection(spark, "athena_connections", lake)
        version = spark.version
        spark.stop()
    if problems:
        sys.exit("\n".join(problems[:40]) + f"\n{len(problems)} differences (Spark {version})")
    whole = time.perf_counter() - started
    print(f"note: {len(want)} rows are the same to Spark {version}, which started in {ready - started:.1f} s of {whole:.1f} s")


main()
