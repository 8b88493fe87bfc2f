"""Fill the four levels of a grid's team, and decide which people may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from geogrid.model import Branch, Community, TeamMember
    from geogrid.plan import Grid


@dataclass(frozen=True, slots=True)
class PublicPerson:
    """All of a person that leaves the service, and only of those who agreed."""

    name: str
    role: Role
    post: str = ""
    phone: str = ""
    concurrent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """One level of a grid's team; ``people`` is empty where it is vacant or nobody in it is public.

    ``filled`` counts all who serve, shown or not, so that a seat held by somebody who is not public is not
    called vacant. ``acting`` tells that they belong to another branch than the grid's own. ``member_ids``
    are for counting and never leave.
    """

    role: Role
    people: tuple[PublicPerson, ...]
    filled: int
    acting: bool = False
    member_ids: tuple[str, ...] = ()

    @property
    def vacant(self) -> bool:
        """Tell whether nobody serves here."""
        return self.filled == 0


def public_view(members: Iterable[TeamMember]) -> tuple[PublicPerson, ...]:
    """Return what may be shown of ``members``: the one place that decides which personal data leave.

    Nobody who is not marked public; of the others the name, the posts, the role and the phone given for
    publication; never ids, dates or memberships.
    """
    return tuple(
        PublicPerson(member.name, member.role, member.post, member.phone, member.concurrent)
        for member in sorted(members, key=lambda one: one.id)
        if member.public
    )


def serves(member: TeamMember, day: date) -> bool:
    """Tell whether a member is in post on a day; the last day is not included."""
    begun = member.since is None or member.since <= day
    return begun and (member.until is None or day < member.until)


def fill_seats(
    community: Community,
    grid: Grid,
    own: Branch | None,
    here: Sequence[Branch],
    crew: Sequence[Branch],
    serving: Sequence[TeamMember],
) -> tuple[Seat, ...]:
    """Return the four levels of a grid's team among those ``serving``.

    The chief leader is the community's party secretary. The leader is the secretary of the grid's ``own``
    branch; where there is none, the secretary of the first branch ``here`` that has one acts. Workers and
    volunteers are those of the ``crew`` of branches, and of the grid's compounds.
    """
    chiefs = [m for m in serving if m.role is Role.CHIEF_LEADER and m.community_id == community.id]
    # A secretary known to the community by name only serves too, but nobody agreed to show the name.
    known = 1 if community.secretary else 0
    seats = [_seat(Role.CHIEF_LEADER, chiefs, known)]
    leading = ((branch, _leaders(branch, serving)) for branch in here)
    found = next(((branch, leaders) for branch, leaders in leading if leaders), None)
    branch, leaders = found or (own, _leaders_of_compounds(grid, serving))
    seats.append(_seat(Role.LEADER, leaders, acting=bool(leaders) and branch != own))
    ids = {branch.id for branch in crew}
    for role in (Role.WORKER, Role.VOLUNTEER):
        mates = [m for m in serving if m.role is role and _helps(m, ids, grid)]
        lent = own is None and any(m.branch_id for m in mates)
        seats.append(_seat(role, mates, acting=lent))
    return tuple(seats)


def _seat(role: Role, members: Sequence[TeamMember], known: int = 0, *, acting: bool = False) -> Seat:
    ids = tuple(sorted(member.id for member in members))
    return Seat(role, public_view(members), max(len(members), known), acting, ids)


def _leaders(branch: Branch, serving: Sequence[TeamMember]) -> list[TeamMember]:
    """Return the secretary that the branch names; only where it names none in post, its leaders on file."""
    named = [m for m in serving if branch.secretary_id and m.id == branch.secretary_id]
    return named or [m for m in serving if m.role is Role.LEADER and m.branch_id == branch.id]


def _leaders_of_compounds(grid: Grid, serving: Sequence[TeamMember]) -> list[TeamMember]:
    return [m for m in serving if m.role is Role.LEADER and not m.branch_id and _in_compounds(m, grid)]


def _helps(member: TeamMember, branches: set[str], grid: Grid) -> bool:
    return member.branch_id in branches if member.branch_id else _in_compounds(member, grid)


def _in_compounds(member: TeamMember, grid: Grid) -> bool:
    return member.compound_id != "" and member.compound_id in grid.compound_ids
