"""Nudge the border of two grids: what lies along it, and what moving each piece across would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.rules import HARD
from geogrid.workbench.operations import Assign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.plan import Plan
    from geogrid.workbench.draft import Bench, Draft


@dataclass(frozen=True, slots=True)
class Nudge:
    """A move across a border: the operation, both grids' households after it, and what it is worth.

    ``vector`` are the policy's objectives after the move, in its order; smaller is better. ``breaks`` names
    the hard rules that would not hold. ``splits`` says that a compound would be parted, so a reason is due.
    """

    move: Assign
    households: int
    giver: tuple[int, int, int]
    taker: tuple[int, int, int]
    vector: tuple[float, ...]
    breaks: tuple[str, ...]
    splits: bool


def nudges(bench: Bench, draft: Draft, one: int, other: int) -> tuple[Nudge, ...]:
    """Return every move across the border of two grids, the best first.

    A move is a compound whole, or a single unit of one; locked units stay where they are.
    """
    found = [
        _judged(bench, draft, move, giver)
        for giver, taker in ((one, other), (other, one))
        for move in _moves(bench, draft, giver, taker)
    ]
    return tuple(sorted(found, key=lambda n: (bool(n.breaks), n.splits, n.vector, n.move.units)))


def _moves(bench: Bench, draft: Draft, giver: int, taker: int) -> Iterator[Assign]:
    """Yield the moves of what touches the taker; a grid is never emptied by a nudge."""
    members = draft.members
    if {giver, taker} & draft.locked_grids or not members.get(giver) or not members.get(taker):
        return
    across = set(members[taker])
    sets: dict[tuple[str, ...], None] = {}
    for unit in members[giver]:
        if bench.beside[unit] & across:
            compound = bench.units[unit].compound_id
            whole = tuple(
                u for u in bench.compounds.get(compound, (unit,)) if draft.assignment.get(u) == giver
            )
            sets |= {whole: None, (unit,): None}
    for units in sets:
        if len(units) < len(members[giver]) and not draft.locked_units & set(units):
            yield Assign(units, taker)


def _judged(bench: Bench, draft: Draft, move: Assign, giver: int) -> Nudge:
    before, after = draft.plan, draft.plan.move(dict.fromkeys(move.units, move.grid))
    homes = sum(bench.units[unit].households for unit in move.units)
    was = measures.households_of(before, bench.graph)
    return Nudge(
        move,
        homes,
        (giver, was[giver], was[giver] - homes),
        (move.grid, was[move.grid], was[move.grid] + homes),
        vector_of(bench, after),
        tuple(rule.__name__ for rule in HARD if rule(after, bench.graph, bench.policy)),
        measures.compounds_split(after, bench.graph) > measures.compounds_split(before, bench.graph),
    )


def vector_of(bench: Bench, plan: Plan) -> tuple[float, ...]:
    """Return the policy's objectives in its order, retention counted against the reference."""
    return tuple(measures.objective_vector(plan, bench.graph, bench.policy, bench.reference).values())
