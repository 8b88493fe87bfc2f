"""What is known of a whole city's organisation on its grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geogrid.overview.figures import Figure
    from geogrid.roster import CityTally


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How many communities hold a rule, how often it gave way, by how much in all, and where most."""

    rule: str
    hard: bool
    holds: int
    broken: int
    times: int
    by: float
    most: float = 0.0
    place: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Divided:
    """What a policy makes of the city. ``per_community`` counts communities by their grids with homes."""

    policy: str
    grids: int
    special: int
    alignments: dict[str, int]
    split_compounds: int
    joined_compounds: int
    per_community: dict[int, int]
    in_range: int
    households_median: float
    households_max: int
    to_found: int
    to_merge: int


@dataclass(frozen=True, slots=True)
class ProposedPair:
    """An organisation and the branch that is proposed for it, with the three parts of its cost."""

    organisation: str
    branch: str
    branch_id: str
    metres: float | None
    cost: float
    of_distance: float
    of_size: float
    of_balance: float


@dataclass(frozen=True, slots=True)
class PairingTally:
    """Organisations and their branches: given, proposed, left over; metres of all pairs."""

    given: int
    proposed: int
    unpaired_organisations: int
    unpaired_branches: int
    metres_median: float | None
    proposals: tuple[ProposedPair, ...] = ()
    without_branch: tuple[str, ...] = ()
    without_partner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommunityTally:
    """One community: its grids with homes, and how many of them have a branch of their own."""

    id: str
    name: str
    grids: int
    grids_with_branch: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A city's organisation on its grids."""

    city_id: str
    name: str
    names: dict[str, str]
    counts: str
    synthetic: bool
    attribution: str
    licence: str
    version: str
    as_of: str
    policy: str
    asked: tuple[int, int] | None
    figures: tuple[Figure, ...]
    tally: CityTally
    communities: tuple[CommunityTally, ...]
    homes_in_a_grid: int
    homes: int
    rules: tuple[RuleTally, ...]
    plan: Divided
    compound_first: Divided | None
    stars: dict[str, int]
    pairing: PairingTally
