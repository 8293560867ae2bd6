"""What compare-peers holds its figures against: each aim beside what was measured, and whether it is met."""

import statistics
from dataclasses import dataclass
from typing import Callable

from peer_cases import ARROW, DATAFUSION, DUCKDB, DUCKDB_UNORDERED, FLOOR, MEMORY, POLARS, TLSLAKE

DUCKDBS = [DUCKDB, DUCKDB_UNORDERED]


@dataclass(frozen=True)
class Target:
    """`measure` takes the figures of `case` and gives what was measured, in words, and whether that is enough: None if a peer has no figures."""

    work: str
    aim: str
    case: str
    measure: Callable


def part_of(case, name):
    return next(part for part in case["parts"] if part["name"] == name)


def contender_of(part, name):
    """A contender that has figures, or None."""
    return next((contender for contender in part["contenders"] if contender["name"] == name and contender["rounds"]), None)


def ratios(one, other, figure):
    """Of each round its own, for what the machine did meanwhile happened to both."""
    by_round = {figures["round"]: figures[figure] for figures in other["rounds"]}
    return [figures[figure] / by_round[figures["round"]] for figures in one["rounds"] if figures["round"] in by_round]


def ratio(part, one, other, figure):
    return statistics.median(ratios(contender_of(part, one), contender_of(part, other), figure))


def median(contender, figure):
    return statistics.median(figures[figure] for figures in contender["rounds"])


def at_most(limit, one, other, name):
    """One's wall and CPU time are at most so many times the other's."""

    def measure(case):
        part = part_of(case, name)
        times = {figure: ratio(part, one, other, figure) for figure in ("wall", "cpu")}
        return said(times, "×"), all(value <= limit for value in times.values())

    return measure


def said(times, unit):
    return ", ".join(f"{'CPU' if figure == 'cpu' else figure} {value:.2f} {unit}" for figure, value in times.items())


def faster(limit, peers, *names, figures=("wall", "cpu")):
    """tlslake is so many times as fast as the fastest of these, by wall and by CPU time."""

    def measure(case):
        told, enough = [], []
        for name in names:
            part = part_of(case, name)
            there = [peer for peer in peers if contender_of(part, peer)]
            if not there:
                failures = {contender["failure"] for contender in part["contenders"] if contender["name"] in peers}
                return f"{name}: {', '.join(sorted(failures))}", None
            times = {figure: min(ratio(part, peer, TLSLAKE, figure) for peer in there) for figure in figures}
            told.append((f"{name}: " if len(names) > 1 else "") + said(times, "×"))
            enough.append(all(value >= limit for value in times.values()))
        return "; ".join(told), all(enough)

    return measure


def smaller(limit):
    def measure(case):
        part = part_of(case, "convert")
        theirs = [median(one, "bytes") for one in (contender_of(part, name) for name in DUCKDBS) if one]
        if not theirs:
            return "DuckDB did not finish", None
        value = median(contender_of(part, TLSLAKE), "bytes") / min(theirs)
        return f"{value:.3f} ×", value <= limit

    return measure


def no_slower(work):
    """Decompression, tlslake and each of their times on zst against the same on gz."""

    def measure(case):
        part, told, enough = part_of(case, work), [], []
        for name in (FLOOR, TLSLAKE):
            times = {figure: ratio(part, name, f"{name}, gz", figure) for figure in ("wall", "cpu")}
            told.append(f"{name}: {said(times, '×')}")
            enough.append(all(value <= 1 for value in times.values()))
        return "; ".join(told) + " of gz", all(enough)

    return measure


def under_the_ceiling(case):
    ours = [contender for part in case["parts"] for contender in part["contenders"] if contender["name"] in (TLSLAKE, ARROW)]
    most = max(figures["memory"] for contender in ours for figures in contender["rounds"])
    return f"peak {most / 2**20:,.0f} of {MEMORY / 2**20:,.0f} MiB", most <= MEMORY


def good_row_groups(case):
    layout = contender_of(part_of(case, "convert"), TLSLAKE)["layout"]
    told = f"{layout['row_groups']:,} row groups in {layout['folders']:,} partitions, at best {layout['fewest_groups']:,}"
    return told, layout["row_groups"] <= 1.5 * layout["fewest_groups"]


def with_two_threads(limit, names, one, two):
    def measure(case):
        values = {name: ratio(part_of(case, name), one(part_of(case, name)), two(part_of(case, name)), "wall") for name in names}
        return ", ".join(f"{name} {value:.2f} ×" for name, value in values.items()), all(value >= limit for value in values.values())

    return measure


def smallest(part, position):
    """The name of growth's contender on the smallest set: the first with one thread, the second with all."""
    return part["contenders"][position]["name"]


def per_gb(contender):
    return median(contender, "cpu") / (contender["raw"] / 1e9)


def steady(limit):
    """CPU time a GB of the larger sets, next to the smallest's with as many threads."""

    def measure(case):
        told, enough = [], []
        for part in case["parts"]:
            first, *rest = (per_gb(contender) for contender in part["contenders"][1:])
            apart = [value / first - 1 for value in rest]
            told.append(f"{part['name']}: " + ", ".join(f"{value:+.1%}" for value in apart))
            enough.append(all(abs(value) <= limit for value in apart))
        return "; ".join(told), all(enough)

    return measure


def speed(limit, group, kernel=None):
    """Of one kernel, or of the fastest that was benched."""

    def measure(case):
        benches = [bench for bench in case["parts"][0]["benches"] if bench["group"] == group and kernel in (None, bench["name"])]
        if not benches:
            return f"no bench {group}/{kernel or '*'} on this machine", False
        best = max(benches, key=lambda bench: bench["median"])
        return f"{best['median'] / 1e9:.2f} GB/s ({best['name']})", best["median"] >= limit * 1e9

    return measure


BOTH = ("report", "convert")
TARGETS = [
    Target("`report` on gz", "≤ 1.20 × decompression", "report-gz", at_most(1.20, TLSLAKE, FLOOR, "report")),
    Target("", "≥ 2.5 × faster than Polars", "report-gz", faster(2.5, [POLARS], "report")),
    Target("", "≥ 3.5 × faster than DuckDB", "report-gz", faster(3.5, [DUCKDB], "report")),
    Target("", "≥ 3.5 × faster than DataFusion", "report-gz", faster(3.5, [DATAFUSION], "report")),
    Target("`convert` on gz", "≤ 1.9 × decompression", "convert-gz", at_most(1.9, TLSLAKE, FLOOR, "convert")),
    Target("", "≥ 4 × faster than Polars", "convert-gz", faster(4, [POLARS], "convert")),
    Target("", "≥ 5 × faster than DuckDB", "convert-gz", faster(5, DUCKDBS, "convert")),
    Target("", "≥ 5 × faster than DataFusion", "convert-gz", faster(5, [DATAFUSION], "convert")),
    Target("", "output ≤ 0.92 × DuckDB's", "convert-gz", smaller(0.92)),
    Target("`report` on zst", "no slower than on gz in any part", "report-zst", no_slower("report")),
    Target("`convert` on zst", "no slower than on gz in any part", "convert-zst", no_slower("convert")),
    Target("500,000 distinct clients", "≥ 2.5 × faster than Polars", "clients", faster(2.5, [POLARS], *BOTH)),
    Target("", "≥ 2.5 × faster than DuckDB", "clients", faster(2.5, DUCKDBS, *BOTH)),
    Target("", "memory under the ceiling", "clients", under_the_ceiling),
    Target("100,000 files of 2 KB", "≥ 10 × faster than DuckDB", "tiny", faster(10, DUCKDBS, "convert")),
    Target("", "row groups ≤ 1.5 × the fewest possible", "tiny", good_row_groups),
    Target(
        "one gz of 2 GB raw",
        "two threads ≥ 1.5 × as fast as one",
        "single",
        with_two_threads(1.5, BOTH, lambda part: f"{TLSLAKE} --jobs 1", lambda part: f"{TLSLAKE} --jobs 2"),
    ),
    Target("scan alone, a core", "≥ 10 GB/s with AVX-512", "kernels", speed(10, "scan", "avx512")),
    Target("", "≥ 8 GB/s with AVX2", "kernels", speed(8, "scan", "avx2")),
    Target("all columns typed, a core", "≥ 3 GB/s", "kernels", speed(3, "columns")),
    Target("growth, 1 to 50 GB", "CPU a GB within ± 5 %", "growth", steady(0.05)),
    Target(
        "",
        "all threads ≥ 1.9 × as fast as one",
        "growth",
        with_two_threads(1.9, BOTH, lambda part: smallest(part, 0), lambda part: smallest(part, 1)),
    ),
]


def verdicts(cases):
    """Of each target: itself, what was measured, and the verdict."""
    words = {True: "met", False: "missed", None: "nothing to compare with"}
    for target in TARGETS:
        case = cases.get(target.case)
        if case is None:
            yield target, "–", "not run"
            continue
        measured, is_met = target.measure(case)
        yield target, measured, words[is_met]
