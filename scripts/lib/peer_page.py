"""compare-peers' page: a table for every case, the aims, the machine, the commands; and the README's table. All from the kept figures."""

from peer_cases import FLOOR, TLSLAKE
from peer_targets import contender_of, median, part_of, per_gb, ratio, verdicts

INTRODUCTION = """# tlslake beside what one would use instead

Contenders take turns, round by round, with the same number of threads, on files in the page cache; a ratio is the median of the rounds' own. Before
there is a table, all have counted the same rows; reports have the same counts by tls_verify_status and the same 99th percentile (within 1 %, as some
interpolate); and what `convert` and the peers wrote holds the same values in all fifteen columns, compared by hash, row by row. Peers run at their
fastest settings that keep every row and column, which stand in `scripts/peers/`. Their wall and CPU time is of the work alone, without the start of
Python and its imports; tlslake's and decompression's is of the whole process. *Decompression alone* is the floor: tlslake's own decoder, in a process
of its own, its text dropped. tlslake also checks every line, counts by far more than is asked for here, keeps each row's source, and syncs its lake to
disk before it says so; its output has more columns, hourly tables and a manifest. Peak memory is what the system says of the process."""


QUICK = "**Small logs (`--quick`): these figures are of starting and stopping, and say that the script works, nothing more.**"


def page(record):
    sections = [section(name, case) for name, case in record["cases"].items()]
    quick = [QUICK] if any("--quick" in case["ran"]["command"] for case in record["cases"].values()) else []
    return "\n\n".join([INTRODUCTION, *quick, targets(record["cases"]), *sections]) + "\n"


def targets(cases):
    rows = [f"| {target.work} | {target.aim} | {measured} | {verdict} |" for target, measured, verdict in verdicts(cases)]
    return "\n".join(["## Aims", "", "| work | aim | measured | |", "|---|---|---|---|", *rows])


def section(name, case):
    ran = case["ran"]
    lines = [
        f"- {ran['machine']}",
        f"- {ran['versions']}",
        f"- {ran['time']}, {ran['threads']} threads, `{ran['command']}`",
    ]
    parts = [text for part in case["parts"] for text in part_text(part)]
    return "\n\n".join([f"## {name}", *parts, "\n".join(lines)])


def part_text(part):
    if "benches" in part:
        return [f"### {part['title']}", benches_table(part), f"```\n{part['command']}\n```"]
    tables = [growth_table(part)] if len({one["logs"] for one in part["contenders"]}) > 2 else [main_table(part), *layout_table(part)]
    if any("hyperfine" in one for one in part["contenders"]):
        tables = [hyperfine_table(part)]
    commands = "\n".join(one["command"] for one in part["contenders"])
    return [f"### {part['title']}", logs_line(part), *tables, *part["notes"], f"```\n{commands}\n```"]


def logs_line(part):
    first = part["contenders"][0]
    size = lambda bytes: f"{bytes / 1e6:,.0f} MB" if bytes >= 1e7 else f"{bytes / 1e6:,.2f} MB"
    files = "1 file" if first["files"] == 1 else f"{first['files']:,} files"
    return f"{files}, {size(first['stored'])} as stored, {size(first['raw'])} of text, {first['rows']:,} lines (`{first['logs']}`)."


def spread(contender, figure):
    values = [figures[figure] for figures in contender["rounds"]]
    return f"{median(contender, figure):.2f} s ({min(values):.2f}–{max(values):.2f})"


def counted(rounds):
    return "1 round" if rounds == 1 else f"{rounds} rounds"


def memory(contender):
    return f"{max(figures['memory'] for figures in contender['rounds']) / 2**20:,.0f} MiB"


def main_table(part):
    """Medians and ranges, and how often a contender's time holds tlslake's and the floor's."""
    names = [one["name"] for one in part["contenders"] if one["rounds"]]
    first = next(name for name in names if name.startswith(TLSLAKE))
    floor = next(name for name in names if name.startswith(FLOOR))
    rounds = max(len(one["rounds"]) for one in part["contenders"])
    lines = [
        f"| {counted(rounds)} | wall, median (range) | CPU, median (range) | peak memory | output | wall ÷ {first} | CPU ÷ {first} | CPU ÷ {floor} |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in part["contenders"]:
        if one["failure"]:
            lines.append(f"| {one['name']} | {one['failure']} | | | | | | |")
            continue
        size = median(one, "bytes")
        fewer = f" ({counted(len(one['rounds']))}, as it is slow)" if len(one["rounds"]) < rounds else ""
        to = [ratio(part, one["name"], first, "wall"), ratio(part, one["name"], first, "cpu"), ratio(part, one["name"], floor, "cpu")]
        lines.append(
            f"| {one['name']}{fewer} | {spread(one, 'wall')} | {spread(one, 'cpu')} | {memory(one)} | {f'{size / 1e6:,.1f} MB' if size else '–'} "
            f"| {' | '.join(f'{value:.2f} ×' for value in to)} |"
        )
    return "\n".join(lines)


def layout_table(part):
    written = [one for one in part["contenders"] if one["layout"]]
    if not written:
        return []
    lines = ["| | Parquet files | row groups | rows in a group: least | median | most |", "|---|---:|---:|---:|---:|---:|"]
    for one in written:
        layout = one["layout"]
        rows = [layout["least_rows"], layout["median_rows"], layout["most_rows"]]
        lines.append(f"| {one['name']} | {layout['files']:,} | {layout['row_groups']:,} | {' | '.join(f'{value:,.0f}' for value in rows)} |")
    return ["\n".join(lines)]


def growth_table(part):
    first = part["contenders"][1]
    rounds = len(first["rounds"])
    lines = [
        f"| {counted(rounds)} | text | wall, median (range) | CPU, median (range) | CPU a GB of text | next to the smallest | peak memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in part["contenders"]:
        lines.append(
            f"| {one['name']} | {one['raw'] / 1e9:,.2f} GB | {spread(one, 'wall')} | {spread(one, 'cpu')} | {per_gb(one):.3f} s "
            f"| {per_gb(one) / per_gb(first):.3f} × | {memory(one)} |"
        )
    return "\n".join(lines)


def benches_table(part):
    lines = ["| bench | median | 95 % interval |", "|---|---:|---:|"]
    for bench in part["benches"]:
        interval = f"{bench['least'] / 1e9:.2f}–{bench['most'] / 1e9:.2f}"
        lines.append(f"| {bench['group']}/{bench['name']} | {bench['median'] / 1e9:.2f} GB/s | {interval} |")
    return "\n".join(lines)


def hyperfine_table(part):
    lines = ["| | ours, taking turns | hyperfine, one after the other | hyperfine ÷ ours |", "|---|---:|---:|---:|"]
    for one in part["contenders"]:
        theirs = one["hyperfine"]
        range_ = f"{theirs['median']:.2f} s ({theirs['min']:.2f}–{theirs['max']:.2f})"
        lines.append(f"| {one['name']} | {spread(one, 'wall')} | {range_} | {theirs['median'] / median(one, 'wall'):.2f} × |")
    return "\n".join(lines)


def readme_table(record):
    """The README's: wall time and how often each peer's holds tlslake's, of the report and of the conversion of gzipped logs."""
    cases = record["cases"]
    if not {"report-gz", "convert-gz"} <= cases.keys():
        raise SystemExit("the README's table needs the cases report-gz and convert-gz")
    report, convert = part_of(cases["report-gz"], "report"), part_of(cases["convert-gz"], "convert")
    lines = ["| | report | CPU | next to tlslake | Parquet | CPU | next to tlslake | peak memory | size |", "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for one in convert["contenders"]:
        name = one["name"]
        cells = [cell for part in (report, convert) for cell in readme_cells(part, name)]
        written = contender_of(convert, name)
        size = f"{median(written, 'bytes') / 1e6:,.0f} MB" if written and median(written, "bytes") else "–"
        lines.append(f"| {name} | {' | '.join(cells)} | {memory(written) if written else '–'} | {size} |")
    return "\n".join(lines)


def readme_cells(part, name):
    one = contender_of(part, name)
    if one is None:
        return ["–"] * 3
    return [f"{median(one, 'wall'):.2f} s", f"{median(one, 'cpu'):.2f} s", f"{ratio(part, name, TLSLAKE, 'wall'):.1f} ×"]
