"""The cases of compare-peers: who takes turns on which logs, and what all must agree on before their times mean anything."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import ROOT, TARGET, Contender, remove, take_turns, warm
from peer_data import Data

FLOOR, TLSLAKE, ARROW = "decompression alone", "tlslake", "tlslake --writer arrow"
DUCKDB, DUCKDB_UNORDERED, POLARS, DATAFUSION, CHDB = "DuckDB", "DuckDB, order not kept", "Polars", "DataFusion", "ClickHouse (chdb)"
PEERS = {
    POLARS: ["with_polars.py", "--order-not-kept"],
    DUCKDB: ["with_duckdb.py"],
    DUCKDB_UNORDERED: ["with_duckdb.py", "--order-not-kept"],
    DATAFUSION: ["with_datafusion.py"],
    CHDB: ["with_chdb.py"],
}
# Some peers interpolate between neighbours, and tlslake's histogram keeps three digits.
P99_TOLERANCE = 0.01
ROW_GROUP_ROWS = 400_000
MEMORY = 1 << 30


@dataclass
class Setting:
    """What all cases need to know."""

    tlslake: Path
    floor: Path
    python: Path
    threads: int
    rounds: int
    quick: bool
    data: Data
    scratch: Path
    # Seconds after which a peer's run is stopped, and after which one is enough.
    limit: int
    patience: int

    def has_writers(self):
        """Whether `convert` can also write with arrow-rs's writer."""
        return "--writer" in subprocess.run([self.tlslake, "convert", "--help"], check=True, capture_output=True, text=True).stdout


@dataclass
class Part:
    """One table: contenders on one set of logs, or each on its own, named in `logs`."""

    name: str
    title: str
    contenders: list
    logs: dict
    rounds: int
    notes: list = field(default_factory=list)

    def __post_init__(self):
        if not isinstance(self.logs, dict):
            self.logs = {contender.name: self.logs for contender in self.contenders}

    def run(self, setting):
        """Lets all take turns, and gives what there is to know of them as plain values."""
        sets = {logs.path: logs for logs in self.logs.values()}
        stored = {path: warm(path, logs.suffix) for path, logs in sets.items()}
        take_turns(self.contenders, self.rounds, setting.scratch, setting.patience)
        self.agree()
        return {
            "name": self.name,
            "title": self.title,
            "notes": self.notes,
            "contenders": [self.told(contender, stored) for contender in self.contenders],
        }

    def agree(self):
        """Every row counted by everyone, every output of the same rows, every report with the same counts: or there is no table."""
        for contender in self.contenders:
            logs = self.logs[contender.name]
            others = [other for other in self.contenders if self.logs[other.name].path == logs.path and other.rounds]
            for figures in contender.rounds:
                same(contender.name, "rows", figures.get("rows", logs.rows), logs.rows)
                same(contender.name, "bytes of text", figures.get("raw", raw_bytes(others)), raw_bytes(others))
                agree_on_answer(contender.name, figures.get("answer"), others)
            agree_on_rows(contender, others)

    def told(self, contender, stored):
        logs = self.logs[contender.name]
        mates = [other for other in self.contenders if self.logs[other.name].path == logs.path and other.rounds]
        kept = ["round", "wall", "cpu", "memory", "bytes", "process_wall", "process_cpu"]
        return {
            "name": contender.name,
            "command": hidden(shlex.join(contender.command)),
            "failure": contender.failure and hidden(contender.failure)[:200],
            "logs": logs.path.name,
            "files": stored[logs.path][0],
            "rows": logs.rows,
            "stored": stored[logs.path][1],
            "raw": raw_bytes(mates),
            "layout": contender.found and contender.found["layout"],
            "rounds": [{name: figures[name] for name in kept if name in figures} for figures in contender.rounds],
        }


def hidden(text):
    """A command or a message as it stands in a record: without the places of this machine."""
    text = text.replace(str(TARGET), "target").replace(str(ROOT) + "/", "")
    return " ".join(word if "/" not in word or word.startswith(("target/", "scripts/")) else "…/" + Path(word).name for word in text.split(" "))


def raw_bytes(contenders):
    return next((figures["raw"] for contender in contenders for figures in contender.rounds if "raw" in figures), None)


def same(who, what, got, want):
    if got != want:
        sys.exit(f"{who} does not agree with the others, so no time means anything: {what}: {got}, not {want}")


def agree_on_answer(who, answer, others):
    if answer is None:
        return
    reference = next(figures["answer"] for other in others for figures in other.rounds if "answer" in figures)
    same(who, "connections by tls_verify_status", answer["statuses"], reference["statuses"])
    if abs(answer["p99_ms"] - reference["p99_ms"]) > P99_TOLERANCE * reference["p99_ms"]:
        same(who, "99th percentile of the latency, ms", answer["p99_ms"], reference["p99_ms"])


def agree_on_rows(contender, others):
    found = [other.found["fingerprint"] for other in others if other.found]
    if contender.found:
        for column, values in contender.found["fingerprint"].items():
            same(contender.name, f"values and their hashes, {column}", values, found[0][column])


def decompression(setting, logs, name=FLOOR, threads=None):
    told = lambda said: same(name, "files failed", said["failed"], 0) or {"raw": said["raw_bytes"]}
    return Contender(name, [setting.floor, threads or setting.threads, logs.path], None, told)


def tlslake(setting, logs, work, *more, name=TLSLAKE, threads=None):
    """`report` or `convert`. The set's folder has nothing else in it, so nothing may be rejected or fail."""

    def told(said):
        same(name, "lines rejected and files failed", [said["rejected"], said["failed"]], [0, 0])
        outcomes = said["outcomes"]
        statuses = {f"Failed:{code}": count for code, count in said["failures"].items()}
        statuses |= {"Success": outcomes["success"], "-": outcomes["no_verdict_http"] + outcomes["no_verdict_tls"]}
        answer = {"statuses": statuses, "p99_ms": said["latency"]["p99"]}
        return {"rows": said["rows"], "raw": said["input"]["raw_bytes"], "answer": answer}

    lake = setting.scratch / "lake" if work == "convert" else None
    out = ["--out", lake] if lake else []
    talk = ["--jobs", threads or setting.threads, "--format", "json", "--progress", "never"]
    inspect = (lambda path: inspected(setting, path, ROW_GROUP_ROWS)) if lake else None
    return Contender(name, [setting.tlslake, work, logs.path, *out, *talk, *more], lake, told, inspect)


def inspected(setting, path, *most):
    script = ROOT / "scripts" / "peers" / "inspect_parquet.py"
    command = [str(word) for word in (setting.python, script, path, *most)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peers(setting, logs, work):
    """A peer's wall and CPU time are those of the work alone, as it says itself: its process also starts Python."""

    def told(figures):
        return {"rows": figures["rows"], "wall": figures["seconds"], "cpu": figures["cpu_seconds"]} | (
            {"answer": {"statuses": figures["statuses"], "p99_ms": figures["p99_ms"]}} if work == "report" else {}
        )

    def one(name, script, *more):
        out = setting.scratch / f"{script.removesuffix('.py')}.parquet" if work == "convert" else None
        command = [setting.python, ROOT / "scripts" / "peers" / script, work, "--logs", logs.path, "--suffix", logs.suffix]
        command += ["--threads", setting.threads, *(["--out", out] if out else []), *more]
        inspect = (lambda path: inspected(setting, path)) if out else None
        return Contender(name, command, out, told, inspect, optional=True, seconds=setting.limit)

    # The order of rows is a matter of writing.
    if work == "report":
        return [one(name, *words[:1]) for name, words in PEERS.items() if name != DUCKDB_UNORDERED]
    return [one(name, *words) for name, words in PEERS.items()]


def everyone(setting, logs, work, *more):
    writers = [tlslake(setting, logs, work, "--writer", "arrow", *more, name=ARROW)] if work == "convert" and setting.has_writers() else []
    return [decompression(setting, logs), tlslake(setting, logs, work, *more), *writers, *peers(setting, logs, work)]


TITLES = {
    "report": "Connections by tls_verify_status, and the 99th percentile of the latency",
    "convert": "Parquet with zstd",
}


def gz(setting, work):
    logs = setting.data.gz()
    return [Part(work, f"{TITLES[work]}: gzipped logs", everyone(setting, logs, work), logs, setting.rounds)]


def zst(setting, work):
    """The same logs as gz and as zst take turns, so that the two can be compared."""
    logs, as_gz = setting.data.zst(), setting.data.gz()
    again = [decompression(setting, as_gz, f"{FLOOR}, gz"), tlslake(setting, as_gz, work, name=f"{TLSLAKE}, gz")]
    contenders = everyone(setting, logs, work) + again
    of = {contender.name: logs for contender in contenders} | {contender.name: as_gz for contender in again}
    return [Part(work, f"{TITLES[work]}: the same logs stored as zstd", contenders, of, setting.rounds)]


def clients(setting):
    """With a ceiling that is lower than the default, which the peak is held against."""
    logs = setting.data.clients()
    title = f"{setting.data.sizes.clients:,} distinct clients"
    ceiling = ["--memory", f"{MEMORY >> 20}MiB"]
    return [Part(work, f"{TITLES[work]}: {title}", everyone(setting, logs, work, *ceiling), logs, setting.rounds) for work in TITLES]


def tiny(setting):
    logs = setting.data.tiny()
    title = f"{TITLES['convert']}: {setting.data.sizes.tiny_files:,} files of 2 KB"
    return [Part("convert", title, everyone(setting, logs, "convert"), logs, setting.rounds)]


def single(setting):
    """One thread, and two."""
    logs, parts = setting.data.single(), []
    for work in TITLES:
        alone = [decompression(setting, logs, f"{FLOOR}, {jobs} thread{'s' * (jobs > 1)}", threads=jobs) for jobs in (1, 2)]
        ours = [tlslake(setting, logs, work, name=f"{TLSLAKE} --jobs {jobs}", threads=jobs) for jobs in (1, 2)]
        parts.append(Part(work, f"{TITLES[work]}: one member of gzip", [*alone, *ours], logs, setting.rounds))
    return parts


def growth(setting):
    """tlslake alone, on more and more of the same. The largest takes minutes, so three rounds are enough."""
    sizes, parts = setting.data.sizes.growth, []
    all_logs = {times: setting.data.growth(times) for times in sizes}
    runs = [(sizes[0], 1), *((times, setting.threads) for times in sizes)]
    for work in TITLES:
        names = {(times, jobs): f"{TLSLAKE} --jobs {jobs}, {times} ×" for times, jobs in runs}
        # Rows are not looked at: what is written is the same as of the small set, many times over.
        contenders = [tlslake(setting, all_logs[times], work, name=names[times, jobs], threads=jobs) for times, jobs in runs]
        for contender in contenders:
            contender.inspect = None
        of = {names[times, jobs]: all_logs[times] for times, jobs in runs}
        notes = ["The larger sets are hard links to the files of the first, each copy under the names of a later day."]
        parts.append(Part(work, f"{TITLES[work]}: growth", contenders, of, min(setting.rounds, 3), notes))
    return parts


CASES = {
    "report-gz": lambda setting: gz(setting, "report"),
    "convert-gz": lambda setting: gz(setting, "convert"),
    "report-zst": lambda setting: zst(setting, "report"),
    "convert-zst": lambda setting: zst(setting, "convert"),
    "clients": clients,
    "tiny": tiny,
    "single": single,
    "growth": growth,
}


def run_case(setting, name):
    """A case's parts as plain values."""
    if name == "kernels":
        return [kernels(setting)]
    if name == "hyperfine":
        return [hyperfine(setting)]
    return [part.run(setting) for part in CASES[name](setting)]


def kernels(setting):
    """What the criterion benches of the stages say, in bytes a second, of one thread."""
    started, folder = time.time(), TARGET / "criterion"
    bench = ["cargo", "bench", "--quiet", "--workspace", "--bench", "stages", "--", "^(scan|columns)/"]
    subprocess.run(bench + (["--quick"] if setting.quick else []), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    fresh = [path for path in sorted(folder.rglob("new/benchmark.json")) if path.stat().st_mtime > started - 1]
    if not fresh:
        sys.exit(f"{shlex.join(bench)} has left no figures in {folder}")
    title = "Stages alone, one thread, text in memory"
    return {"name": "kernels", "title": title, "command": shlex.join(bench), "benches": [bench_figures(path) for path in fresh]}


def bench_figures(path):
    """A bench's bytes a second, from what criterion keeps of it: nanoseconds, and the bytes of one iteration."""
    about = json.loads(path.read_text(encoding="utf-8"))
    median = json.loads(path.with_name("estimates.json").read_text(encoding="utf-8"))["median"]
    if "Bytes" not in (about["throughput"] or {}):
        sys.exit(f"the bench {about['full_id']} does not say how many bytes it goes through")
    speed = lambda nanoseconds: about["throughput"]["Bytes"] / nanoseconds * 1e9
    interval = median["confidence_interval"]
    return {
        "group": about["group_id"],
        "name": about["function_id"],
        "median": speed(median["point_estimate"]),
        "least": speed(interval["upper_bound"]),
        "most": speed(interval["lower_bound"]),
    }


def hyperfine(setting):
    """The same commands timed by hyperfine, one after the other: does it see the same medians of wall time?"""
    logs, out = setting.data.gz(), setting.scratch / "hyperfine.json"
    contenders = [decompression(setting, logs), tlslake(setting, logs, "report"), tlslake(setting, logs, "convert", name=f"{TLSLAKE} convert")]
    contenders[1].name = f"{TLSLAKE} report"
    part = Part("hyperfine", "hyperfine's medians of wall time beside ours", contenders, logs, setting.rounds).run(setting)
    command = ["hyperfine", "--shell", "none", "--style", "none", "--warmup", "1", "--runs", str(max(setting.rounds, 2)), "--export-json", str(out)]
    command += ["--prepare", f"rm -rf {shlex.quote(str(setting.scratch / 'lake'))}"]
    subprocess.run(command + [shlex.join(contender.command) for contender in contenders], check=True, stdout=subprocess.DEVNULL)
    remove(setting.scratch / "lake")
    for told, result in zip(part["contenders"], json.loads(out.read_text())["results"]):
        told["hyperfine"] = {name: result[name] for name in ("median", "min", "max")}
    return part


def install_hyperfine():
    """From Debian's packages, where there are any."""
    if shutil.which("hyperfine"):
        return
    root = [] if os.getuid() == 0 else ["sudo"]
    try:
        for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "hyperfine"]):
            subprocess.run([*root, "apt-get", *words], check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"hyperfine is missing and cannot be installed ({error}); leave out the case hyperfine")
