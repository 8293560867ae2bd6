"""ClickHouse, as the library chdb. Its CSV format refuses a blank as delimiter; CustomSeparated reads the same with CSV's rules of quoting."""

import json

import chdb

import peer

options = peer.arguments()

# The basic parser of times does not know the form with T and Z, and the other one takes the blank behind it too: so the query parses the time.
# A quoted `-` is no NULL here, so the query says that too.
TYPES = peer.types({"timestamp": "String", "string": "Nullable(String)", "int32": "Int32", "double": "Nullable(Float64)"})
LOGS = f"file('{options.pattern}', 'CustomSeparated', '{', '.join(f'{name} {kind}' for name, kind in TYPES.items())}')"
SETTINGS = (
    f"SETTINGS max_threads = {options.threads}, max_insert_threads = {options.threads}, format_custom_escaping_rule = 'CSV', "
    "format_custom_field_delimiter = ' ', format_csv_delimiter = ' ', format_csv_null_representation = '-', "
    "output_format_parquet_compression_method = 'zstd', engine_file_truncate_on_insert = 1"
)


def rows(query):
    """The rows of a result, NULL as None."""
    return [json.loads(line) for line in chdb.query(query, "JSONCompactEachRow").data().splitlines()]


def report():
    query = (
        "SELECT tls_verify_status, toUInt32(count()), quantileExactLow(0.99)(tls_handshake_latency) "
        f"FROM {LOGS} GROUP BY tls_verify_status {SETTINGS}"
    )
    return rows(query)


def convert():
    repaired = "parseDateTime64BestEffort(time, 6, 'UTC') AS time, nullIf(leaf_client_cert_subject, '-') AS leaf_client_cert_subject"
    query = f"SELECT * REPLACE ({repaired}) FROM {LOGS}"
    chdb.query(f"INSERT INTO FUNCTION file('{options.out}', 'Parquet') {query} {SETTINGS}")
    return lambda: rows(f"SELECT toUInt32(count()) FROM file('{options.out}', 'Parquet')")[0][0]


peer.run(options, report, convert)
