"""Match branches and teams to the grids of a plan, and decide which people may be shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from geogrid.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from geogrid.model import Branch, City, Community, TeamMember
    from geogrid.plan import Grid


@dataclass(frozen=True, slots=True)
class PublicPerson:
    """All of a person that leaves the service, and only of those who agreed."""

    name: str
    role: Role
    post: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """One level of a grid's team; ``people`` is empty where it is vacant or nobody in it is public.

    ``filled`` counts all who serve, shown or not, so that a seat held by somebody who is not public is not
    called vacant.
    """

    role: Role
    people: tuple[PublicPerson, ...]
    filled: int

    @property
    def vacant(self) -> bool:
        """Tell whether nobody serves here."""
        return self.filled == 0


@dataclass(frozen=True, slots=True)
class GridTeam:
    """The branch and the team of one grid.

    ``branch`` is None where one is to be founded; ``proposed_name`` is then its name by rule. ``branches``
    are all branches with homes in the grid, the matched one first. A special grid needs no branch: both are
    empty.
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


def match_roster(city: City, grids: Sequence[Grid], *, as_of: date) -> Roster:
    """Match the branches of one community to its ``grids`` and fill their teams as they are on ``as_of``.

    The matching is the one with the most households of a branch's compounds inside its grid, over all
    branches together (an assignment problem); ties are broken by branch id and grid number.

    ``grids`` are all grids of one community.
    """
    community_id = grids[0].community_id
    community = next(one for one in city.communities if one.id == community_id)
    overlap = _Overlap(city, grids)
    branches = overlap.branches_of(city.branches, community_id)
    matched = _match(overlap, branches, grids)
    serving = [member for member in city.team if _serves(member, as_of)]
    names = _proposed_names(city, grids, matched, branches)
    teams = tuple(
        GridTeam(
            community_id=community_id,
            number=grid.number,
            branch=matched.get(grid.number),
            proposed_name=names.get(grid.number, ""),
            branches=_here(overlap, branches, grid, matched.get(grid.number)),
            seats=_seats(community, matched.get(grid.number), grid, serving),
        )
        for grid in grids
    )
    served = {branch.id: number for number, branch in matched.items()}
    places = tuple(
        BranchPlace(branch, served.get(branch.id), overlap.grids_of(branch)) for branch in branches
    )
    return Roster(community_id, as_of, teams, places)


def public_view(members: Iterable[TeamMember]) -> tuple[PublicPerson, ...]:
    """Return what may be shown of ``members``: the one place that decides which personal data leave.

    Nobody who is not marked public; of the others the name, the post, the role and the phone given for
    publication; never ids, dates or memberships.
    """
    return tuple(
        PublicPerson(name=member.name, role=member.role, post=member.post, phone=member.phone)
        for member in sorted(members, key=lambda one: one.id)
        if member.public
    )


class _Overlap:
    """How many households of each compound lie in each grid."""

    def __init__(self, city: City, grids: Sequence[Grid]) -> None:
        self.numbers = tuple(grid.number for grid in grids)
        inside = {building: grid.number for grid in grids for building in grid.building_ids}
        self.households: Counter[tuple[str, int]] = Counter()
        for building in city.buildings:
            if building.compound_id and building.id in inside:
                self.households[building.compound_id, inside[building.id]] += building.households
        # A compound without known homes still lies somewhere.
        self.touched = {(compound, grid.number) for grid in grids for compound in grid.compound_ids}
        self.compounds = {compound for compound, _ in self.touched}

    def branches_of(self, branches: Iterable[Branch], community_id: str) -> tuple[Branch, ...]:
        """Return the branches of this community: named for it, or covering a compound in it; by id."""
        return tuple(
            sorted(
                (
                    branch
                    for branch in branches
                    if branch.community_id == community_id
                    or (not branch.community_id and self.compounds & set(branch.compound_ids))
                ),
                key=lambda branch: branch.id,
            )
        )

    def of(self, branch: Branch, number: int) -> int:
        """Return the households of a branch's compounds in a grid."""
        return sum(self.households[compound, number] for compound in branch.compound_ids)

    def touches(self, branch: Branch, number: int) -> bool:
        """Tell whether a branch covers a compound in a grid."""
        return any((compound, number) in self.touched for compound in branch.compound_ids)

    def grids_of(self, branch: Branch) -> tuple[int, ...]:
        """Return the grids in which a branch has homes, or a compound where it has none anywhere."""
        homes = tuple(number for number in self.numbers if self.of(branch, number) > 0)
        return homes or tuple(number for number in self.numbers if self.touches(branch, number))


def _match(overlap: _Overlap, branches: Sequence[Branch], grids: Sequence[Grid]) -> dict[int, Branch]:
    """Return the branch of each grid that gets one."""
    if not branches:
        return {}
    # A compound in the grid counts half a household, so that it wins over nothing and never over a home;
    # a last, far smaller term prefers low ids and numbers, so that equal matchings do not depend on scipy.
    gain = np.array(
        [
            [overlap.of(branch, grid.number) + 0.5 * overlap.touches(branch, grid.number) for grid in grids]
            for branch in branches
        ]
    )
    rank = np.arange(len(branches), 0, -1)[:, None] * np.arange(len(grids), 0, -1)[None, :]
    tie = rank / (4.0 * rank.max() * min(gain.shape))
    rows, columns = linear_sum_assignment(gain + np.where(gain > 0, tie, 0.0), maximize=True)
    return {
        grids[column].number: branches[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if gain[row, column] > 0
    }


def _here(
    overlap: _Overlap, branches: Sequence[Branch], grid: Grid, matched: Branch | None
) -> tuple[Branch, ...]:
    found = [branch for branch in branches if grid.number in overlap.grids_of(branch)]
    return tuple(sorted(found, key=lambda branch: (branch != matched, branch.id)))


def _serves(member: TeamMember, day: date) -> bool:
    begun = member.since is None or member.since <= day
    return begun and (member.until is None or day < member.until)


def _seats(
    community: Community, branch: Branch | None, grid: Grid, serving: Sequence[TeamMember]
) -> tuple[Seat, ...]:
    """Return the four levels: chief leader of the community, leader of the branch, workers, volunteers."""

    def belongs(member: TeamMember) -> bool:
        if member.role is Role.CHIEF_LEADER:
            return member.community_id == community.id
        if member.branch_id:
            return branch is not None and member.branch_id == branch.id
        return member.compound_id != "" and member.compound_id in grid.compound_ids

    by_role = {role: [one for one in serving if one.role is role and belongs(one)] for role in Role}
    if branch is not None and branch.secretary_id:
        # The branch names its secretary; other leaders on file are deputies at most.
        named = [one for one in serving if one.id == branch.secretary_id]
        by_role[Role.LEADER] = named or by_role[Role.LEADER]
    # A secretary known to the community by name only serves too, but nobody agreed to show the name.
    known = 1 if community.secretary else 0
    return tuple(
        Seat(role, public_view(members), max(len(members), known if role is Role.CHIEF_LEADER else 0))
        for role, members in by_role.items()
    )


def _proposed_names(
    city: City, grids: Sequence[Grid], matched: Mapping[int, Branch], branches: Sequence[Branch]
) -> dict[int, str]:
    """Name the branches to be founded after the nearest courtyard, each name once in the community."""
    compounds = {one.id: one for one in city.compounds}
    local = [one for one in city.compounds if one.community_id == grids[0].community_id]
    suffix = _BRANCH_WORDS.get(city.language, _BRANCH_WORDS["en"])
    taken = {branch.name for branch in branches}
    names: dict[int, str] = {}
    for grid in grids:
        if grid.number in matched or grid.households == 0:
            continue
        near = compounds[grid.compound_ids[0]] if grid.compound_ids else None
        if near is None and local:
            near = min(local, key=lambda one: (one.geometry.distance(grid.geometry), one.id))
        name = _unique(suffix.format(near.name if near else grid.number), taken)
        taken.add(name)
        names[grid.number] = name
    return names


_BRANCH_WORDS = {"zh-Hans": "{}党支部", "zh-Hant": "{}黨支部", "en": "{} branch"}


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}({number})" in taken:
        number += 1
    return f"{name}({number})"
