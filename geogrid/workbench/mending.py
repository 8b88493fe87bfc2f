"""Suggest how a broken rule can be mended: operations that lessen the breach, each with what it would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid import measures, rules
from geogrid.plan import Plan
from geogrid.workbench.nudging import nudges, vector_of
from geogrid.workbench.operations import Adopt
from geogrid.workbench.parting import connected, halves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from geogrid.workbench.draft import Bench, Draft

    Moves = Mapping[str, int]

MOST = 5


@dataclass(frozen=True, slots=True)
class Mend:
    """An operation that lessens a rule's breaches: their sum before and after, and the objectives then."""

    operation: Adopt
    before: float
    after: float
    vector: tuple[float, ...]


def mends(bench: Bench, draft: Draft, rule: str) -> tuple[Mend, ...]:
    """Return up to five operations that lessen the breaches of a rule and harm no hard one, best first."""
    now = draft.plan
    before = breach_of(bench, now, rule)
    hard = {one.__name__: breach_of(bench, now, one.__name__) for one in rules.HARD}
    found = []
    for moves in _once(suggest(bench, draft) for suggest in SUGGESTERS[rule]):
        plan = Plan(draft.community_id, {**draft.assignment, **moves})
        after = breach_of(bench, plan, rule)
        if after < before and all(breach_of(bench, plan, name) <= was for name, was in hard.items()):
            found.append(Mend(Adopt(moves, "mend"), before, after, vector_of(bench, plan)))
    found.sort(key=lambda mend: (mend.after, mend.vector, sorted(mend.operation.assignment.items())))
    return tuple(found[:MOST])


def breach_of(bench: Bench, plan: Plan, rule: str) -> float:
    """Sum the breaches of a rule; units without a grid are breaches of the first one."""
    judged = next(one for one in rules.RULES if one.__name__ == rule)
    missing = len(set(bench.units) - set(plan.assignment)) if judged is rules.RULES[0] else 0
    return missing + sum(breach.by for breach in judged(plan, bench.graph, bench.policy))


def _once(many: Iterable[Iterator[Moves]]) -> Iterator[Moves]:
    seen: set[tuple[tuple[str, int], ...]] = set()
    for some in many:
        for moves in some:
            key = tuple(sorted(moves.items()))
            if key not in seen:
                seen.add(key)
                yield moves


def _free(draft: Draft, units: Iterable[str], grid: int) -> bool:
    """Tell whether no lock keeps ``units`` from moving to ``grid``."""
    moving = set(units)
    touched = {draft.assignment.get(unit, 0) for unit in moving} | {grid}
    return not (draft.locked_units & moving or draft.locked_grids & touched)


def _grids_around(bench: Bench, draft: Draft, units: Iterable[str]) -> list[int]:
    inside = set(units)
    near = {v for u in inside for v in bench.beside[u]} - inside
    return sorted({draft.assignment[v] for v in near if v in draft.assignment})


def _homeless_joined(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each unit without a grid, with the rest of its compound, each grid beside it."""
    for unit in sorted(set(bench.units) - set(draft.assignment)):
        compound = bench.compounds.get(bench.units[unit].compound_id, (unit,))
        together = [one for one in compound if one not in draft.assignment]
        for grid in _grids_around(bench, draft, together):
            if _free(draft, together, grid):
                yield dict.fromkeys(together, grid)


def _stray_pieces_moved(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each piece of a grid that lies in several each grid around it."""
    for grid, units in draft.members.items():
        pieces = connected(bench, units)
        for piece in pieces if len(pieces) > 1 else ():
            for other in _grids_around(bench, draft, piece):
                if other != grid and _free(draft, piece, other):
                    yield dict.fromkeys(piece, other)


def _compounds_reunited(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each split compound its reunion in each of its grids."""
    for compound, grids in sorted(measures.compounds_by_grid(draft.plan, bench.graph)[0].items()):
        for grid in sorted(grids) if len(grids) > 1 else ():
            away = [unit for unit in bench.compounds[compound] if draft.assignment.get(unit) != grid]
            if _free(draft, away, grid):
                yield dict.fromkeys(away, grid)


def _compounds_moved_out(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each compound in a grid of several each other grid beside it."""
    for grid, compounds in sorted(measures.compounds_by_grid(draft.plan, bench.graph)[1].items()):
        for compound in sorted(compounds) if len(compounds) > 1 else ():
            here = [unit for unit in bench.compounds[compound] if draft.assignment.get(unit) == grid]
            for other in _grids_around(bench, draft, here):
                if other != grid and _free(draft, here, other):
                    yield dict.fromkeys(here, other)


def _borders_nudged(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield every move across a border that breaks no hard rule and splits no compound."""
    for grid, units in draft.members.items():
        for other in _grids_around(bench, draft, units):
            if grid < other:
                for nudge in nudges(bench, draft, grid, other):
                    if not nudge.breaks and not nudge.splits:
                        yield dict.fromkeys(nudge.move.units, nudge.move.grid)


def _grids_merged(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield every union of two grids that lie beside each other."""
    for grid, units in draft.members.items():
        for other in _grids_around(bench, draft, units):
            if grid > other and _free(draft, units, other):
                yield dict.fromkeys(units, other)


def _grids_halved(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each grid its division in two halves, the second of which becomes a new grid."""
    for grid, units in draft.members.items():
        parts = halves(bench, units)
        if parts and _free(draft, parts[1], grid):
            yield dict.fromkeys(parts[1], draft.free_number())


def _land_set_apart(bench: Bench, draft: Draft) -> Iterator[Moves]:
    """Yield for each unit of land in a grid with homes the special ones beside it, and one of its own."""
    homes = measures.households_of(draft.plan, bench.graph)
    for unit, grid in sorted(draft.assignment.items()):
        if bench.units[unit].households == 0 and homes[grid] > 0:
            others = [other for other in _grids_around(bench, draft, [unit]) if homes[other] == 0]
            for other in (*others, min(draft.opened, default=draft.free_number())):
                if _free(draft, [unit], other):
                    yield {unit: other}


SUGGESTERS = {
    "every_unit_lies_in_one_grid": (_homeless_joined,),
    "every_grid_is_in_one_piece": (_stray_pieces_moved,),
    "no_grid_mixes_parts_of_compounds": (_compounds_reunited, _compounds_moved_out),
    "the_number_of_grids_is_in_range": (_grids_merged, _grids_halved),
    "households_lie_in_the_window": (_borders_nudged,),
    "every_compound_is_one_grid": (_compounds_reunited, _compounds_moved_out),
    "no_grid_crosses_a_soft_barrier": (_borders_nudged,),
    "land_without_homes_is_apart": (_land_set_apart,),
}
