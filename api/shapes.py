"""The shapes of questions and answers; the documentation is made from them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Bounds = Annotated[list[float], Meta(min_length=4, max_length=4, description="west, south, east, north")]
AsOfDay = Annotated[date, Meta(description="answer from the plan in force on that day")]
Language = Literal["zh-Hans", "zh-Hant", "en"]
Date = Annotated[str, Meta(description="ISO 8601 date", examples=["2026-12-01"])]


class Question(Struct, forbid_unknown_fields=True):
    """A question: an address, or a position."""

    address: str | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    crs: Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"] = "WGS-84"
    limit: Annotated[int, Meta(ge=1, le=20)] = 5
    as_of: AsOfDay | None = None
    lang: Annotated[Language, Meta(description="answer with a sentence in this language, too")] | None = None
    explain: Annotated[bool, Meta(description="say how the address was read")] = False


class Typed(Struct, forbid_unknown_fields=True):
    """What was typed so far; of as good completions those nearest to a position come first."""

    q: str
    limit: Annotated[int, Meta(ge=1, le=20)] = 8
    as_of: AsOfDay | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    crs: Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"] = "WGS-84"


class PlanInForce(Struct):
    """Which published plan answered; dates are days in Asia/Shanghai."""

    version: int
    status: str
    effective_from: Date
    effective_until: Date | None


class Area(Struct):
    """A community by id, official code and name."""

    id: str
    code: str
    name: str


class CompoundPart(Struct):
    """A compound in a grid; ``whole`` where all of it lies there."""

    id: str
    name: str
    whole: bool


class Numbers(Struct):
    """The building or house numbers that a grid covers in one compound or street."""

    place: str
    numbers: list[str]


class Post(Struct):
    """One post of a grid's team. A vacancy is a post too; no name and not vacant: the name is not public."""

    role: Literal["chief_leader", "leader", "worker", "volunteer"]
    vacant: bool
    name: str
    post: str
    phone: str


class Branch(Struct):
    """The compound branch that serves a grid; ``joint`` where it covers several compounds."""

    id: str
    name: str
    joint: bool
    stars: int | None
    members: int | None


class Venue(Struct):
    """Where residents are served in person."""

    kind: str
    name: str
    phone: str
    hours: str
    lon: float
    lat: float
    metres: Annotated[int, Meta(description="from the middle of the grid, as the crow flies")] = 0


class GridFacts(Struct):
    """One grid with everything its card shows.

    ``branch`` is null where one is to be founded (``proposed_branch`` is its name) or none is needed (a
    special grid). ``position`` is lon, lat of a label. ``replaces`` are codes of the plan before.
    """

    code: str
    number: int
    name: str
    kind: Literal["residential", "special"]
    alignment: Literal["whole", "part", "joined", "homes", "special"]
    community: Area
    subdistrict: str
    district: str
    compounds: list[CompoundPart]
    buildings: list[Numbers]
    households: int
    estimated: Annotated[bool, Meta(description="part of the number was estimated")]
    counts: Annotated[str, Meta(description="what is counted: households, dwellings or units")]
    branch: Branch | None
    proposed_branch: str
    served_by: Annotated[str, Meta(description="the branch whose people serve a grid without its own")]
    other_branches: Annotated[list[str], Meta(description="branches with homes here that serve another grid")]
    team: list[Post]
    paired: list[str]
    venues: list[Venue]
    position: list[float]
    bounds: Bounds
    valid_from: Date
    replaces: list[str]


class GridName(Struct):
    """A grid by code, number and name."""

    code: str
    number: int
    name: str
    community: Area


class Candidate(Struct):
    """One place that may be meant; ``grid`` is null where it lies in several (``grids``, codes) or none."""

    kind: str
    text: str
    score: float
    grid: GridName | None
    grids: tuple[str, ...]
    lon: float | None
    lat: float | None


class Reading(Struct):
    """One step of how an address was understood.

    ``kind`` is read (an element of the text), corrected, filled, contradicted, unknown, ignored, former,
    alias, ranked, doubt, or alike (another address of the city is one slip away). ``became`` is what it was
    taken for.
    """

    kind: str
    element: str
    text: str
    became: str


class Nearest(Struct):
    """The grid nearest to a position that lies in none."""

    grid: GridName
    distance_m: float


class CityFacts(Struct):
    """The city, its plan, where its data come from and what they allow."""

    id: str
    name: str
    language: str
    counts: str
    estimation: str
    attribution: str
    licence: str
    synthetic: bool
    communities: int
    addresses: int
    grids: int
    households: int
    estimated: bool
    bounds: Bounds
    plan: PlanInForce


class Answer(Struct):
    """The answer to a question.

    ``matched``: ``grid`` is certain. ``ambiguous``: ``candidates`` lie in different grids. ``partial``:
    ``missing`` says what would settle it. ``historical``: found under a former name. ``outside``: the
    position lies in no grid. ``none``: nothing fits. ``address`` is the text of the city's data that was
    found, never the question; ``lon``, ``lat`` is its place, WGS-84. ``score`` is from 0 to 1; ``margin`` is
    its distance to the best candidate in another grid. ``candidates`` are ranked, the answer's own place the
    first; a position has none.
    """

    status: Literal["matched", "ambiguous", "partial", "historical", "outside", "none"]
    match_level: str
    address: str
    score: float | None
    margin: float | None
    lon: float | None
    lat: float | None
    grid: GridFacts | None
    candidates: list[Candidate]
    missing: list[str]
    nearest: Nearest | None
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool
    sentence: (
        Annotated[str, Meta(description="the answer in words, where `lang` asks for it")] | UnsetType
    ) = UNSET
    explain: (
        Annotated[list[Reading], Meta(description="how the address was read, where `explain` asks for it")]
        | UnsetType
    ) = UNSET


class PageLink(Struct):
    """A link to a page, an item or a collection."""

    rel: str
    href: str


class GridAnswer(Struct):
    """One grid and the plan it belongs to."""

    grid: GridFacts
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool
    links: list[PageLink] = []


class CommunityFacts(Struct):
    """A community and what its grids add up to."""

    id: str
    code: str
    name: str
    district: str
    subdistrict: str
    population: int | None
    grids: int
    households: int
    estimated: bool
    counts: str
    position: list[float]
    bounds: Bounds


class CommunityAnswer(Struct):
    """One community with its grids by number."""

    community: CommunityFacts
    grids: list[GridFacts]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool
    links: list[PageLink] = []


class Suggestion(Struct):
    """A text that can be asked for; ``detail`` is the community of a door, "" of anything larger."""

    text: str
    detail: str


class SuggestionList(Struct):
    """Suggestions, the likeliest first."""

    suggestions: list[Suggestion]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool


class Problem(Struct, omit_defaults=True):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] | UnsetType = UNSET


class FeatureCollection(Struct):
    """GeoJSON (RFC 7946) in WGS-84, with the plan, the attribution and the licence beside the features."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
    plan: PlanInForce
    attribution: str
    licence: str
    synthetic: bool


class Health(Struct):
    """The state of the service."""

    status: Literal["ok", "ready", "unavailable"]
    version: int | None = None


SHAPES = (
    Question, Typed, Answer, GridAnswer, CommunityAnswer, CityFacts, SuggestionList, Problem,
    FeatureCollection, Health,
)  # fmt: skip
