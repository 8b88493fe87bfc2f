"""Where the rules of number and size cannot all hold: the least that must give way, each way by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import NoPlanError
from geogrid.partition.division import Division, divide
from geogrid.partition.sentences import Sentence
from geogrid.policy import Band, Objective, window_of
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from geogrid.adjacency import UnitGraph
    from geogrid.policy import Policy

WINDOW = "households_lie_in_the_window"
COUNT = "the_number_of_grids_is_in_range"


@dataclass(frozen=True)
class Relaxation:
    """One way to make the rules hold together: which rule gives way, where, and by how much.

    ``proved`` says that by less, or in fewer places, this rule alone would not do.
    """

    rule: str
    where: tuple[str, ...]
    by: float
    sentence: Sentence
    proved: bool

    @property
    def words(self) -> str:
        """The sentence in English."""
        return self.sentence.say("en")


@dataclass(frozen=True)
class _Question:
    graph: UnitGraph
    policy: Policy
    division: Division
    deadline: float

    def holds(self, policy: Policy, graph: UnitGraph | None = None) -> tuple[Division | None, bool]:
        """Return a plan in which number and size hold, None without one; and whether that is sure."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return None, False
        objectives = tuple(o for o in (Objective.WINDOW, Objective.BARRIERS) if o in policy.objectives)
        asked = replace(policy, objectives=objectives or policy.objectives)
        try:
            found = divide(graph or self.graph, asked, time_limit_s=max(left / 2, 0.05), window_holds=True)
        except NoPlanError as error:
            return None, error.proved
        return (found, True) if not _broken(found, graph or self.graph, asked) else (None, False)


def relaxations(graph: UnitGraph, policy: Policy, *, time_limit_s: float = 30.0) -> tuple[Relaxation, ...]:
    """Return the least relaxations that would make number and window hold together; none if they do.

    Each is found by solving, and each alone would do: households outside the window, a wider window, another
    number of grids, a hard barrier crossed, land without homes joined, parts of a compound mixed with others;
    and before them the units that are too large for any grid, which need to be cut first. Where none alone
    would do, the one that comes back names what the best plan breaks of both.
    """
    began = time.monotonic()
    division = divide(graph, policy, time_limit_s=time_limit_s / 3)
    if not _broken(division, graph, policy):
        return ()
    asked = _Question(graph, policy, division, began + time_limit_s)
    return tuple(one for way in WAYS for one in way(asked)) or (_together(asked),)


def _together(asked: _Question) -> Relaxation:
    plan, graph, policy = asked.division.plan, asked.graph, asked.policy
    made = len(measures.residential(plan, graph))
    low, high = policy.grids_min or 1, policy.grids_max or made
    values: dict[str, str | int] = {"to": made, "low": low, "high": high}
    values["by"] = measures.window_breach(plan, graph, policy)
    by = max(low - made, made - high, 0)
    return Relaxation(COUNT, (), by, Sentence("count-and-outside", values), asked.division.proved)


def _broken(division: Division, graph: UnitGraph, policy: Policy) -> bool:
    outside = measures.window_breach(division.plan, graph, policy)
    return outside > 0 or any(gave.rule == COUNT for gave in division.gave_way)


def _households_outside(asked: _Question) -> Iterator[Relaxation]:
    plan, graph, policy = asked.division.plan, asked.graph, asked.policy
    by = measures.window_breach(plan, graph, policy)
    if by and not any(gave.rule == COUNT for gave in asked.division.gave_way):
        where = tuple(name for gave in asked.division.gave_way if gave.rule == WINDOW for name in gave.where)
        values: dict[str, str | int] = {"by": by, "where": ", ".join(where)}
        yield Relaxation(WINDOW, where, by, Sentence("households-outside", values), asked.division.proved)


def _units_too_large(asked: _Question) -> Iterator[Relaxation]:
    total = sum(unit.households for unit in asked.graph.units)
    ends = window_of(asked.policy, total, asked.policy.grids_min or asked.policy.grids_max or 1)
    for unit in asked.graph.units if ends is not None else ():
        by = unit.households - (ends[1] if ends else 0)
        if by > 0:
            values: dict[str, str | int] = {"name": unit.name or unit.id, "by": by}
            sentence = Sentence("cut-unit", values | {"households": unit.households})
            yield Relaxation(WINDOW, (unit.id,), by, sentence, proved=True)


def _wider_window(asked: _Question) -> Iterator[Relaxation]:
    """Find the least whole per cent of the ideal, or households, that the window must leave to each side."""
    band = asked.policy.band
    if band is None:
        return
    now = int(round((band.share or 0) * 100, 9)) if band.share is not None else 0
    most = 99 if band.share is not None else sum(unit.households for unit in asked.graph.units)
    least = _least(asked, now + 1, most, lambda by: replace(asked.policy, band=_wider(band, by)))
    if least is None:
        return
    wider = _wider(band, least[0])
    if wider.share is not None:
        sentence, by = Sentence("wider-share", {"to": least[0]}), wider.share - (band.share or 0.0)
    else:
        values: dict[str, str | int] = {"lower": wider.lower or 0, "upper": wider.upper or 0}
        sentence, by = Sentence("wider-counts", values), float(least[0])
    yield Relaxation(WINDOW, (), by, sentence, least[1])


def _wider(band: Band, by: int) -> Band:
    if band.share is not None:
        return Band(share=by / 100)
    return Band(lower=max((band.lower or 0) - by, 0), upper=(band.upper or 0) + by)


def _least(
    asked: _Question, low: int, high: int, policy_of: Callable[[int], Policy]
) -> tuple[int, bool] | None:
    """Return the least number with which a policy holds, by halving, and whether no less does."""
    if low > high or asked.holds(policy_of(high))[0] is None:
        return None
    proved = True
    while low < high:
        middle = (low + high) // 2
        found, sure = asked.holds(policy_of(middle))
        if found is not None:
            high = middle
        else:
            low, proved = middle + 1, proved and sure
    return high, proved


def _other_count(asked: _Question) -> Iterator[Relaxation]:
    low, high = asked.policy.grids_min, asked.policy.grids_max
    if low is None or high is None:
        return
    proved = True
    for by in range(1, max(high, len(asked.graph.units))):
        for count in (high + by, low - by):
            if count >= 1:
                found, sure = asked.holds(replace(asked.policy, grids_min=count, grids_max=count))
                if found is not None:
                    values: dict[str, str | int] = {"to": count, "low": low, "high": high}
                    yield Relaxation(COUNT, (), by, Sentence("other-count", values), proved)
                    return
                proved = proved and sure
        if time.monotonic() > asked.deadline:
            return


def _barrier_crossed(asked: _Question) -> Iterator[Relaxation]:
    """Try each kind of hard barrier as a soft one, crossed in as few places as can be."""
    for kind in sorted(asked.policy.hard_barriers):
        crossed = replace(
            asked.policy,
            hard_barriers=asked.policy.hard_barriers - {kind},
            soft_barriers=frozenset({kind}),
            objectives=(Objective.WINDOW, Objective.BARRIERS),
        )
        if not any(edge.open_m(asked.policy.hard_barriers) < edge.length_m for edge in asked.graph.edges):
            return
        found, _ = asked.holds(crossed)
        if found is not None:
            side = found.plan.assignment
            edges = [e for e in asked.graph.edges if measures.crosses_soft_barrier(e, crossed)]
            where = tuple(f"{e.a} - {e.b}" for e in edges if side[e.a] == side[e.b])
            values: dict[str, str | int] = {"kind": kind.value, "by": len(where), "where": "; ".join(where)}
            sentence = Sentence("cross-barrier", values)
            yield Relaxation("every_grid_is_in_one_piece", where, len(where), sentence, found.proved)


def _land_joined(asked: _Question) -> Iterator[Relaxation]:
    land = {u.id for u in asked.graph.units if u.kind is UnitKind.LAND and u.households == 0}
    if not land or not asked.policy.special_grids:
        return
    found, _ = asked.holds(replace(asked.policy, special_grids=False))
    if found is not None:
        homes = measures.residential(found.plan, asked.graph)
        where = tuple(name for name in sorted(land) if found.plan.assignment[name] in homes)
        sentence = Sentence("land-joins", {"where": ", ".join(where)})
        yield Relaxation("land_without_homes_is_apart", where, len(where), sentence, proved=False)


def _parts_mixed(asked: _Question) -> Iterator[Relaxation]:
    """Find one compound whose parts may lie with others, else all of them together."""
    names = sorted({unit.compound_id for unit in asked.graph.units if unit.kind is UnitKind.GROUP} - {""})
    for some in (*([name] for name in names), names if len(names) > 1 else []):
        found, _ = asked.holds(asked.policy, without_compounds(asked.graph, some)) if some else (None, True)
        if found is not None:
            sentence = Sentence("parts-mix", {"where": ", ".join(some)})
            rule = "no_grid_mixes_parts_of_compounds"
            yield Relaxation(rule, tuple(some), len(some), sentence, proved=len(some) == 1)
            return


def without_compounds(graph: UnitGraph, names: Iterable[str]) -> UnitGraph:
    """Return the graph in which the units of some compounds stand for themselves."""
    some = set(names)
    units = (replace(u, compound_id="") if u.compound_id in some else u for u in graph.units)
    return replace(graph, units=tuple(units))


WAYS: tuple[Callable[[_Question], Iterator[Relaxation]], ...] = (
    _households_outside,
    _units_too_large,
    _wider_window,
    _other_count,
    _barrier_crossed,
    _land_joined,
    _parts_mixed,
)
