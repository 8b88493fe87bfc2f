"""Who would serve the grids of a plan: branches matched, leaders, and how much each leader has to carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid.model import Role
from geogrid.plan import GridKind, Plan
from geogrid.roster import held_through, match_roster

if TYPE_CHECKING:
    from datetime import date

    from geogrid.model import City
    from geogrid.roster import GridTeam, Seat
    from geogrid.workbench.draft import Bench


@dataclass(frozen=True, slots=True)
class Service:
    """The branch and the leader of one grid.

    ``founded`` tells that ``branch`` is the name by rule of one that is to be founded. ``leader`` are the
    names that may be shown; ``vacant`` tells that nobody leads. ``load`` are the households of all grids that
    the same leader has in the community, ``grids`` how many these are.
    """

    grid: int
    branch: str
    founded: bool
    leader: str
    vacant: bool
    grids: int
    load: int


def services(bench: Bench, plan: Plan, city: City, *, as_of: date) -> dict[int, Service]:
    """Return who serves each grid of a plan on a day; ``city`` holds at least the bench's community.

    Branches stay with the grid that holds most of what they serve in the reference, as at publication.
    """
    grids = bench.grids(plan)
    if not grids:
        return {}
    known = Plan(plan.community_id, {u: g for u, g in bench.reference.assignment.items() if u in bench.units})
    before = bench.grids(known)
    held = held_through(city, plan.community_id, [before] if before else [])
    roster = match_roster(city, grids, as_of=as_of, held=held)
    leaders = {team.number: _leader(team) for team in roster.teams}
    homes = {grid.number: grid.households for grid in grids}
    load: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for number, seat in leaders.items():
        for member in seat.member_ids:
            load[member] += homes[number]
            times[member] += 1
    special = {grid.number for grid in grids if grid.kind is GridKind.SPECIAL}
    return {
        team.number: _service(team, leaders[team.number], load, times, special=team.number in special)
        for team in roster.teams
    }


def _leader(team: GridTeam) -> Seat:
    return next(seat for seat in team.seats if seat.role is Role.LEADER)


def _service(
    team: GridTeam, seat: Seat, load: Counter[str], times: Counter[str], *, special: bool
) -> Service:
    serving = team.serving
    return Service(
        grid=team.number,
        branch=serving.name if serving else team.proposed_name,
        founded=team.to_be_founded and serving is None,
        leader="、".join(person.name for person in seat.people),
        vacant=seat.vacant and not special,
        grids=max((times[member] for member in seat.member_ids), default=0),
        load=max((load[member] for member in seat.member_ids), default=0),
    )
