"""Time printed sheets beside matplotlib and Chromium, and measure what a grey print keeps.

    python -m benchmarks.print [SNAPSHOT ...] [--quick]

SNAPSHOT is a compiled snapshot; without one those that ``geogrid demo`` left in ``var`` are printed. The last
line is JSON with the bars.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2

from benchmarks.bars import Clock, at_least, at_most, print_bars
from benchmarks.print.peers import ChromiumPress, marks_of, matplotlib_sheet
from geogrid.snapshot import Snapshot
from maps.colouring import PALETTE
from maps.printed import Job, fonts, print_book, print_notice, print_wall
from maps.printed.furniture import INK
from maps.printed.gridmap import SPECIAL, on_paper
from maps.printed.press import press_for
from maps.printed.svg import plain
from maps.printed.wall import community_of, wall_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bars import Bar

JOB = Job(site="https://grids.example.org", issuer="样例")
LONGEST_S = 5.0
QUICK_S = 25.0
QUICK, FULL = 3, 12  # communities of each city


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("snapshots", type=Path, nargs="*", help="compiled snapshots")
    parser.add_argument("--quick", action="store_true", help="fewer communities")
    given = parser.parse_args()
    clock = Clock(QUICK_S if given.quick else None)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    found = snapshots(given.snapshots)
    bars = [*timed(found, QUICK if given.quick else FULL, clock), *read_back(found), *in_grey()]
    print(f"load {os.getloadavg()[0]:.1f}")
    print_bars(bars)


def snapshots(given: list[Path]) -> list[Snapshot]:
    """Open the snapshots given, else those of ``geogrid demo`` in ``var``."""
    places = given or sorted(Path("var").glob("*.snapshots/*/current"))
    if not places:
        raise SystemExit("nothing to print: run `geogrid demo --no-serve` first, or name a compiled snapshot")
    return [Snapshot.open(place.resolve(), verify=False) for place in places]


def timed(found: list[Snapshot], each: int, clock: Clock) -> list[Bar]:
    """Print wall sheets and notices, each beside its peers, one after another in the same run."""
    began = time.perf_counter()
    print_wall(found[0], found[0].communities()[0]["id"], JOB)
    print(f"first sheet of a process, with the fonts: {time.perf_counter() - began:.2f} s\n")
    chromium = ChromiumPress()
    told: dict[str, list[float]] = {name: [] for name in ("wall", "notice", "matplotlib", "chromium")}
    print(f"{'community':24} {'wall':>7} {'notice':>7} {'matplotlib':>10} {'Chromium':>9}  seconds")
    for source, community_id in chosen(found, each):
        if clock.is_over():
            break
        row = _row(source, community_id, chromium)
        for name, spent in row.items():
            told[name].append(spent)
        print(f"{community_id:24}" + "".join(f" {row[name]:8.2f}" for name in told))
    chromium.close()
    middle = {name: statistics.median(values) for name, values in told.items()}
    print(f"{'median':24}" + "".join(f" {middle[name]:8.2f}" for name in told))
    ratios = [a / b for a, b in zip(told["wall"], told["matplotlib"], strict=True)]
    print(f"slowest wall sheet {max(told['wall']):.2f} s, slowest notice {max(told['notice']):.2f} s")
    return [
        at_most("wall sheet beside matplotlib's, median ratio of times", statistics.median(ratios), 1.0),
        at_most("slowest sheet of all, s", max(*told["wall"], *told["notice"]), LONGEST_S),
        *_book(found, least=clock.until is not None),
    ]


def chosen(found: list[Snapshot], each: int) -> list[tuple[Snapshot, str]]:
    """Return communities with homes, ``each`` of a city, the cities by turns."""
    by_city = []
    for source in found:
        lived = [one["id"] for one in source.communities() if one["households"]]
        by_city.append([(source, id_) for id_ in lived[:: max(1, len(lived) // each)][:each]])
    return [one for turn in zip_longest(*by_city) for one in turn if one]


def _row(source: Snapshot, community_id: str, chromium: ChromiumPress) -> dict[str, float]:
    press = press_for(source, JOB)
    sheet = wall_sheet(press, community_of(source, community_id))
    marks = marks_of(sheet["map"])
    file = next(one.path for one in fonts.installed().fonts() if one.family == press.font)
    code = community_of(source, community_id)["grid_codes"][0]
    return {
        "wall": seconds(lambda: print_wall(source, community_id, JOB)),
        "notice": seconds(lambda: print_notice(source, code, JOB)),
        "matplotlib": seconds(lambda: matplotlib_sheet(marks, sheet, str(file))),
        "chromium": seconds(lambda: chromium.sheet(sheet, press.font)),
    }


def seconds(work: Callable[[], Any]) -> float:
    """Return the wall seconds of one run: a sheet is printed once, so nothing is warmed up."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _book(found: list[Snapshot], *, least: bool) -> list[Bar]:
    """Print the largest subdistrict where a city has one; the ``least`` one in a quick run."""
    for source in found:
        rows = sorted(source.layer("subdistricts").rows, key=lambda one: int(one["communities"]))
        if rows:
            row = rows[0 if least else -1]
            spent = seconds(lambda: print_book(source, row["id"], JOB))  # noqa: B023 - runs here
            sheets = int(row["communities"]) + 1
            print(f"subdistrict {row['id']}: {sheets} sheets in {spent:.1f} s")
            return [at_most("a subdistrict, s a sheet", spent / sheets, LONGEST_S)]
    return []


def read_back(found: list[Snapshot]) -> list[Bar]:
    """Look for every name of a grid, leader and compound in the text of the PDF."""
    wanted: list[bool] = []
    for source in found:
        community = next(one for one in source.communities() if one["households"])
        with pypdfium2.PdfDocument(print_wall(source, community["id"], JOB).pdf) as pdf:
            text = "".join(page.get_textpage().get_text_range() for page in pdf)
        letters = "".join(text.split())
        for code in community["grid_codes"]:
            card = source.grid(code)
            leaders = [one["name"] for one in card["team"] if one["role"] == "leader"]
            names = [card["name"], *leaders, *(one["name"] for one in card["compounds"])]
            wanted += ["".join(plain(name).split()) in letters for name in names if name]
    print(
        f"{sum(wanted)} of {len(wanted)} names of grids, leaders and compounds found in the text of the PDFs"
    )
    return [at_least("names found in the text of the PDF, share", sum(wanted) / len(wanted), 1.0)]


def in_grey() -> list[Bar]:
    """Measure the contrast of letters and borders with every colour when only lightness is left."""
    ratios = [contrast(INK, on_paper(colour)) for colour in (*PALETTE, SPECIAL)]
    print(f"letters and borders on the colours of grids in grey: {min(ratios):.1f} to {max(ratios):.1f} : 1")
    return [at_least("least contrast of letters and borders in grey", min(ratios), 4.5)]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


if __name__ == "__main__":
    main()
