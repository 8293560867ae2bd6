"""What the peers have in common: their command line, the columns of a connection log, and how their work is timed.

    with_NAME.py report|convert --logs DIR --suffix .log.gz --threads N [--out PATH] [--order-not-kept]

`report` counts the connections of each tls_verify_status and takes the 99th percentile of its latencies, in one query. `convert` writes all
fifteen columns as Parquet, compressed with zstd at level 1. Either prints one line of JSON: rows, seconds, cpu_seconds and, of a report, the answer.
"""

import argparse
import json
import resource
import time
from pathlib import Path

# A line's fields in order. A `-` is NULL in every column of strings that may be absent, and in the latency.
COLUMNS = {
    "time": "timestamp",
    "client_ip": "string",
    "client_port": "int32",
    "listener_port": "int32",
    "tls_protocol": "string",
    "tls_cipher": "string",
    "tls_handshake_latency": "double",
    "leaf_client_cert_subject": "string",
    "leaf_client_cert_validity": "string",
    "leaf_client_cert_serial_number": "string",
    "tls_verify_status": "string",
    "conn_trace_id": "string",
    "tls_keyexchange": "string",
    "elb": "string",
    "ip_address": "string",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["report", "convert"])
    parser.add_argument("--logs", type=Path, required=True, help="folder of the logs, searched recursively")
    parser.add_argument("--suffix", default=".log.gz", help="how the names of the logs end (default .log.gz)")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--out", type=Path, help="where `convert` writes")
    parser.add_argument("--order-not-kept", action="store_true", help="rows may be written in any order, where there is a choice")
    options = parser.parse_args()
    if options.work == "convert" and options.out is None:
        parser.error("convert needs --out")
    options.pattern = f"{options.logs}/**/*{options.suffix}"
    return options


def types(names):
    """Each column with the type that `names` has for its kind."""
    return {column: names[kind] for column, kind in COLUMNS.items()}


def run(options, report, convert):
    """Does the work and says what it took, imports not counted. `convert` gives a function that counts the rows, called off the clock."""
    work = report if options.work == "report" else convert
    wall, cpu = time.perf_counter(), cpu_seconds()
    done = work()
    said = {"seconds": time.perf_counter() - wall, "cpu_seconds": cpu_seconds() - cpu}
    said.update(answer(done) if options.work == "report" else {"rows": done()})
    print(json.dumps(said))


def cpu_seconds():
    """User and system time of all threads so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def answer(groups):
    """`groups` are rows of (status or None, connections, 99th percentile in seconds or None). Only successes have latencies."""
    statuses = {"-" if status is None else status: count for status, count, _ in groups}
    p99 = next(seconds for status, _, seconds in groups if status == "Success")
    return {"rows": sum(statuses.values()), "statuses": statuses, "p99_ms": 1000 * p99}
