"""DataFusion: a listing table of the logs. Its CSV reader takes no other NULL than the empty field, so the query says what `-` is."""

import datafusion
import pyarrow

import peer

options = peer.arguments()
config = datafusion.SessionConfig().with_target_partitions(options.threads)
session = datafusion.SessionContext(config.set("datafusion.execution.listing_table_ignore_subdirectory", "false"))

# The latency is text until its `-` is gone.
TYPES = peer.types({"timestamp": pyarrow.timestamp("us"), "string": pyarrow.string_view(), "int32": pyarrow.int32(), "double": pyarrow.string_view()})
NEVER_ABSENT = {"time", "client_ip", "client_port", "listener_port", "conn_trace_id", "elb", "ip_address"}
LATENCY = "CAST(nullif(tls_handshake_latency, '-') AS DOUBLE)"

csv = datafusion.CsvReadOptions(
    has_header=False,
    delimiter=" ",
    quote='"',
    escape="\\",
    schema=pyarrow.schema(TYPES.items()),
    file_extension=options.suffix,
    file_compression_type={"gz": "gzip", "zst": "zstd"}[options.suffix.rpartition(".")[2]],
)
session.register_csv("logs", f"{options.logs}/", options=csv)


def report():
    query = f"SELECT nullif(tls_verify_status, '-') AS status, count(*) AS count, percentile_cont({LATENCY}, 0.99) AS p99 FROM logs GROUP BY 1"
    return [(row["status"], row["count"], row["p99"]) for row in session.sql(query).to_pylist()]


def column(name):
    if name in NEVER_ABSENT:
        return name
    return f"{LATENCY} AS {name}" if name == "tls_handshake_latency" else f"nullif({name}, '-') AS {name}"


def convert():
    # A folder and not a file: then the files of a folder are written side by side.
    query = f"SELECT {', '.join(column(name) for name in TYPES)} FROM logs"
    copied = session.sql(f"COPY ({query}) TO '{options.out}/' STORED AS PARQUET OPTIONS ('format.compression' 'zstd(1)')").to_pylist()
    return lambda: copied[0]["count"]


peer.run(options, report, convert)
