"""What a snapshot answers: plain data, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict


class Area(TypedDict):
    """A community, compound or other area by id and name; ``code`` where it has an official one."""

    id: str
    name: str
    code: str


class CompoundPart(TypedDict):
    """A compound in a grid; ``whole`` where all of it lies there, else ``buildings`` says which."""

    id: str
    name: str
    whole: bool


class Numbers(TypedDict):
    """The building or house numbers that a grid covers in one compound or street, in natural order."""

    place: str
    numbers: list[str]


class BranchCard(TypedDict):
    """The compound branch that serves a grid; ``joint`` where it covers several compounds."""

    id: str
    name: str
    joint: bool
    stars: int | None
    members: int | None


class Post(TypedDict):
    """One post of a grid's team. ``vacant``: nobody serves. No name and not vacant: not public."""

    role: str
    vacant: bool
    name: str
    post: str
    phone: str


class VenueCard(TypedDict):
    """Where residents are served in person; ``metres`` from the middle of the grid, as the crow flies."""

    kind: str
    name: str
    phone: str
    hours: str
    lon: float
    lat: float
    metres: int


class GridCard(TypedDict):
    """All that is published of one grid.

    ``branch`` is None where one is to be founded (``proposed_branch`` is its name) or none is needed (a
    special grid; ``proposed_branch`` is empty). ``other_branches`` have homes here too but are matched
    elsewhere; ``served_by`` is the one whose people serve here where the grid has no branch of its own.
    ``paired`` names the organisations paired with the branch. ``bounds`` are west, south, east,
    north; ``position`` is lon, lat of a label. ``replaces`` are codes of the grids of the plan before, the
    largest share first.
    """

    code: str
    number: int
    name: str
    kind: str
    alignment: str
    community: Area
    subdistrict: str
    district: str
    compounds: list[CompoundPart]
    buildings: list[Numbers]
    households: int
    estimated: bool
    counts: str
    branch: BranchCard | None
    proposed_branch: str
    served_by: str
    other_branches: list[str]
    team: list[Post]
    paired: list[str]
    venues: list[VenueCard]
    position: list[float]
    bounds: list[float]
    valid_from: str
    replaces: list[str]


class CommunityCard(TypedDict):
    """A community and what its grids add up to; ``geometry`` is GeoJSON in degrees."""

    id: str
    name: str
    code: str
    district: str
    subdistrict: str
    population: int | None
    grids: int
    grid_codes: list[str]
    households: int
    estimated: bool
    position: list[float]
    bounds: list[float]
    geometry: dict[str, Any]


class CityCard(TypedDict):
    """The facts of the city and of the published plan; dates are ISO, in Asia/Shanghai."""

    id: str
    name: str
    names: dict[str, str]
    language: str
    plane: str
    counts: str
    estimation: str
    attribution: str
    licence: str
    synthetic: bool
    version: int
    status: str
    effective_from: str
    effective_until: str | None
    as_of: str
    bounds: list[float]
    communities: int
    grids: int
    households: int
    estimated: bool
    addresses: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One step of how an address was understood; ``kind`` is read, corrected, filled, contradicted ..."""

    kind: str
    element: str
    text: str
    became: str = ""


@dataclass(frozen=True, slots=True)
class LookupCandidate:
    """One place that may be meant. ``grid`` is None where it lies in several (``grids``) or in none."""

    kind: str
    text: str
    score: float
    grid: GridCard | None
    grids: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """The answer to an address or a position.

    ``status``: ``matched`` (``grid`` is certain), ``ambiguous`` (``candidates`` in different grids),
    ``partial`` (``missing`` would settle it), ``historical`` (found under a former name), ``outside`` (the
    place lies in no grid; ``nearest`` is, ``distance_m`` metres away), ``none``. ``address`` is the text of
    the city's data that was found, never the question. ``lon, lat`` is the place, WGS-84. ``margin`` is the
    distance in ``score`` to the best candidate in another grid.
    """

    status: str
    grid: GridCard | None = None
    address: str = ""
    match_level: str = ""
    score: float | None = None
    candidates: tuple[LookupCandidate, ...] = ()
    missing: tuple[str, ...] = ()
    explain: tuple[Reading, ...] = ()
    lon: float | None = None
    lat: float | None = None
    nearest: GridCard | None = None
    distance_m: float | None = None
    margin: float | None = None
