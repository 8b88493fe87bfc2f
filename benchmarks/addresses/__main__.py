"""Examine addresses: ``python -m benchmarks.addresses [--quick] [--cities ...] [--cases N] [--data DIR]``.

For each city: accuracy by mechanism (``benchmarks/errors``), every address as the city writes it, speed,
latency and memory, and in the same run two peers, plain rapidfuzz over all texts and SQLite FTS5. One
process. Then parsing against the register's own columns, and queries and cases that others wrote. The last
line is JSON: every bar, what was measured, whether it holds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.addresses import exam, public_cases, speed
from benchmarks.addresses.cities import errors_of, load, stand_in_plan
from benchmarks.bars import Bar, at_least, at_most, print_bars
from benchmarks.errors.score import table, total
from geogrid.addresses import Matcher, compile_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.errors import Case
    from geogrid.addresses import AddressIndex
    from geogrid.model import City

SEED = 7
CITIES = ("songshan", "bukit-merah", "dandong", "taipei")
QUICK = ("bukit-merah", "songshan")
SPED = 60_000  # clean addresses that are timed


def main() -> None:
    """Run the exam, print the tables, and judge by the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the two small cities, few cases")
    parser.add_argument("--cities", help=f"some of {','.join(CITIES)}")
    parser.add_argument("--cases", type=int, help="cases of each mechanism")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--examples", action="store_true", help="print cases that went wrong")
    chosen = parser.parse_args()
    names = chosen.cities.split(",") if chosen.cities else (QUICK if chosen.quick else CITIES)
    cases = chosen.cases or (150 if chosen.quick else 1500)
    bars: list[Bar] = []
    for name in names:
        print(f"\n## {name}\n")
        bars += examine(name, load(name, chosen.data), cases, chosen, largest=name == names[-1])
    bars += others(chosen.data)
    print_bars(bars)


def examine(name: str, city: City, count: int, chosen: argparse.Namespace, *, largest: bool) -> list[Bar]:
    """Examine one city and return its bars; those of speed are asked of the largest one."""
    chance = random.Random(chosen.seed)
    errors, addresses = errors_of(city, chance)
    cases = exam.draw_cases(errors, addresses, count, chance)
    started = time.process_time()
    index = compile_index(city, exam.former_names(city, errors))
    print(f"- {len(city.addresses):,} addresses, {index.door_count:,} doors")
    print(f"- compiled in {time.process_time() - started:.1f} s")
    grids = stand_in_plan(city, index)
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        print(f"- {sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6:.1f} MB on disk")
        del index
        index = speed.opened(Path(folder))
        matcher = Matcher(index, grids)
        grid_of = dict(zip(index.door_building_ids(), grids.tolist(), strict=True))
        bars = accuracy(name, matcher, city, cases, grid_of, examples=chosen.examples)
        if name == "bukit-merah":
            bars += foreign(matcher, chosen.data, index)
        sped = SPED // 4 if chosen.quick else SPED
        rate, judged = speeds(name, city, cases, Path(folder), (matcher, index, grids), sped)
        if largest:
            bars += judged + beside(name, rate, speed.peers(city, cases, grid_of))
    return bars


def accuracy(
    name: str, matcher: Matcher, city: City, cases: Sequence[Case], grid_of: dict[str, int], *, examples: bool
) -> list[Bar]:
    """Print the marks by mechanism, and judge them."""
    written = exam.clean(matcher, city, grid_of)
    print(f"- as the city writes them: {written}\n")
    marks = exam.marks_of(matcher, cases, grid_of)
    print(table(marks) + "\n")
    if examples:
        print("\n".join(f"{name}: {example}" for name, one in marks.items() for example in one.examples))
    whole = total(marks)
    return [
        at_most(f"{name}: clean addresses in a wrong grid", written.wrong, 0),
        at_most(f"{name}: clean addresses asked back that share their text with none", written.missed, 0),
        at_most(f"{name}: shared addresses that are not flagged", written.shared - written.flagged, 0),
        at_least(f"{name}: variants in the right grid", whole.right / whole.variants, 0.98),
        at_most(f"{name}: wrong grid of those answered", whole.wrong / (whole.right + whole.wrong), 0.002),
        at_most(f"{name}: answered for a place that does not exist", whole.nothing_answered, 0),
        at_most(
            f"{name}: collisions answered with another address than the text's own", whole.collisions_other, 0
        ),
    ]


def foreign(matcher: Matcher, data: Path, index: AddressIndex) -> list[Bar]:
    """Answer the queries that others wrote of Bukit Merah."""
    path = data / "bukit_merah" / "bukit_merah.gpkg"
    told = list(exam.queries(matcher, path, index.door_points(), index.door_communities()))
    counts = {one: told.count(one) for one in dict.fromkeys(told)}
    print("- queries of others: " + ", ".join(f"{n} {' '.join(one).strip()}" for one, n in counts.items()))
    return [at_most("queries of others in a wrong place", sum(right == "wrong" for _, right in told), 0)]


def speeds(
    name: str, city: City, cases: Sequence[Case], folder: Path, parts: Any, sped: int
) -> tuple[float, list[Bar]]:
    """Print how fast and how large it is; return the changed addresses a second, and the bars."""
    matcher, index, grids = parts
    written = city.addresses["text"].sample(min(sped, len(city.addresses)), random_state=SEED).tolist()
    changed = [case.text for case in cases]
    clean, mix = speed.matched(matcher, written), speed.matched(matcher, changed)
    with tempfile.TemporaryDirectory() as files:
        filed = speed.assigned(index, grids, written, Path(files))
        filed_mix = speed.assigned(index, grids, changed, Path(files))
    size = speed.size(folder, grids, written[:20_000])
    late = speed.latencies(index, matcher, written[:20_000], changed[:20_000])
    print(f"- opened in {size['open_s']:.3f} s, {size['resident_mb']:.0f} MB resident")
    print(f"- in process: {clean:,.0f} clean addresses a second, {mix:,.0f} changed")
    print(f"- from file to file: {filed:,.0f} clean rows a second, {filed_mix:,.0f} changed")
    print("\n".join(f"- one {what}: p50 {p50:.3f} ms, p99 {p99:.3f} ms" for what, (p50, p99) in late.items()))
    lookups = late["clean look-up"], late["changed look-up"]
    return mix, [
        at_least(f"{name}: clean rows a second, file to file", filed, 20_000),
        at_least(f"{name}: changed rows a second, file to file", filed_mix, 5_000),
        at_most(f"{name}: ms of a look-up, p50", max(p50 for p50, _ in lookups), 0.3),
        at_most(f"{name}: ms of a look-up, p99", max(p99 for _, p99 in lookups), 2.0),
        at_most(f"{name}: ms of a suggestion, p99", late["suggestion"][1], 5.0),
        at_most(f"{name}: s to open the index", size["open_s"], 1.0),
        at_most(f"{name}: MB resident", size["resident_mb"], 600),
    ]


def beside(name: str, ours: float, peers: dict[str, tuple[float, float]]) -> list[Bar]:
    """Print what the peers do with the same changed texts, and how many times as fast we are."""
    for peer, (rate, right) in peers.items():
        print(f"- {peer}: {rate:,.1f} a second, right grid {right:.0%}; ours: {ours / rate:,.0f} times that")
    return [at_least(f"{name}: times as fast as {peer}", ours / rate, 1) for peer, (rate, _) in peers.items()]


def others(data: Path) -> list[Bar]:
    """Parse the register against its own columns, and score the public cases."""
    right, count = exam.parsed_exactly(data / "songshan" / "songshan_addresses.parquet")
    print(f"\n## parsing\n\n- {right:,} of {count:,} Songshan addresses in exactly their own elements")
    public_cases.score(data / "address_cases")
    return [at_least("songshan: addresses in exactly their own elements", right / count, 0.99)]


if __name__ == "__main__":
    main()
