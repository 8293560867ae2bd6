"""DuckDB: read_csv with every type given, so that nothing is sniffed."""

import duckdb

import peer

options = peer.arguments()
database = duckdb.connect()
database.execute("SET enable_progress_bar = false")
database.execute(f"SET threads = {options.threads}")
database.execute(f"SET preserve_insertion_order = {'false' if options.order_not_kept else 'true'}")

TYPES = peer.types({"timestamp": "TIMESTAMP", "string": "VARCHAR", "int32": "INTEGER", "double": "DOUBLE"})
columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
LOGS = (
    f"read_csv('{options.pattern}', delim = ' ', quote = '\"', escape = '\\', header = false, nullstr = '-', auto_detect = false, "
    f"columns = {{{columns}}})"
)


def report():
    query = f"SELECT tls_verify_status, count(*), quantile_disc(tls_handshake_latency, 0.99) FROM {LOGS} GROUP BY tls_verify_status"
    return database.execute(query).fetchall()


def convert():
    copy = f"COPY (SELECT * FROM {LOGS}) TO '{options.out}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    rows = database.execute(copy).fetchone()[0]
    return lambda: rows


peer.run(options, report, convert)
