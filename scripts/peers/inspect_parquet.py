"""Says what Parquet files hold, in one line of JSON: a fingerprint of the rows, whatever their order, and how they are laid out.

    inspect_parquet.py PATH [ROW_GROUP_ROWS]

PATH is a file or a folder. The fingerprint has, for each of a connection log's columns, how many values there are and the sum of their hashes, and
the sum of the hashes of whole rows: who has the same fingerprint has the same rows. Columns beside these are not looked at.
"""

import json
import statistics
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.parquet

from peer import COLUMNS

# Peers differ in the types that they write (seconds with or without a zone, 32 bits or 64), which is not the matter here.
COMMON = {"timestamp": "epoch_us({})", "string": "{}::VARCHAR", "int32": "{}::BIGINT", "double": "{}::DOUBLE"}


def parquet_files(path):
    files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    if not files:
        sys.exit(f"no Parquet file in {path}")
    return files


def fingerprint(files):
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    database.execute("SET TimeZone = 'UTC'")
    values = {name: COMMON[kind].format(name) for name, kind in COLUMNS.items()}
    each = [f"count({name}), sum(hash({value}))::VARCHAR" for name, value in values.items()]
    whole = f"count(*), sum(hash({', '.join(values.values())}))::VARCHAR"
    query = f"SELECT {', '.join([whole, *each])} FROM read_parquet($files, hive_partitioning = false)"
    sums = database.execute(query, {"files": [str(file) for file in files]}).fetchone()
    names = ["whole rows", *COLUMNS]
    return {name: [sums[2 * position], sums[2 * position + 1]] for position, name in enumerate(names)}


def layout(files, most):
    """Row groups, and how few there could be in these folders, if a group has `most` rows at most."""
    groups, in_folder = [], Counter()
    for file in files:
        metadata = pyarrow.parquet.read_metadata(file)
        rows = [metadata.row_group(position).num_rows for position in range(metadata.num_row_groups)]
        groups += rows
        in_folder[file.parent] += sum(rows)
    told = {"files": len(files), "folders": len(in_folder), "row_groups": len(groups)}
    told.update(least_rows=min(groups), median_rows=statistics.median(groups), most_rows=max(groups))
    if most is not None:
        told["fewest_groups"] = sum(-(-rows // most) for rows in in_folder.values())
    return told


def main():
    path = Path(sys.argv[1])
    # A lake has other tables beside the connections.
    files = parquet_files(path / "connections" if (path / "connections").is_dir() else path)
    most = int(sys.argv[2]) if len(sys.argv) > 2 else None
    print(json.dumps({"fingerprint": fingerprint(files), "layout": layout(files, most)}))


main()
