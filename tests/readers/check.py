"""Reads a lake with DuckDB, pyarrow, Polars, DataFusion and ClickHouse (chdb) and holds every value against the oracle's.

Usage: check.py LAKE EXPECTED, where EXPECTED is a folder with connections.jsonl, rejected.jsonl and summary.json, as
tests/lake_readers.rs writes them. Exits with 1 and the first difference of each column, if there is one.
"""

import base64
import glob
import json
import struct
import sys
import zlib
from pathlib import Path

import chdb
import datafusion
import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

PARTITION = ["account", "region", "day"]
# What Hive names a folder of no value. DataFusion and ClickHouse take the name for the value.
HIVE_DEFAULT = "__HIVE_DEFAULT_PARTITION__"
ARROW_TYPES = {
    "timestamp": pyarrow.timestamp("us", tz="UTC"),
    "string": pyarrow.string(),
    "int32": pyarrow.int32(),
    "int64": pyarrow.int64(),
    "double": pyarrow.float64(),
}
DUCKDB_TYPES = {
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
}
CLICKHOUSE_TYPES = {
    "timestamp": "DateTime64(6, 'UTC')",
    "string": "String",
    "int32": "Int32",
    "int64": "Int64",
    "double": "Float64",
}
POLARS_TYPES = {
    "timestamp": polars.Datetime("us", "UTC"),
    "string": polars.String,
    "int32": polars.Int32,
    "int64": polars.Int64,
    "double": polars.Float64,
}

problems = []


def check(condition, what):
    if not condition:
        problems.append(what)


def compare(reader, table, names, got, want):
    """Holds rows against rows, both lists of lists in the order of their source; tells the first difference of each column."""
    check(len(got) == len(want), f"{reader}: {table} has {len(got)} rows, not {len(want)}")
    for position, name in enumerate(names):
        for row, (mine, theirs) in enumerate(zip(got, want)):
            if mine[position] != theirs[position]:
                check(False, f"{reader}: {table}.{name}, row {row}: {mine[position]!r}, not {theirs[position]!r}\n    {mine}")
                break


def by_source(rows, names):
    position, line = names.index("source_object"), names.index("source_line")
    return sorted(rows, key=lambda row: (row[position].encode(), row[line]))


def rows_of_arrow(table):
    """The rows of an Arrow table as lists; times as µs, bytes as hex."""
    columns = []
    for column in table.columns:
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.int64())
        values = column.to_pylist()
        columns.append([value.hex() if isinstance(value, bytes) else value for value in values])
    return [list(row) for row in zip(*columns)]


def read_jsonl(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def parquet_files(folder):
    return sorted(glob.glob(f"{folder}/**/*.parquet", recursive=True))


def with_pyarrow(lake, columns, want):
    partitioning = pyarrow.dataset.partitioning(pyarrow.schema([(key, pyarrow.string()) for key in PARTITION]), flavor="hive")
    dataset = pyarrow.dataset.dataset(lake / "connections", format="parquet", partitioning=partitioning)
    for name, kind in columns:
        check(dataset.schema.field(name).type == ARROW_TYPES[kind], f"pyarrow: {name} is {dataset.schema.field(name).type}")
    names = [name for name, _ in columns] + PARTITION
    compare("pyarrow", "connections", names, by_source(rows_of_arrow(dataset.to_table(columns=names)), names), want)
    for name, position, value in wanted_by_filters(names, want):
        found = dataset.count_rows(filter=pyarrow.compute.field(name) == value)
        check(found == sum(row[position] == value for row in want), f"pyarrow: filter on {name} = {value!r} finds {found}")


def with_polars(lake, columns, want):
    schema = {key: polars.String for key in PARTITION}
    pattern = f"{lake}/connections/**/*.parquet"
    frame = polars.scan_parquet(pattern, hive_partitioning=True, hive_schema=schema, try_parse_hive_dates=False).collect()
    for name, kind in columns:
        check(frame.schema[name] == POLARS_TYPES[kind], f"polars: {name} is {frame.schema[name]}")
    names = [name for name, _ in columns] + PARTITION
    rows = rows_of_arrow(frame.select(names).to_arrow())
    compare("polars", "connections", names, by_source(rows, names), want)


def with_duckdb(lake, columns, want):
    database = duckdb.connect()
    types = ", ".join(f"'{key}': VARCHAR" for key in PARTITION)
    source = f"read_parquet('{lake}/connections/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})"
    described = {row[0]: row[1] for row in database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    for name, kind in columns:
        check(described.get(name) == DUCKDB_TYPES[kind], f"duckdb: {name} is {described.get(name)}")
    names = [name for name, _ in columns] + PARTITION
    times = {name for name, kind in columns if kind == "timestamp"}
    select = ", ".join(f"epoch_us({name})" if name in times else name for name in names)
    rows = [list(row) for row in database.execute(f"SELECT {select} FROM {source}").fetchall()]
    compare("duckdb", "connections", names, by_source(rows, names), want)
    for name, position, value in wanted_by_filters(names, want):
        found = database.execute(f"SELECT count(*) FROM {source} WHERE {name} = ?", [value]).fetchone()[0]
        check(found == sum(row[position] == value for row in want), f"duckdb: filter on {name} = {value!r} finds {found}")


def with_datafusion(lake, columns, want):
    config = datafusion.SessionConfig().set("datafusion.execution.parquet.schema_force_view_types", "false")
    session = datafusion.SessionContext(config)
    partition = [(key, pyarrow.string()) for key in PARTITION]
    session.register_parquet("connections", f"{lake}/connections/", table_partition_cols=partition)
    schema = session.table("connections").schema()
    for name, kind in columns:
        check(schema.field(name).type == ARROW_TYPES[kind], f"datafusion: {name} is {schema.field(name).type}")
    names = [name for name, _ in columns] + PARTITION
    select = ", ".join(f"nullif({name}, '{HIVE_DEFAULT}') AS {name}" if name in PARTITION else name for name in names)
    rows = rows_of_arrow(session.sql(f"SELECT {select} FROM connections").to_arrow_table())
    compare("datafusion", "connections", names, by_source(rows, names), want)
    for name, position, value in wanted_by_filters(names, want):
        query = f"SELECT count(*) AS found FROM connections WHERE {name} = {literal(value)}"
        found = session.sql(query).to_pydict()["found"][0]
        check(found == sum(row[position] == value for row in want), f"datafusion: filter on {name} = {value!r} finds {found}")


def with_clickhouse(lake, columns, want):
    rows_of = lambda query: rows_of_arrow(chdb.query(query, "ArrowTable"))
    pattern = f"{lake}/connections/**/*.parquet"
    for_types = f"DESCRIBE file('{pattern}', 'Parquet') SETTINGS use_hive_partitioning = 0"
    described = {row[0]: row[1] for row in rows_of(for_types)}
    for name, kind in columns:
        is_right = described.get(name) in (CLICKHOUSE_TYPES[kind], f"Nullable({CLICKHOUSE_TYPES[kind]})")
        check(is_right, f"clickhouse: {name} is {described.get(name)}")
    # The partitions' types would be guessed: an account's leading zeros would go.
    structure = ", ".join([f"{name} {described[name]}" for name, _ in columns] + [f"{key} String" for key in PARTITION])
    source = f"file('{pattern}', 'Parquet', '{structure.replace(chr(39), chr(39) * 2)}')"
    names = [name for name, _ in columns] + PARTITION
    select = ", ".join(f"nullIf({name}, '{HIVE_DEFAULT}')" if name in PARTITION else name for name in names)
    rows = rows_of(f"SELECT {select} FROM {source} SETTINGS use_hive_partitioning = 1")
    compare("clickhouse", "connections", names, by_source(rows, names), want)
    for name, position, value in wanted_by_filters(names, want):
        found = rows_of(f"SELECT toInt64(count()) FROM {source} WHERE {name} = {literal(value)}")[0][0]
        check(found == sum(row[position] == value for row in want), f"clickhouse: filter on {name} = {value!r} finds {found}")


def wanted_by_filters(names, want):
    """Values of columns that row groups and pages are pruned by: (name, position, value). A filter must not lose a row."""
    for name in ["tls_failure_reason", "client_ip", "listener_port"]:
        position = names.index(name)
        yield name, position, next(row[position] for row in want if row[position] is not None)


def literal(value):
    return f"'{value}'" if isinstance(value, str) else str(value)


def check_footers(lake):
    """Statistics in every column chunk, and the page index that readers prune pages by."""
    for path in parquet_files(lake / "connections"):
        metadata = pyarrow.parquet.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for position in range(metadata.num_columns):
                column = metadata.row_group(group).column(position)
                where = f"{path}, row group {group}, {column.path_in_schema}"
                check(column.is_stats_set and column.statistics.has_null_count, f"no statistics: {where}")
                check(column.has_column_index and column.has_offset_index, f"no page index: {where}")


def check_rejected(lake, want):
    tables = [pyarrow.parquet.read_table(path, partitioning=None) for path in parquet_files(lake / "rejected")]
    table = pyarrow.concat_tables(tables)
    names = ["source_object", "source_line", "byte_offset", "field", "reason", "raw"]
    check(table.schema.names == names, f"pyarrow: the columns of rejected are {table.schema.names}")
    rows = by_source(rows_of_arrow(table.select(names)), names)
    for row in rows + want:
        if row[4] == "not-utf8":
            row[3] = None  # which field such a line breaks off in is for its reader to say
    compare("pyarrow", "rejected", names, rows, want)


def check_hourly(lake, summary):
    database = duckdb.connect()
    failures = f"read_parquet('{lake}/failures_hourly/**/*.parquet')"
    query = f"SELECT coalesce(nullif(reason, ''), CASE WHEN reason = '' THEN '(empty)' ELSE '(none)' END), sum(count)::BIGINT FROM {failures} WHERE outcome = 'failed' GROUP BY ALL"
    got = dict(database.execute(query).fetchall())
    check(got == summary["failures"], f"duckdb: failures by reason are {got}, not {summary['failures']}")
    total = database.execute(f"SELECT sum(count)::BIGINT FROM {failures}").fetchone()[0]
    check(total == summary["rows"], f"duckdb: failures_hourly counts {total} rows, not {summary['rows']}")
    total = database.execute(f"SELECT sum(count)::BIGINT FROM read_parquet('{lake}/latency_hourly/**/*.parquet')").fetchone()[0]
    check(total == summary["latencies"], f"duckdb: latency_hourly counts {total}, not {summary['latencies']}")


def check_histograms(lake):
    """Another implementation of HdrHistogram reads the bytes and finds the count and the maximum that stand beside them."""
    from hdrh.histogram import HdrHistogram

    for path in parquet_files(lake / "latency_hourly"):
        for row in pyarrow.parquet.read_table(path, partitioning=None).to_pylist():
            binary = next(value for value in row.values() if isinstance(value, bytes))
            # The package reads the compressed form only: a cookie, a length, and what we have, deflated.
            packed = zlib.compress(binary)
            encoded = base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed)
            histogram = HdrHistogram.decode(encoded)
            where = f"hdrh: {row['hour']}, port {row['listener_port']}"
            check(histogram.get_total_count() == row["count"], f"{where}: count is {histogram.get_total_count()}, not {row['count']}")
            most = histogram.get_lowest_equivalent_value(histogram.get_max_value())
            # A histogram has an end, beyond which it counts but does not tell how far; the column does.
            slowest = min(row["max"], LONGEST_MS)
            check(most == histogram.get_lowest_equivalent_value(slowest), f"{where}: max is {most}, not {row['max']}")


# The end of every histogram's range: 2^27 - 1 ms, some 37 hours.
LONGEST_MS = (1 << 27) - 1


def main():
    lake, expected = Path(sys.argv[1]), Path(sys.argv[2])
    summary = json.loads((expected / "summary.json").read_text(encoding="utf-8"))
    columns = [tuple(column) for column in summary["columns"]]
    names = [name for name, _ in columns] + PARTITION
    want = by_source(read_jsonl(expected / "connections.jsonl"), names)
    with_pyarrow(lake, columns, want)
    with_polars(lake, columns, want)
    with_duckdb(lake, columns, want)
    with_datafusion(lake, columns, want)
    with_clickhouse(lake, columns, want)
    check_footers(lake)
    check_rejected(lake, read_jsonl(expected / "rejected.jsonl"))
    check_hourly(lake, summary)
    check_histograms(lake)
    readers = [duckdb, pyarrow, polars, datafusion, chdb]
    versions = ", ".join(f"{reader.__name__} {reader.__version__}" for reader in readers)
    if problems:
        sys.exit("\n".join(problems[:40]) + f"\n{len(problems)} differences ({versions})")
    print(f"{len(want)} rows are the same to {versions}")


main()
