"""Polars: a lazy scan of the logs, collected or sunk by the streaming engine."""

import os

import peer

options = peer.arguments()
os.environ["POLARS_MAX_THREADS"] = str(options.threads)

import polars  # noqa: E402

TYPES = peer.types({"timestamp": polars.Datetime("us", "UTC"), "string": polars.String, "int32": polars.Int32, "double": polars.Float64})
LOGS = polars.scan_csv(options.pattern, separator=" ", quote_char='"', has_header=False, schema=TYPES, null_values="-")


def report():
    p99 = polars.col("tls_handshake_latency").quantile(0.99, "higher")
    return LOGS.group_by("tls_verify_status").agg(polars.len(), p99).collect(engine="streaming").rows()


def convert():
    LOGS.sink_parquet(options.out, compression="zstd", compression_level=1, maintain_order=not options.order_not_kept)
    return lambda: polars.scan_parquet(options.out).select(polars.len()).collect().item()


peer.run(options, report, convert)
