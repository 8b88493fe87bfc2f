"""Benchmark the organisation on the sample city: ``python -m benchmarks.organisation [--quick]``.

The published figures, counted from the data; branch matching and pairing beside an independent proof (the
optimum of the linear programme, and the largest matching of the branches that could stay); the demo from
nothing to its page. ``--quick`` looks at every 24th community and leaves the demo out. The last line is the
JSON of the bars.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, kron, vstack
from scipy.sparse.csgraph import maximum_bipartite_matching

from benchmarks.bars import Bar, at_least, at_most, print_bars
from geogrid.fleet import divide_city
from geogrid.overview import count_figures
from geogrid.plan import derive_grids
from geogrid.policy import EIGHT_TO_TEN, HOUSEHOLDS_300_500
from geogrid.roster import ground_held, match_roster, propose_pairs
from geogrid.roster.matching import Overlap, gains
from geogrid.roster.pairing import Costing
from geogrid.sample import draw_dandong
from tests.sampled import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from geogrid.model import City
    from geogrid.plan import Grid

TODAY = datetime.now(UTC).date()
DEMO_S = 180.0


@dataclass(frozen=True, slots=True)
class Matched:
    """One community: whether no better matching exists, and how many branches stayed of those that could."""

    optimal: bool
    stayed: int
    could_stay: int


def main() -> None:
    """Draw the city, check everything, print the tables and the bars."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--quick", action="store_true", help="a sample of it, under 50 s")
    asked = words.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    started = time.process_time()
    city = draw_dandong(1)
    print(f"drawn in {time.process_time() - started:.1f} s of CPU")
    bars = [
        *figures(city),
        *matchings(city, step=24 if asked.quick else 1),
        *pairing(city, 12 if asked.quick else 4),
    ]
    print_bars(bars if asked.quick else [*bars, demo()])


def figures(city: City) -> list[Bar]:
    """Return a bar for each published figure."""
    counted = {one.name: one.value for one in count_figures(city, TODAY)}
    good = counted["branches with three stars or more"] / counted["branches"]
    for name, value in PUBLISHED.items():
        print(f"{name:32} {counted[name]:>12,.0f} counted {value:>12,} published")
    exact = [
        Bar(name, counted[name], f"= {value:,}", counted[name] == value) for name, value in PUBLISHED.items()
    ]
    return [*exact, at_least("share of branches with three stars or more", good, 0.9)]


def matchings(city: City, step: int) -> list[Bar]:
    """Match branches, divide anew by another policy and match again; prove both matchings."""
    ids = [one.id for one in city.communities][::step]
    before = divide_city(city, EIGHT_TO_TEN, communities=ids, time_limit_s=2.0)
    after = divide_city(city, HOUSEHOLDS_300_500, communities=ids, time_limit_s=2.0)
    found = [
        judged(city, derive_grids(old.division.plan, old.graph), derive_grids(new.division.plan, new.graph))
        for old, new in zip(before, after, strict=True)
    ]
    stayed, could = sum(one.stayed for one in found), sum(one.could_stay for one in found)
    share = sum(one.optimal for one in found) / len(found)
    print(f"{len(found)} communities re-divided: {stayed} branches stayed of {could} that could")
    return [
        at_least("share of branch matchings proved optimal", share, 1.0),
        at_least("share of branches that stayed of those that could", stayed / max(could, 1), 1.0),
    ]


def judged(city: City, old: Sequence[Grid], new: Sequence[Grid]) -> Matched:
    """Return how one community's branches were matched before and after a re-division."""
    roster = match_roster(city, old, as_of=TODAY)
    held = ground_held(roster, old)
    again = match_roster(city, new, as_of=TODAY, held=held)
    first = {place.branch.id: place.number for place in roster.branches}
    second = {place.branch.id: place.number for place in again.branches}
    optimal = _optimal(city, old, first, {}) and _optimal(city, new, second, held)
    overlap = Overlap(city, new)
    branches = [place.branch for place in again.branches]
    heirs = {one.id: overlap.heir_of(held.get(one.id, ())) for one in branches}
    able = np.array(
        [
            [heirs[one.id] == number and overlap.touches(one, number) for number in overlap.numbers]
            for one in branches
        ]
    )
    could = int((maximum_bipartite_matching(csr_array(able.astype(np.int8))) >= 0).sum()) if able.size else 0
    stayed = sum(second[one.id] is not None and second[one.id] == heirs[one.id] for one in branches)
    return Matched(optimal, stayed, could)


def _optimal(
    city: City,
    grids: Sequence[Grid],
    number_of: Mapping[str, int | None],
    held: Mapping[str, Collection[str]],
) -> bool:
    """Tell whether a matching is worth as much as the linear programme of all matchings allows."""
    overlap = Overlap(city, grids)
    branches = overlap.branches_of(city.branches, grids[0].community_id)
    if not branches:
        return True
    worth = gains(overlap, branches, held)
    column = {number: n for n, number in enumerate(overlap.numbers)}
    got = sum(
        worth[row, column[number]]
        for row, one in enumerate(branches)
        if (number := number_of[one.id]) is not None
    )
    return bool(abs(got - best_worth(worth)) <= 1e-6 * max(1.0, abs(got)))


def best_worth(worth: NDArray[np.float64], *, everyone: bool = False) -> float:
    """Return the optimum of the assignment's linear programme (HiGHS), which no matching exceeds.

    With ``everyone`` as many are matched as can be, else only those that are worth it.
    """
    rows, columns = worth.shape
    each_row = kron(np.eye(rows), np.ones((1, columns)), format="csr")
    each_column = kron(np.ones((1, rows)), np.eye(columns), format="csr")
    limits = vstack([each_row, each_column], format="csr")
    total = np.ones((1, rows * columns))
    found = linprog(
        -worth.ravel(),
        A_ub=limits,
        b_ub=np.ones(rows + columns),
        A_eq=total if everyone else None,
        b_eq=np.array([min(rows, columns)]) if everyone else None,
        bounds=(0, 1),
    )
    assert found.fun is not None, found.message
    return -float(found.fun)


def pairing(city: City, step: int) -> list[Bar]:
    """Take every ``step``-th pair away, let it be proposed anew, and prove that nothing costs less."""
    bereft = tuple(
        replace(one, branch_id="") if n % step == 0 else one for n, one in enumerate(city.pairings)
    )
    seeking = replace(city, pairings=bereft)
    report = propose_pairs(seeking)
    organisations = sorted((one for one in bereft if not one.branch_id), key=lambda one: one.id)
    taken = {one.branch_id for one in bereft}
    free = sorted((one for one in city.branches if one.id not in taken), key=lambda one: one.id)
    cost = Costing(seeking).table(organisations, free).total
    row = {one.id: n for n, one in enumerate(organisations)}
    column = {one.id: n for n, one in enumerate(free)}
    got = sum(cost[row[pair.organisation_id], column[pair.branch_id]] for pair in report.proposed)
    least = -best_worth(-cost, everyone=True)
    print(f"{len(report.proposed)} pairs proposed at {got:.3f}, the least possible is {least:.3f}")
    kept = sum(pair.given for pair in report.pairs) / sum(bool(one.branch_id) for one in bereft)
    return [
        at_most("cost of the proposed pairs beside the least possible", float(got / least), 1 + 1e-6),
        at_least("share of given pairs kept", kept, 1.0),
    ]


def demo() -> Bar:
    """Return how long the demo takes from an empty folder to its page, beside three minutes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        command = [sys.executable, "-c", "from geogrid.cli import main; main()", "demo", "--no-serve"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=_environment())
        took = time.monotonic() - started
    print(f"the demo took {took:.0f} s (load {os.getloadavg()[0]:.1f})")
    return at_most("time of the demo beside three minutes", took / DEMO_S, 1.0)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


if __name__ == "__main__":
    main()
