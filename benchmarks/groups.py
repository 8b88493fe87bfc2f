"""Measure how groups of buildings keep rows and courtyards whole: ``python -m benchmarks.groups [--quick]``.

Bukit Merah, and every eighth community of the Dandong sample without its given groups, are cut as the product
cuts them; again as if a torn row cost nothing; and again as if none might be torn. The last line is the JSON
of the bars.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import shapely

from benchmarks.bars import Bar, at_least, at_most, print_bars
from geogrid.boundaries import read_city
from geogrid.sample import draw_dandong
from geogrid.units import UnitKind, build_units, cells
from geogrid.units.groups import GROUP_MAX, GROUP_MIN, TORN_M
from geogrid.units.rows import courtyards, row_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.model import Building, City
    from geogrid.units import Unit

DATA = Path(__file__).parent.parent / "data" / "boundaries"
WAYS = {"as the product": TORN_M, "rows free": 0.0, "rows sacred": 1e5}


@dataclass
class Cut:
    """What came of some communities: ``courts`` are the courtyards that a group could hold."""

    rows: int = 0
    torn: int = 0
    courts: int = 0
    torn_courts: int = 0
    groups: int = 0
    in_band: int = 0
    compactness: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """Return the share of the groups inside the band."""
        return self.in_band / max(self.groups, 1)

    def add(self, units: Sequence[Unit], homes: Sequence[Building]) -> None:
        """Count the units of one community."""
        unit_of = {name: n for n, unit in enumerate(units) for name in unit.building_ids}
        for _, own in groupby(sorted(homes, key=lambda b: (b.compound_id, b.id)), lambda b: b.compound_id):
            self._look(list(own), unit_of)
        groups = [one for one in units if one.kind in (UnitKind.GROUP, UnitKind.HOMES)]
        self.groups += len(groups)
        self.in_band += sum(GROUP_MIN <= one.households <= GROUP_MAX for one in groups)
        shapes = [one.geometry for one in groups]
        self.compactness += tuple(4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2)

    def _look(self, homes: Sequence[Building], unit_of: dict[str, int]) -> None:
        """Count the rows and courtyards of one compound, or of the homes outside any."""
        footprints = np.array([one.geometry for one in homes], dtype=object)
        unit = np.array([unit_of[one.id] for one in homes])
        households = np.array([one.households for one in homes])
        pairs = row_pairs(footprints)
        self.rows += len(pairs)
        self.torn += int((unit[pairs[:, 0]] != unit[pairs[:, 1]]).sum())
        fitting = [court for court in courtyards(footprints) if households[court].sum() <= GROUP_MAX]
        self.courts += len(fitting)
        self.torn_courts += sum(len(np.unique(unit[court])) > 1 for court in fitting)


def main() -> None:
    """Cut the cities in all ways and print what came."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--quick", action="store_true", help="a third of Bukit Merah alone, under 50 s")
    quick = words.parse_args().quick
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    bars = [bar for name, city, step in _cities(quick=quick) for bar in _table(name, city, step)]
    print_bars(bars)


def _cities(*, quick: bool) -> Iterator[tuple[str, City, int]]:
    yield "Bukit Merah", read_city(DATA / "bukit-merah"), 3 if quick else 1
    if not quick:
        yield "Dandong sample", replace(draw_dandong(), building_groups=()), 8


def _table(name: str, city: City, step: int) -> list[Bar]:
    cuts = {way: _cut(city, step, torn_m) for way, torn_m in WAYS.items()}
    print(f"\n{name}\n\n| | rows torn | courtyards torn | groups | in 100-150 | median Polsby-Popper |")
    print("|---|---|---|---|---|---|")
    for way, cut in cuts.items():
        torn = f"{cut.torn} of {cut.rows} | {cut.torn_courts} of {cut.courts}"
        print(f"| {way} | {torn} | {cut.groups} | {cut.share:.1%} | {np.median(cut.compactness):.2f} |")
    ours, free, sacred = cuts.values()
    return [
        at_most(f"{name}: rows torn, against rows free", ours.torn / max(free.torn, 1), 1),
        at_least(f"{name}: share of groups in the band, against rows sacred", ours.share / sacred.share, 1),
    ]


def _cut(city: City, step: int, torn_m: float) -> Cut:
    cut = Cut()
    with mock.patch.object(cells, "TORN_M", torn_m):
        for community in city.communities[::step]:
            homes = [b for b in city.buildings if b.community_id == community.id and b.households > 0]
            cut.add(build_units(city, community.id), homes)
    return cut


if __name__ == "__main__":
    main()
