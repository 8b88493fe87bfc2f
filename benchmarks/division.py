"""Benchmark the division engine: ``python -m benchmarks.division [--quick] [--data FOLDER]``.

Real communities against the peers, published optima, scaling, re-division. FOLDER holds the shared instances
(default: GEOGRID_DATA, else ``../shared/data``). The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.division_instances import changed, data_folder, published, shipped, taipei, town
from geogrid import measures
from geogrid.partition import Division, divide, solve, weighted_graph
from geogrid.policy import EIGHT_TO_TEN
from geogrid.rules import breaches_of

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.adjacency import UnitGraph
    from geogrid.partition.general import Score
    from geogrid.plan import Plan

POLICY = EIGHT_TO_TEN
LIMIT_S = 10.0


@dataclass(frozen=True)
class Solved:
    """A community, its division, and the wall seconds it took."""

    graph: UnitGraph
    division: Division
    seconds: float


def main() -> None:
    """Run all tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--quick", action="store_true", help="a small sample of everything, under 50 s")
    words.add_argument("--data", help="folder of the shared instances")
    asked = words.parse_args()
    folder = data_folder(asked.data)
    bars: dict[str, object] = {}
    _compile()
    songshan = shipped("songshan")
    bars |= communities("Songshan", songshan[:12] if asked.quick else songshan)
    if not asked.quick:
        bars |= communities("Bukit Merah", shipped("bukit-merah"))
    whole = taipei(folder)
    solved = divided("Taipei", whole[::40] if asked.quick else whole, bars)
    bars |= against_peers(songshan[:2] if asked.quick else songshan, 0.2 if asked.quick else 0.5)
    bars |= optima(folder, 3.0 if asked.quick else 300.0, most=1.0 if asked.quick else np.inf)
    scaling(
        (10, 30, 60) if asked.quick else (10, 20, 40, 60, 100, 200, 500, 1000, 2000), 2 if asked.quick else 20
    )
    bars |= redivision(solved[:6] if asked.quick else solved)
    bars["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(bars))


def _compile() -> None:
    """Have numba compile once what it has not cached, so that no table measures that."""
    drawn = town(12, 0)
    divide(drawn, POLICY)
    divide(drawn, replace(POLICY, grids_min=4, grids_max=4))
    ring = [(i, (i + 1) % 60) for i in range(60)] + [(i, (i + 7) % 60) for i in range(60)]
    solve(weighted_graph([1] * 60, ring), 2, 29, 31, time_limit_s=0.1)
    solve(weighted_graph([1] * 12, [(i, i + 1) for i in range(11)]), 2, 6, 6)


def communities(name: str, graphs: list[UnitGraph]) -> dict[str, object]:
    """Divide the communities of a city and print how it went."""
    bars: dict[str, object] = {}
    divided(name, graphs, bars)
    return bars


def divided(name: str, graphs: list[UnitGraph], bars: dict[str, object]) -> list[Solved]:
    """Divide every community, check each with code of its own, and print and note the figures."""
    began = time.perf_counter()
    solved = []
    for graph in graphs:
        start = time.perf_counter()
        division = divide(graph, POLICY, time_limit_s=LIMIT_S)
        solved.append(Solved(graph, division, time.perf_counter() - start))
    total = time.perf_counter() - began
    seconds = [one.seconds for one in solved]
    proved = [one.division.proved for one in solved]
    small = [one.division.proved for one in solved if len(one.graph.units) <= 40]
    units = sum(len(one.graph.units) for one in solved)
    sound = [is_sound(one.division.plan, one.graph) for one in solved]
    figures = {
        "communities": len(solved),
        "units": units,
        "hard_rules": statistics.mean(sound),
        "proved": statistics.mean(proved),
        "proved_to_40_units": statistics.mean(small) if small else 1.0,
        "median_s": statistics.median(seconds),
        "p95_s": float(np.percentile(seconds, 95)),
        "max_s": max(seconds),
        "total_s": total,
    }
    print(f"\n{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()), flush=True)
    bars[name.lower().replace(" ", "_")] = {key: round(value, 4) for key, value in figures.items()}
    return solved


def is_sound(plan: Plan, graph: UnitGraph) -> bool:
    """Tell whether the plan keeps the hard rules, from the geometry: one piece a grid, no mixed parts.

    Tiles count as one piece where they share more than a point; special-purpose grids are looked at alike.
    """
    units = {unit.id: unit for unit in graph.units}
    parts = Counter(unit.compound_id for unit in graph.units if unit.compound_id)
    if set(plan.assignment) != set(units):
        return False
    for names in plan.members().values():
        here = Counter(units[name].compound_id for name in names if units[name].compound_id)
        if len(here) > 1 and any(here[name] < parts[name] for name in here):
            return False
        left = {name: units[name].geometry for name in names}
        stack = [left.pop(names[0])]
        while stack:
            tile = stack.pop()
            near = [name for name, one in left.items() if tile.intersection(one.buffer(0.01)).length > 1.0]
            stack += [left.pop(name) for name in near]
        if left:
            return False
    return True


def against_peers(graphs: list[UnitGraph], seconds: float) -> dict[str, object]:
    """Give every peer the same communities and print who keeps the rules and who is better."""
    from benchmarks.division_peers import PEERS, plans_of

    own = [divide(graph, POLICY, time_limit_s=LIMIT_S) for graph in graphs]
    print(f"\npeers on {len(graphs)} communities, {seconds} s each, with geogrid's number of grids")
    print(
        f"{'engine':20} {'made':>5} {'hard rules':>10} {'in window':>9} {'breach':>8} {'border m':>9} better"
    )
    rows = [("geogrid", [best_of([one.plan], graph) for one, graph in zip(own, graphs, strict=True)])]
    for name in PEERS:
        told = []
        for graph, one in zip(graphs, own, strict=True):
            parts = len(measures.residential(one.plan, graph))
            told.append(best_of(plans_of(name, graph, one.plan, parts, seconds), graph))
        rows.append((name, told))
    ours = rows[0][1]
    worse = 0
    for name, told in rows:
        made = [(row, mine) for row, mine in zip(told, ours, strict=True) if row is not None]
        legal = [(row, mine) for row, mine in made if row[0] == 0]
        better = sum(row < mine for row, mine in legal if mine is not None)
        worse += better if name != "geogrid" else 0
        breach = statistics.median(row[1] for row, _ in legal) if legal else float("nan")
        border = statistics.median(row[4] for row, _ in legal) if legal else float("nan")
        window = sum(row[1] == 0 for row, _ in legal)
        print(
            f"{name:20} {len(made):5} {len(legal):10} {window:9} {breach:8.0f} {border:9.0f} {better}",
            flush=True,
        )
    return {"worse_than_a_peer": worse}


def best_of(plans: list[Plan], graph: UnitGraph) -> tuple[float, ...] | None:
    """Return the best vector of some plans, before it whether it breaks hard rules or the range of counts."""
    told = []
    for plan in plans:
        broken = [b for b in breaches_of(plan, graph, POLICY) if b.hard or "number" in b.rule]
        vector = measures.objective_vector(plan, graph, POLICY).values()
        told.append((float(bool(broken)), *(round(value, 6) for value in vector)))
    return min(told, default=None)


def optima(folder: Path, limit: float, most: float) -> dict[str, object]:
    """Solve the published instances and compare value and time."""
    times = f"{'theirs s':>8} {'ours s':>7} {'ratio':>6}"
    print(f"\n{'published':18} {'optimum':>9} {'ours':>9} {'proved':>6} {times}")
    ratios: dict[bool, list[float]] = {False: [], True: []}
    reached = []
    for one in published(folder):
        if one.seconds > most:
            continue
        score: Score = "moment" if one.moment else "cut_edges"
        found = solve(one.graph, one.parts, one.lower, one.upper, objective=score, time_limit_s=limit)
        ratio = found.seconds / one.seconds
        ratios[one.moment].append(ratio)
        reached.append(found.value == one.optimum and found.proved)
        value = "-" if found.value is None else f"{found.value:.0f}"
        print(
            f"{one.name:18} {one.optimum:9.0f} {value:>9} {found.proved!s:>6} {one.seconds:8.2f} "
            f"{found.seconds:7.2f} {ratio:6.1f} {found.engine}",
            flush=True,
        )
    return {
        "published_reached_and_proved": f"{sum(reached)}/{len(reached)}",
        "cut_edges_median_time_ratio": round(statistics.median(ratios[False]), 2),
        "moment_median_time_ratio": round(statistics.median(ratios[True]), 2),
    }


def scaling(sizes: tuple[int, ...], most: int) -> None:
    """Print seconds and gap of drawn towns against units and grids."""
    print(f"\n{'units':>6} {'grids':>5} {'seconds':>8} {'proved':>6} engine")
    for units in sizes:
        for grids in (2, 5, 10, 20):
            if grids > most * 5 or grids * 2 > units or (units > 200 and grids != 10):
                continue
            asked = replace(POLICY, grids_min=grids, grids_max=grids)
            start = time.perf_counter()
            told = divide(town(units, units), asked, time_limit_s=2.0 if most < 20 else LIMIT_S)
            spent = time.perf_counter() - start
            print(f"{units:6} {grids:5} {spent:8.2f} {told.proved!s:>6} {told.engine}", flush=True)


def redivision(solved: list[Solved]) -> dict[str, object]:
    """Change 5 % of the homes of every community and compare staying with starting afresh."""
    ratios, proved, moved_all, fresh_all = [], [], 0, 0
    for seed, one in enumerate(solved):
        graph = changed(one.graph, seed)
        staying = divide(graph, POLICY, incumbent=one.division.plan, time_limit_s=LIMIT_S)
        fresh = divide(graph, POLICY, time_limit_s=LIMIT_S)
        moved = measures.households_moved(staying.plan, one.division.plan, graph)
        afresh = measures.households_moved(fresh.plan, one.division.plan, graph)
        moved_all, fresh_all = moved_all + moved, fresh_all + afresh
        proved.append(staying.proved)
        if afresh:
            ratios.append(moved / afresh)
    share = moved_all / max(fresh_all, 1)
    print(
        f"\nre-division after changes of 5 %: {len(solved)} communities, {moved_all} households moved, "
        f"{fresh_all} by a fresh solve, share {share:.3f}, median share "
        f"{statistics.median(ratios) if ratios else 0:.3f}, proved {statistics.mean(proved):.3f}"
    )
    return {"redivision_share_moved": round(share, 4), "redivision_proved": round(statistics.mean(proved), 4)}


if __name__ == "__main__":
    main()
