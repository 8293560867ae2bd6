"""Reads an Iceberg table with PyIceberg and holds it against the lake whose files it names.

Usage: iceberg_table.py CATALOG TABLE LAKE, where CATALOG is the file of a SQLite catalog or the URL of a REST catalog. Prints facts as JSON for
tests/iceberg.rs; exits with 1 and what differs, if something does.
"""

import datetime
import glob
import json
import os
import sys
from urllib.parse import unquote

import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
from pyiceberg.catalog import load_catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, IsNull, LessThan

HIVE_DEFAULT = "__HIVE_DEFAULT_PARTITION__"
problems = []


def check(condition, what):
    if not condition:
        problems.append(what)


def open_table(catalog, name):
    if "://" in catalog:
        token = os.environ["ICEBERG_TOKEN"]
        return load_catalog("default", type="rest", uri=catalog, token=token).load_table(name)
    return load_catalog("default", type="sql", uri=f"sqlite:///{catalog}").load_table(name)


def folders_of(path, lake):
    """A file's partition, by its folders."""
    parts = os.path.relpath(path, lake).split("/")[1:-1]
    values = dict(part.split("=", 1) for part in parts)
    return {key: None if value == HIVE_DEFAULT else unquote(value) for key, value in values.items()}


def rows_of_lake(lake, names):
    tables = []
    for path in lake_files(lake):
        table = pyarrow.parquet.ParquetFile(path).read()
        for key in ["account", "region"]:
            if key in names:
                value = folders_of(path, lake)[key]
                table = table.append_column(key, pyarrow.array([value] * len(table), pyarrow.string()))
        tables.append(table.select(names))
    return pyarrow.concat_tables(tables)


def lake_files(lake):
    return sorted(glob.glob(f"{lake}/connections/**/*.parquet", recursive=True))


def as_rows(table, names):
    """Rows as tuples in an order of their own."""
    columns = []
    for name in names:
        column = table.column(name)
        if pyarrow.types.is_timestamp(column.type):
            check(column.type == pyarrow.timestamp("us", tz="UTC"), f"{name} is {column.type}")
            column = column.cast(pyarrow.int64())
        columns.append(column.to_pylist())
    return sorted(zip(*columns), key=repr)


def check_rows(table, lake):
    names = [field.name for field in table.schema().fields]
    got, want = as_rows(table.scan().to_arrow(), names), as_rows(rows_of_lake(lake, names), names)
    check(len(got) == len(want), f"the table has {len(got)} rows, the lake {len(want)}")
    for mine, theirs in zip(got, want):
        if mine != theirs:
            check(False, f"a row differs:\n    {mine}\n    {theirs}")
            break
    return len(got)


def check_files(table, lake):
    """What the manifests say of each file, beside the file itself."""
    ids = {field.name: field.field_id for field in table.schema().fields}
    types = {field.field_id: field.field_type for field in table.schema().fields}
    tasks = list(table.scan().plan_files())
    paths = sorted(task.file.file_path.removeprefix("file://") for task in tasks)
    check(paths == [os.path.realpath(path) for path in lake_files(lake)], f"the table names {paths}")
    for task in tasks:
        file, path = task.file, task.file.file_path.removeprefix("file://")
        footer = pyarrow.parquet.read_metadata(path)
        check(file.record_count == footer.num_rows, f"{path}: {file.record_count} rows")
        check(file.file_size_in_bytes == os.path.getsize(path), f"{path}: {file.file_size_in_bytes} bytes")
        check(len(file.split_offsets) == footer.num_row_groups, f"{path}: {len(file.split_offsets)} split offsets")
        whole = pyarrow.parquet.ParquetFile(path).read()
        for name in whole.column_names:
            column, key = whole.column(name), ids[name]
            where = f"{path}, {name}"
            check(file.value_counts[key] == len(column), f"{where}: {file.value_counts[key]} values")
            check(file.null_value_counts[key] == column.null_count, f"{where}: {file.null_value_counts[key]} NULLs")
            if column.null_count == len(column):
                check(key not in file.lower_bounds, f"{where}: has a bound, and no value")
                continue
            least, most = (from_bytes(types[key], bounds[key]) for bounds in [file.lower_bounds, file.upper_bounds])
            if pyarrow.types.is_timestamp(column.type):
                column = column.cast(pyarrow.int64())
            low, high = pyarrow.compute.min_max(column).as_py().values()
            # Bounds of long texts are cut short.
            is_short = not isinstance(low, str) or max(len(low.encode()), len(high.encode())) < 64
            check(least <= low and most >= high, f"{where}: bounds {least!r} and {most!r} of {low!r} and {high!r}")
            check(not is_short or (least, most) == (low, high), f"{where}: bounds {least!r} and {most!r}, not {low!r} and {high!r}")


def check_pruning(table, lake):
    """A filter on a partition leaves the files of that partition, and no row is lost by it."""
    folders = [(path, folders_of(path, lake)) for path in lake_files(lake)]
    for key in ["account", "region"]:
        for value in {partition[key] for _, partition in folders}:
            rows = IsNull(key) if value is None else EqualTo(key, value)
            check_filter(table, rows, [path for path, partition in folders if partition[key] == value])
    for day in {partition["day"] for _, partition in folders}:
        start = datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00")
        end = start + datetime.timedelta(days=1)
        rows = And(GreaterThanOrEqual("time", start.isoformat()), LessThan("time", end.isoformat()))
        check_filter(table, rows, [path for path, partition in folders if partition["day"] == day])
    # By the bounds alone.
    check(not list(table.scan(row_filter=EqualTo("client_ip", "zzz")).plan_files()), "bounds of client_ip prune nothing")


def check_filter(table, rows, paths):
    scan = table.scan(row_filter=rows)
    planned = sorted(task.file.file_path.removeprefix("file://") for task in scan.plan_files())
    check(planned == sorted(os.path.realpath(path) for path in paths), f"{rows} leaves {len(planned)} files, not {len(paths)}")
    want = sum(pyarrow.parquet.read_metadata(path).num_rows for path in paths)
    found = len(scan.to_arrow())
    check(found == want, f"{rows} finds {found} rows, not {want}")


def main():
    catalog, name, lake = sys.argv[1:]
    table = open_table(catalog, name)
    rows = check_rows(table, lake)
    check_files(table, lake)
    if table.spec().fields:
        check_pruning(table, lake)
    if problems:
        sys.exit("\n".join(problems[:40]) + f"\n{len(problems)} differences")
    in_order = sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number)
    snapshots = [dict(snapshot.summary.additional_properties, operation=snapshot.summary.operation.value) for snapshot in in_order]
    partition = [f"{field.transform}:{field.name}" for field in table.spec().fields]
    facts = {"rows": rows, "snapshots": snapshots, "partition": partition, "properties": dict(table.properties)}
    json.dump(facts, sys.stdout)


main()
