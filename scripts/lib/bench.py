"""What the benchmarks have in common: contenders that take turns, what the system says of each process, the machine, the record."""

import datetime
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()


class Contender:
    """A program that reads the logs: what is run, and what it says of its rows.

    An optional one may fail or take longer than `seconds`: that is kept as its result. `inspect` looks at its first output, off the clock.
    """

    def __init__(self, name, command, out, told, inspect=None, optional=False, seconds=None):
        self.name, self.command, self.out, self.told = name, [str(word) for word in command], out, told
        self.inspect, self.optional, self.seconds = inspect, optional, seconds
        self.rounds, self.found, self.failure = [], None, None

    def run(self, scratch, number=0):
        """Runs once from a clean slate and keeps the figures."""
        remove(self.out)
        with open(scratch / "stdout", "w+b") as stdout, open(scratch / "stderr", "w+b") as stderr:
            code, figures = measured(self.command, stdout, stderr, self.seconds)
            stdout.seek(0)
            stderr.seek(0)
            if code != 0:
                return self.fails(code, stderr.read().decode(errors="replace").strip())
            said = json.loads(stdout.read())
        figures.update(round=number, bytes=size_of(self.out))
        figures.update(self.told(said))
        self.rounds.append(figures)
        if self.inspect and self.found is None:
            self.found = self.inspect(self.out)
        remove(self.out)

    def fails(self, code, errors):
        if not self.optional:
            sys.exit(f"{self.name} exits with {code}:\n{errors}")
        late = self.seconds is not None and code == -signal.SIGKILL
        self.failure = f"stopped after {self.seconds} s" if late else f"exit code {code}: {errors.splitlines()[-1] if errors else 'nothing said'}"
        remove(self.out)

    def median(self, figure):
        return statistics.median(round[figure] for round in self.rounds)


def measured(command, stdout, stderr, seconds):
    """Runs a program to its end, or for so many seconds; gives its exit code and what the system says of it."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
    alarm = threading.Timer(seconds, os.kill, [process.pid, signal.SIGKILL]) if seconds else None
    if alarm:
        alarm.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if alarm:
        alarm.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": peak_bytes(usage)}


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


def built_binaries():
    """tlslake, and the floor: decompression alone. Built together, the two share every crate."""
    both = ["--workspace", "--bin", "tlslake", "--example", "decompress"]
    subprocess.run(["cargo", "build", "--release", "--quiet", *both], cwd=ROOT, check=True)
    return TARGET / "release" / "tlslake", TARGET / "release" / "examples" / "decompress"


def take_turns(field, rounds, scratch, patience=float("inf")):
    """Each round begins with another contender, so that none always follows the same one.

    One that has failed is left out from then on, and so is an optional one that takes more seconds than `patience`.
    """
    for number in range(rounds):
        first = number % len(field)
        for contender in field[first:] + field[:first]:
            if contender.failure or (contender.optional and contender.rounds and contender.rounds[-1]["wall"] > patience):
                continue
            contender.run(scratch, number)
            result = contender.failure or f"{contender.rounds[-1]['wall']:.2f} s"
            print(f"round {number + 1}: {contender.name}: {result}", file=sys.stderr)


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


def warm(logs, suffix=".log.gz"):
    """Reads every file once, so that no contender pays for the disk; gives how many there are, and their bytes.

    A file and a block at a time: the peak memory that the system tells of a contender begins with what this process has held.
    """
    sizes = (read_through(os.path.join(folder, name)) for folder, _, names in os.walk(logs) for name in names if name.endswith(suffix))
    files = bytes = 0
    for size in sizes:
        files, bytes = files + 1, bytes + size
    return files, bytes


def read_through(path):
    with open(path, "rb", buffering=0) as file:
        return sum(iter(lambda: len(file.read(1 << 18)), 0))


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


def record_folder():
    """Where today's figures of this machine are kept."""
    cpu = re.sub(r"[^a-z0-9]+", "-", machine()[0].lower()).strip("-")
    folder = ROOT / "benches" / "record" / f"{datetime.date.today()}-{cpu}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def record(text, name):
    path = record_folder() / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    print(f"recorded in {path.relative_to(ROOT)}", file=sys.stderr)
