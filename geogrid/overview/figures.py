"""Count a city's figures from its data: each is a query, none is typed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid.model import Role, VenueKind
from geogrid.roster.people import serves

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from geogrid.model import City, TeamMember


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a city, and in words how it was counted."""

    name: str
    value: float
    counted: str


Query = tuple[str, str, "Callable[[City, date], float]"]


def _secretaries(city: City, day: date) -> list[TeamMember]:
    return [one for one in city.team if one.role is Role.LEADER and serves(one, day)]


def _venues(city: City, kind: VenueKind) -> int:
    return sum(one.kind is kind for one in city.venues)


def _organisations(city: City, level: str) -> int:
    return sum(one.level == level for one in city.pairings)


QUERIES: tuple[Query, ...] = (
    ("subdistricts", "rows of subdistricts", lambda city, _: len(city.subdistricts)),
    ("communities", "rows of communities", lambda city, _: len(city.communities)),
    ("compounds", "rows of compounds", lambda city, _: len(city.compounds)),
    ("homes", "sum of households over buildings", lambda city, _: sum(b.households for b in city.buildings)),
    ("addresses", "rows of addresses", lambda city, _: len(city.addresses)),
    ("branches", "rows of branches", lambda city, _: len(city.branches)),
    (
        "branches formed jointly",
        "branches that cover several compounds",
        lambda city, _: sum(b.joint for b in city.branches),
    ),
    ("building groups", "rows of building groups", lambda city, _: len(city.building_groups)),
    (
        "member centre households",
        "sum over branches",
        lambda city, _: sum(b.member_centre_households or 0 for b in city.branches),
    ),
    ("members", "sum over branches", lambda city, _: sum(b.members or 0 for b in city.branches)),
    (
        "branch secretaries",
        "leaders in post, without another post",
        lambda city, day: sum(not one.concurrent for one in _secretaries(city, day)),
    ),
    (
        "secretaries with another post",
        "leaders in post who hold posts beside it",
        lambda city, day: sum(bool(one.concurrent) for one in _secretaries(city, day)),
    ),
    (
        "branches with three stars or more",
        "branches by stars",
        lambda city, _: sum((b.stars or 0) >= 3 for b in city.branches),
    ),
    ("model branches", "branches marked so", lambda city, _: sum(b.model_branch for b in city.branches)),
    ("city organisations", "organisations of the level city", lambda c, _: _organisations(c, "city")),
    ("county organisations", "organisations of the level county", lambda c, _: _organisations(c, "county")),
    ("service centres", "venues of that class", lambda c, _: _venues(c, VenueKind.SERVICE_CENTRE)),
    ("service stations", "venues of that class", lambda c, _: _venues(c, VenueKind.SERVICE_STATION)),
    (
        "funded branches",
        "branches with a yearly fund",
        lambda city, _: sum(b.fund is not None for b in city.branches),
    ),
    (
        "yuan a year for branches",
        "sum of the yearly funds",
        lambda city, _: sum(b.fund or 0 for b in city.branches),
    ),
)


def count_figures(city: City, day: date) -> tuple[Figure, ...]:
    """Return every figure of a city as it is on a day."""
    return tuple(Figure(name, query(city, day), words) for name, words, query in QUERIES)
