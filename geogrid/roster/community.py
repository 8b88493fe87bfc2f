"""Match the branches of a community to the grids of its plan and fill their teams."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from geogrid.roster.matching import Overlap, match
from geogrid.roster.naming import proposed_names
from geogrid.roster.people import fill_seats, serves

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from geogrid.model import Branch, City
    from geogrid.plan import Grid
    from geogrid.roster.people import Seat

NOTHING: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GridTeam:
    """The branch and the team of one grid.

    ``branch`` is None where one is to be founded; ``proposed_name`` is then its name by rule. ``branches``
    are all branches with homes in the grid, the matched one first, then by the homes they have here. A
    special grid needs no branch: both are empty.
    """

    community_id: str
    number: int
    branch: Branch | None
    proposed_name: str
    branches: tuple[Branch, ...]
    seats: tuple[Seat, ...]

    @property
    def to_be_founded(self) -> bool:
        """Tell whether the grid needs a branch that does not exist."""
        return self.branch is None and self.proposed_name != ""

    @property
    def serving(self) -> Branch | None:
        """Return the branch that serves the residents: its own, else the one with most homes here."""
        return self.branch or next(iter(self.branches), None)


@dataclass(frozen=True, slots=True)
class BranchPlace:
    """Where a branch stands: the grid it serves (None: without a grid) and all grids its homes lie in."""

    branch: Branch
    number: int | None
    grids: tuple[int, ...]

    @property
    def split(self) -> bool:
        """Tell whether its homes lie in two grids or more."""
        return len(self.grids) > 1


@dataclass(frozen=True, slots=True)
class Roster:
    """The branches and teams of one community's grids on a day."""

    community_id: str
    as_of: date
    teams: tuple[GridTeam, ...]
    branches: tuple[BranchPlace, ...]

    def team(self, number: int) -> GridTeam:
        """Return the team of a grid."""
        return next(team for team in self.teams if team.number == number)


def match_roster(
    city: City,
    grids: Sequence[Grid],
    *,
    as_of: date,
    held: Mapping[str, Collection[str]] = NOTHING,
) -> Roster:
    """Match the branches of one community to its ``grids`` and fill their teams as they are on ``as_of``.

    The matching is the one with the most households that a branch covers inside its grid, over all branches
    together (an assignment problem); ties are broken by branch id and grid number. After a re-division
    ``held`` names the buildings of the grid that each branch served (``ground_held``): as many branches as
    can stay with the grid that holds most of it.

    A grid without a branch of its own is served by the people of the branch that has most homes in it; a
    branch without a grid serves where its homes are.

    ``grids`` are all grids of one community.
    """
    community_id = grids[0].community_id
    community = next(one for one in city.communities if one.id == community_id)
    overlap = Overlap(city, grids)
    branches = overlap.branches_of(city.branches, community_id)
    matched = match(overlap, branches, held)
    places = _places(overlap, branches, matched)
    serving = [member for member in city.team if serves(member, as_of)]
    names = proposed_names(city, grids, matched, branches)
    teams = []
    for grid in grids:
        own = matched.get(grid.number)
        here = _here(overlap, places, grid, own)
        crew = _crew(here, own, matched)
        seats = fill_seats(community, grid, own, here, crew, serving)
        teams.append(GridTeam(community_id, grid.number, own, names.get(grid.number, ""), here, seats))
    return Roster(community_id, as_of, tuple(teams), places)


def ground_held(roster: Roster, grids: Sequence[Grid]) -> dict[str, frozenset[str]]:
    """Return the buildings of the grid that each branch of ``roster`` serves; ``grids`` are its grids."""
    buildings = {grid.number: frozenset(grid.building_ids) for grid in grids}
    return {place.branch.id: buildings[place.number] for place in roster.branches if place.number is not None}


def _places(
    overlap: Overlap, branches: Sequence[Branch], matched: Mapping[int, Branch]
) -> tuple[BranchPlace, ...]:
    served = {branch.id: number for number, branch in matched.items()}
    return tuple(BranchPlace(branch, served.get(branch.id), overlap.grids_of(branch)) for branch in branches)


def _here(
    overlap: Overlap, places: Sequence[BranchPlace], grid: Grid, own: Branch | None
) -> tuple[Branch, ...]:
    found = [place.branch for place in places if grid.number in place.grids]
    return tuple(
        sorted(found, key=lambda branch: (branch != own, -overlap.of(branch, grid.number), branch.id))
    )


def _crew(here: Sequence[Branch], own: Branch | None, matched: Mapping[int, Branch]) -> tuple[Branch, ...]:
    """Return the branches whose workers serve a grid: the first here, and those without a grid."""
    settled = {branch.id for branch in matched.values()}
    first = () if own is None and not here else (own or here[0],)
    return (*first, *(branch for branch in here if branch.id not in settled and branch not in first))
