"""What a planner reads beside the map: one row a grid, and the rows that an operation would change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.plan import GridKind
from geogrid.policy import window_of
from geogrid.rules import judge
from geogrid.workbench.comparing import heirs_of, shared_households
from geogrid.workbench.operations import apply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.plan import Grid
    from geogrid.rules import Verdict
    from geogrid.workbench.draft import Bench, Draft
    from geogrid.workbench.operations import Operation


@dataclass(frozen=True, slots=True)
class Row:
    """One grid of a draft. Areas in m2, borders in metres.

    ``was`` are the households of the grid of the reference that it succeeds (None: it succeeds none),
    ``came`` and ``went`` the households that it takes over from other grids and gives to them.
    """

    grid: int
    name: str
    kind: GridKind
    households: int
    estimated: bool
    buildings: int
    units: int
    compounds: tuple[str, ...]
    area_m2: float
    polsby_popper: float
    was: int | None
    came: int
    went: int
    locked: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """All grids of a draft, its totals, the window, and every rule's answer."""

    rows: tuple[Row, ...]
    households: int
    unassigned: tuple[str, ...]
    window: tuple[int, int] | None
    moved: int
    objectives: dict[str, float]
    verdicts: tuple[Verdict, ...]


def tally(bench: Bench, draft: Draft) -> Tally:
    """Count a draft, compare it with the reference, and judge it by the rules."""
    plan = draft.plan
    homes = measures.residential(plan, bench.graph)
    vector = measures.objective_vector(plan, bench.graph, bench.policy, bench.reference)
    return Tally(
        rows=rows_of(bench, draft),
        households=sum(unit.households for unit in bench.graph.units),
        unassigned=tuple(sorted(set(bench.units) - set(draft.assignment))),
        window=window_of(bench.policy, sum(unit.households for unit in bench.graph.units), len(homes)),
        moved=measures.households_moved(plan, bench.reference, bench.graph),
        objectives={objective.value: value for objective, value in vector.items()},
        verdicts=judge(plan, bench.graph, bench.policy),
    )


def rows_of(bench: Bench, draft: Draft) -> tuple[Row, ...]:
    """Return the row of every grid, by number."""
    grids = {grid.number: grid for grid in bench.grids(draft.plan)}
    shared = shared_households(bench.graph, bench.reference, draft.plan)
    before = {new: old for old, new in heirs_of(bench.graph, bench.reference, draft.plan).items()}
    was: Counter[int] = Counter()
    here: Counter[int] = Counter()
    for (old, new), homes in shared.items():
        was[old] += homes
        here[new] += homes
    return tuple(
        _row(draft, number, grids.get(number), _Change.of(number, before.get(number), shared, was, here))
        for number in draft.members
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """The three figures of a row that compare it with the reference."""

    was: int | None
    came: int
    went: int

    @classmethod
    def of(
        cls,
        number: int,
        old: int | None,
        shared: Mapping[tuple[int, int], int],
        was: Mapping[int, int],
        here: Mapping[int, int],
    ) -> _Change:
        if old is None:
            return cls(None, here[number], 0)
        kept = shared.get((old, number), 0)
        return cls(was[old], here[number] - kept, was[old] - kept)


def _row(draft: Draft, number: int, grid: Grid | None, change: _Change) -> Row:
    return Row(
        grid=number,
        name=draft.names.get(number, ""),
        kind=grid.kind if grid else GridKind.SPECIAL,
        households=grid.households if grid else 0,
        estimated=bool(grid and grid.estimated),
        buildings=len(grid.building_ids) if grid else 0,
        units=len(grid.unit_ids) if grid else 0,
        compounds=grid.compound_ids if grid else (),
        area_m2=grid.geometry.area if grid else 0.0,
        polsby_popper=measures.polsby_popper(grid) if grid else 0.0,
        was=change.was,
        came=change.came,
        went=change.went,
        locked=number in draft.locked_grids,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows that an operation would change, before and after it, and what the rules say afterwards."""

    before: tuple[Row, ...]
    after: tuple[Row, ...]
    moved: int
    verdicts: tuple[Verdict, ...]


def preview(bench: Bench, draft: Draft, operation: Operation) -> Preview:
    """Tell what an operation would do, without doing it.

    :raises RefusedError: it would be refused.
    """
    after = apply(bench, draft, operation)
    then = {row.grid: row for row in rows_of(bench, after)}
    now = {row.grid: row for row in rows_of(bench, draft)}
    changed = sorted(grid for grid in now.keys() | then.keys() if now.get(grid) != then.get(grid))
    return Preview(
        tuple(now[grid] for grid in changed if grid in now),
        tuple(then[grid] for grid in changed if grid in then),
        measures.households_moved(after.plan, bench.reference, bench.graph),
        judge(after.plan, bench.graph, bench.policy),
    )
