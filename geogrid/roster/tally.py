"""Count how the organisation stands on the grids of a whole city, subdistrict by subdistrict."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.model import City
    from geogrid.plan import Grid
    from geogrid.roster.community import Roster

MOST_GRIDS = 2  # a person who leads more grids than this is flagged


@dataclass(frozen=True, slots=True)
class SubdistrictTally:
    """One subdistrict: what it has, how many branches are to be founded, and how many have no grid."""

    id: str
    name: str
    communities: int = 0
    compounds: int = 0
    compounds_with_branch: int = 0
    branches: int = 0
    households: int = 0
    grids: int = 0
    grids_with_branch: int = 0
    to_found: int = 0
    to_merge: int = 0  # branches without a grid
    in_two_grids: int = 0
    grids_led: int = 0
    grids_led_by_another: int = 0  # the secretary of another branch with homes there
    leaders_vacant: int = 0
    workers_vacant: int = 0


@dataclass(frozen=True, slots=True)
class Burden:
    """A person who leads too many grids; ``name`` is empty where it is not public."""

    name: str
    grids: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CityTally:
    """The whole city and its parts; communities without a subdistrict stand under an empty id."""

    total: SubdistrictTally
    subdistricts: tuple[SubdistrictTally, ...]
    overburdened: tuple[Burden, ...]


def tally_city(
    city: City, grids: Sequence[Grid], rosters: Iterable[Roster], *, most_grids: int = MOST_GRIDS
) -> CityTally:
    """Count the rosters of all communities of a city; ``grids`` are all its grids."""
    rosters = tuple(rosters)
    homes = {(grid.community_id, grid.number): grid.households for grid in grids}
    of = {one.id: one.subdistrict_id for one in city.communities}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for community in city.communities:
        counts[community.subdistrict_id]["communities"] += 1
    covered = {id_ for branch in city.branches for id_ in branch.compound_ids}
    for compound in city.compounds:
        counts[of[compound.community_id]]["compounds"] += 1
        counts[of[compound.community_id]]["compounds_with_branch"] += compound.id in covered
    for roster in rosters:
        counts[of[roster.community_id]].update(_count(roster, homes))
    total: Counter[str] = Counter()
    for one in counts.values():
        total.update(one)
    names = {one.id: one.name for one in city.subdistricts}
    return CityTally(
        SubdistrictTally("", city.name, **total),
        tuple(SubdistrictTally(id_, names.get(id_, ""), **counts[id_]) for id_ in sorted(counts)),
        _overburdened(city, rosters, most_grids),
    )


def _count(roster: Roster, homes: Mapping[tuple[str, int], int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for place in roster.branches:
        found["branches"] += 1
        found["to_merge"] += place.number is None
        found["in_two_grids"] += place.split
    for team in roster.teams:
        households = homes[team.community_id, team.number]
        if not households:
            continue
        seats = {seat.role: seat for seat in team.seats}
        leader = seats[Role.LEADER]
        found["households"] += households
        found["grids"] += 1
        found["grids_with_branch"] += team.branch is not None
        found["to_found"] += team.to_be_founded
        found["grids_led"] += not leader.vacant and not leader.acting
        found["grids_led_by_another"] += not leader.vacant and leader.acting
        found["leaders_vacant"] += leader.vacant
        found["workers_vacant"] += seats[Role.WORKER].vacant
    return found


def _overburdened(city: City, rosters: Iterable[Roster], most: int) -> tuple[Burden, ...]:
    led: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for roster in rosters:
        for team in roster.teams:
            for seat in team.seats:
                for id_ in seat.member_ids if seat.role is Role.LEADER else ():
                    led[id_].append((team.community_id, team.number))
    shown = {member.id: member.name for member in city.team if member.public}
    return tuple(
        Burden(shown.get(id_, ""), tuple(grids)) for id_, grids in sorted(led.items()) if len(grids) > most
    )
