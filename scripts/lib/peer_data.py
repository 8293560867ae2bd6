"""The logs that compare-peers measures on: made once, kept in one folder, each set known by its size."""

import gzip
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench import ROOT, remove

GENERATED_NAME = re.compile(r"_(\d{8})T(\d{4}Z_.*)$")


@dataclass(frozen=True)
class Sizes:
    """How large the sets are."""

    files: int
    lines: int
    clients: int
    tiny_files: int
    tiny_lines: int
    single_files: int
    growth: tuple


FULL = Sizes(files=64, lines=50_000, clients=500_000, tiny_files=100_000, tiny_lines=16, single_files=111, growth=(1, 9, 43))
QUICK = Sizes(files=8, lines=5_000, clients=10_000, tiny_files=500, tiny_lines=16, single_files=16, growth=(1, 2, 3))


@dataclass(frozen=True)
class Logs:
    """One set: its folder, how its names end, how many rows it must give."""

    path: Path
    rows: int
    suffix: str = ".log.gz"

    def files(self):
        return sorted(self.path.rglob(f"*{self.suffix}"))


class Data:
    """Gives each set, and makes it where it is not there yet. A set that was not finished is made anew."""

    def __init__(self, folder, sizes, tlslake, python):
        self.folder, self.sizes, self.tlslake, self.python = folder.resolve(), sizes, tlslake, python
        self.folder.mkdir(parents=True, exist_ok=True)

    def gz(self):
        sizes = self.sizes
        return self.generated("gz", sizes.files, sizes.lines)

    def clients(self):
        sizes = self.sizes
        return self.generated(f"clients-{sizes.clients}", sizes.files, sizes.lines, "--clients", str(sizes.clients))

    def tiny(self):
        return self.generated("tiny", self.sizes.tiny_files, self.sizes.tiny_lines)

    def zst(self):
        gz = self.gz()
        make = lambda place: run(self.python, ROOT / "scripts" / "peers" / "recompress.py", gz.path, place)
        return Logs(self.made(gz.path.name.replace("gz-", "zst-", 1), make), gz.rows, ".log.zst")

    def single(self):
        """One member of gzip, under the name of the first of the logs that it is made of."""
        files, lines = self.sizes.single_files, self.sizes.lines

        def make(place):
            parts = place.with_name(place.name + ".parts")
            remove(parts)
            self.generate(parts, files, lines)
            sources = sorted(parts.rglob("*.log.gz"))
            place.mkdir()
            one_member(sources, place / sources[0].name)
            remove(parts)

        return Logs(self.made(f"single-{files}x{lines}", make), files * lines)

    def growth(self, times):
        """The logs `times` over: hard links, each copy in the names and folders of a later day."""
        gz = self.gz()
        make = lambda place: [link(path, place, copy) for copy in range(times) for path in gz.files()]
        return Logs(self.made(f"growth-{times}-{gz.path.name}", make), times * gz.rows)

    def generated(self, name, files, lines, *more):
        make = lambda place: self.generate(place, files, lines, *more)
        return Logs(self.made(f"{name}-{files}x{lines}", make), files * lines)

    def generate(self, place, files, lines, *more):
        run(self.tlslake, "generate", "--out", place, "--files", files, "--lines", lines, "--seed", "1", *more)

    def made(self, name, make):
        place, stamp = self.folder / name, self.folder / f"{name}.complete"
        if not stamp.exists():
            print(f"making {name}", file=sys.stderr)
            remove(place)
            make(place)
            stamp.touch()
        return place

    def all(self):
        """Makes every set, the small ones first."""
        sets = [self.gz, self.clients, self.zst, self.tiny, self.single]
        return [one() for one in sets] + [self.growth(times) for times in self.sizes.growth]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def one_member(sources, path):
    with gzip.open(path, "wb", compresslevel=6) as packed:
        for source in sources:
            with gzip.open(source) as text:
                while block := text.read(1 << 20):
                    packed.write(block)


def link(path, place, copy):
    """Links a log as the one of `copy` days later."""
    stamp, rest = GENERATED_NAME.search(path.name).groups()
    day = date.fromisoformat(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}") + timedelta(days=copy)
    head = path.name[: path.name.index(f"_{stamp}T")]
    folder = place / f"{day:%Y/%m/%d}"
    folder.mkdir(parents=True, exist_ok=True)
    os.link(path, folder / f"{head}_{day:%Y%m%d}T{rest}")
