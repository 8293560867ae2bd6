"""What the benchmarks have in common: contenders that take turns, what the system says of each process, the machine, the record."""

import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()


class Contender:
    """A program that reads the logs: what is run, and what it says of its rows."""

    def __init__(self, name, command, out, told):
        self.name, self.command, self.out, self.told = name, command, out, told
        self.rounds = []

    def run(self, scratch):
        """Runs once from a clean slate and keeps the figures."""
        remove(self.out)
        with open(scratch / "stdout", "w+b") as stdout, open(scratch / "stderr", "w+b") as stderr:
            started = time.perf_counter()
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            stdout.seek(0)
            stderr.seek(0)
            if process.returncode != 0:
                sys.exit(f"{self.name} exits with {process.returncode}:\n{stderr.read().decode(errors='replace')}")
            said = json.loads(stdout.read())
        figures = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": peak_bytes(usage), "bytes": size_of(self.out)}
        figures.update(self.told(said))
        self.rounds.append(figures)
        remove(self.out)

    def median(self, figure):
        return statistics.median(round[figure] for round in self.rounds)


def peak_bytes(usage):
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def remove(path):
    if path is None:
        return
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path):
    if path is None:
        return 0
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def output_of(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def built_binary():
    subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "tlslake"], cwd=ROOT, check=True)
    return TARGET / "release" / "tlslake"


def take_turns(field, rounds, scratch):
    """Each round begins with another contender, so that none always follows the same one."""
    for number in range(rounds):
        first = number % len(field)
        for contender in field[first:] + field[:first]:
            contender.run(scratch)
            print(f"round {number + 1}: {contender.name}: {contender.rounds[-1]['wall']:.2f} s", file=sys.stderr)


def arguments_without_record():
    return [argument for argument in sys.argv[1:] if argument != "--record"]


def generated_logs(options, binary):
    logs = options.logs or TARGET / f"bench-logs-{options.files}x{options.lines}"
    if options.logs is None and not (logs / "complete").exists():
        remove(logs)
        print(f"generating {options.files} files of {options.lines} lines", file=sys.stderr)
        sizes = ["--files", str(options.files), "--lines", str(options.lines), "--seed", "1"]
        subprocess.run([binary, "generate", "--out", logs, *sizes], check=True, stdout=subprocess.DEVNULL)
        (logs / "complete").touch()
    return logs


def warm(logs):
    """Reads every file once, so that no contender pays for the disk; gives their bytes."""
    return sum(len(path.read_bytes()) for path in logs.rglob("*.log.gz"))


def machine():
    model = platform.processor() or platform.machine()
    try:
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
        model = names[0] if names else model
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except OSError:
        memory = "memory unknown"
    return model, f"{model}, {available_cores()} cores for this process, {memory}, {platform.system()} {platform.release()}"


def available_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def check_rows(field, expected):
    counts = {contender.name: {round["rows"] for round in contender.rounds} for contender in field}
    distinct = set().union(*counts.values())
    if len(distinct) != 1 or (expected is not None and distinct != {expected}):
        sys.exit(f"the contenders do not agree on the rows, so their times mean nothing: {counts}, {expected} generated")


def record(text, name):
    cpu = re.sub(r"[^a-z0-9]+", "-", machine()[0].lower()).strip("-")
    path = ROOT / "benches" / "record" / f"{datetime.date.today()}-{cpu}" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"recorded in {path.relative_to(ROOT)}", file=sys.stderr)
