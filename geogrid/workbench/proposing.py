"""Let the solver propose: the whole community or some of its grids, under the locks, with any policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from geogrid.errors import Fault, RefusedError
from geogrid.partition import Division, Locks, alternatives, divide
from geogrid.plan import Plan
from geogrid.workbench.comparing import Comparison, compare
from geogrid.workbench.operations import Adopt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from geogrid.policy import Policy
    from geogrid.workbench.draft import Bench, Draft

    Watch = Callable[["Proposal"], object]
    Stop = Callable[[], bool]


@dataclass(frozen=True)
class Proposal:
    """What the solver proposes: the operation that takes it over, what is proved of it, what it changes."""

    operation: Adopt
    division: Division
    change: Comparison


def propose(
    bench: Bench,
    draft: Draft,
    policy: Policy | None = None,
    *,
    grids: Collection[int] = (),
    time_limit_s: float = 30.0,
    progress: Watch | None = None,
    stop: Stop | None = None,
) -> Proposal:
    """Divide a community anew, starting from the draft: all of it, or only the units of ``grids``.

    ``progress`` is called with each better proposal; ``stop`` ends the run with the best so far. Grids that
    live on keep their numbers.

    :raises RefusedError: grids that the draft has not, or locks that leave no plan.
    """
    locks, asked = _bounds(draft, policy or bench.policy, grids)

    def told(division: Division) -> Proposal:
        return _proposal(bench, draft, division)

    division = divide(
        bench.graph,
        asked,
        incumbent=draft.plan,
        locks=locks,
        time_limit_s=time_limit_s,
        progress=None if progress is None else lambda found: progress(told(found)),
        stop=stop,
    )
    return told(division)


def propose_several(
    bench: Bench,
    draft: Draft,
    policy: Policy | None = None,
    *,
    how_many: int = 3,
    share: float = 0.1,
    time_limit_s: float = 30.0,
) -> tuple[Proposal, ...]:
    """Return up to ``how_many`` proposals of which any two differ by ``share`` of the households.

    :raises RefusedError: the draft has locks; they bind single proposals only.
    """
    if draft.locked_grids or draft.locked_units:
        words = "alternatives take no locks"
        raise RefusedError((Fault("locks-and-alternatives", words, "Unlock, or ask for one proposal."),))
    found = alternatives(
        bench.graph, policy or bench.policy, count=how_many, share=share, time_limit_s=time_limit_s
    )
    return tuple(_proposal(bench, draft, division) for division in found)


def _bounds(draft: Draft, policy: Policy, grids: Collection[int]) -> tuple[Locks | None, Policy]:
    """Return the locks of a run and its policy; the grids that are not asked for are locked whole."""
    strangers = sorted(set(grids) - set(draft.members))
    if strangers:
        faults = [Fault("unknown-grid", f"the draft has no grid {one}", id=str(one)) for one in strangers]
        raise RefusedError(tuple(faults))
    own = draft.locks
    if not grids:
        return (own if own.grids or own.units else None), policy
    homes = {grid for grid, units in draft.members.items() if units}
    kept = own.grids | (homes - set(grids))
    inside = {unit: grid for unit, grid in own.units.items() if grid in grids}
    return Locks(frozenset(kept), inside), policy


def _proposal(bench: Bench, draft: Draft, division: Division) -> Proposal:
    plan = kept_numbers(bench, draft, division.plan)
    changed = {unit: grid for unit, grid in plan.assignment.items() if draft.assignment.get(unit) != grid}
    told = replace(division, plan=plan)
    return Proposal(Adopt(changed, "proposal"), told, compare(bench.graph, draft.plan, plan))


def kept_numbers(bench: Bench, draft: Draft, plan: Plan) -> Plan:
    """Return ``plan`` with each grid under the number of the grid that it succeeds, else a free one."""
    # Where a locked unit lies is decided by its lock; the others follow the households that stay.
    number = {plan.assignment[unit]: grid for unit, grid in draft.locks.units.items()}
    heirs: Mapping[int, int] = compare(bench.graph, draft.plan, plan).successors
    for old, new in heirs.items():
        if new not in number and old not in number.values():
            number[new] = old
    taken = set(number.values()) | {grid for grid in draft.members if draft.members[grid]}
    free = (n for n in count(1) if n not in taken)
    for grid in sorted(set(plan.assignment.values()) - set(number)):
        number[grid] = next(free)
    return Plan(plan.community_id, {unit: number[grid] for unit, grid in plan.assignment.items()})
