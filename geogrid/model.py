"""The things a city consists of.

Every geometry here is in metres, in the city's own plane (``City.plane``); degrees exist only at the
doors (``boundaries`` in, ``snapshot`` out). Ids are the data's own, unique within their layer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon

    from geogrid.errors import Fault


class Grammar(StrEnum):
    """How addresses are written here; a city states it, nobody guesses it."""

    MAINLAND = "mainland"  # 兴东街道泰河花园小区3号楼2单元501室
    LANE = "lane"  # 八德路三段158巷8弄1號四樓
    BLOCK = "block"  # 65 TELOK BLANGAH DRIVE #01-158


class BarrierKind(StrEnum):
    """What separates neighbours, the most severe first; where two coincide the first one counts."""

    RIVER = "river"
    RAILWAY = "railway"
    EXPRESSWAY = "expressway"
    ARTERIAL = "arterial"
    COLLECTOR = "collector"


class LandKind(StrEnum):
    """Land without homes that can be a special-purpose grid."""

    PARK = "park"
    WATER = "water"
    MARKET = "market"
    SCHOOL = "school"
    HOSPITAL = "hospital"
    INDUSTRY = "industry"
    PORT = "port"
    OTHER = "other"


class Role(StrEnum):
    """The four levels of a grid's team."""

    CHIEF_LEADER = "chief_leader"
    LEADER = "leader"
    WORKER = "worker"
    VOLUNTEER = "volunteer"


class VenueKind(StrEnum):
    """Where residents are served in person."""

    SERVICE_CENTRE = "service_centre"
    SERVICE_STATION = "service_station"


@dataclass(frozen=True, slots=True)
class District:
    """A district or county (区县)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Subdistrict:
    """A subdistrict (街道)."""

    id: str
    name: str
    district_id: str


@dataclass(frozen=True, slots=True)
class Community:
    """A community (社区): what is divided into grids.

    ``code`` is the official 12-digit division code where the data has one, else the id.
    ``district_id`` and ``subdistrict_id`` are empty where the data does not know them.
    """

    id: str
    name: str
    code: str
    geometry: Polygon | MultiPolygon
    district_id: str = ""
    subdistrict_id: str = ""
    population: int | None = None
    secretary: str = ""


@dataclass(frozen=True, slots=True)
class Compound:
    """A residential compound (小区). ``households`` is what the data states, None where it does not."""

    id: str
    community_id: str
    name: str
    geometry: Polygon | MultiPolygon
    kind: str = ""
    households: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Building:
    """A building (楼栋) or a street door; a footprint or a point.

    ``households`` is 0 for a building without homes. ``estimated`` is True where the number was not
    stated by the data but derived by the city's estimation rule. ``number`` is the building's number in
    its compound or its house number in ``street``.
    """

    id: str
    community_id: str
    geometry: Polygon | MultiPolygon | Point
    households: int
    estimated: bool = False
    compound_id: str = ""
    name: str = ""
    number: str = ""
    street: str = ""
    levels: int | None = None
    group_id: str = ""


@dataclass(frozen=True, slots=True)
class BuildingGroup:
    """A building party group's buildings (楼道党小组), given by the data; never cut.

    ``branch_id`` is the branch it belongs to, empty where the data does not say.
    """

    id: str
    compound_id: str
    name: str
    building_ids: tuple[str, ...]
    branch_id: str = ""


@dataclass(frozen=True, slots=True)
class Barrier:
    """A river, railway or road that can separate grids; a centre line or an area."""

    id: str
    kind: BarrierKind
    geometry: LineString | MultiLineString | Polygon | MultiPolygon
    name: str = ""


@dataclass(frozen=True, slots=True)
class Land:
    """A piece of land without homes: a park, a market, a school."""

    id: str
    kind: LandKind
    geometry: Polygon | MultiPolygon
    name: str = ""


@dataclass(frozen=True, slots=True)
class Street:
    """A road or lane drawn as background; it separates nobody."""

    id: str
    geometry: LineString | MultiLineString
    name: str = ""


@dataclass(frozen=True, slots=True)
class Venue:
    """A service centre of a subdistrict or a service station of a community."""

    id: str
    kind: VenueKind
    name: str
    geometry: Point
    community_id: str = ""
    subdistrict_id: str = ""
    phone: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A compound branch (小区党支部); joint where it covers several compounds.

    ``stars`` (1-5) were given on ``rated``; ``model_branch`` marks an example to others; ``fund`` is in yuan
    a year. One team member may be the secretary of several branches.
    """

    id: str
    name: str
    compound_ids: tuple[str, ...]
    community_id: str = ""
    members: int | None = None
    member_centre_households: int | None = None
    building_groups: int | None = None
    stars: int | None = None
    founded: date | None = None
    secretary_id: str = ""
    rated: date | None = None
    model_branch: bool = False
    fund: int | None = None

    @property
    def joint(self) -> bool:
        """Tell whether it was formed by several compounds together."""
        return len(self.compound_ids) > 1


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody on a grid's team. Leaves the service only where ``public`` is True.

    A member leads a community (``community_id``, chief leader), a branch (``branch_id``) or a compound, from
    ``since`` on and up to ``until``, that day not included. ``concurrent`` are posts held beside ``post``.
    """

    id: str
    name: str
    role: Role
    public: bool
    community_id: str = ""
    branch_id: str = ""
    compound_id: str = ""
    phone: str = ""
    post: str = ""
    since: date | None = None
    until: date | None = None
    concurrent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairing:
    """An organisation's branch paired with a compound branch (共建共促).

    ``branch_id`` is empty while none is given yet. ``size`` is its number of members; ``geometry`` is where
    it sits, None where unknown. ``level`` says who stands above it ("city", "county").
    """

    id: str
    organisation: str
    branch_id: str
    level: str = ""
    size: int | None = None
    geometry: Point | None = None


# A city's id names folders and files: letters, digits and "_"; inside also ".", "-" and blanks.
_CITY_ID = re.compile(r"\w(?:[\w .-]{0,62}\w)?")


def is_city_id(text: str) -> bool:
    """Say whether ``text`` can be the id of a city: 1 to 64 characters that name a folder, no way out."""
    return _CITY_ID.fullmatch(text) is not None


@dataclass(frozen=True)
class City:
    """One validated city: what every later step starts from.

    ``addresses`` has one row an address, in the order of the source, with the columns
    ``address_id, text, building_id, community_id, x, y`` (``building_id`` and ``community_id`` are empty
    strings and ``x, y`` NaN where unknown; x, y in metres in ``plane``) and, where the data has them,
    the parsed elements ``road, section, lane, alley, sub_alley, number, floor, unit, postcode``.
    ``id`` is one that ``is_city_id`` accepts. ``counts`` names what the household numbers count
    ("households", "dwellings", "units").
    ``faults`` holds what was mended or is worth knowing; an error never gets this far.
    """

    id: str
    name: str
    plane: str
    grammar: Grammar
    communities: tuple[Community, ...]
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    addresses: pd.DataFrame
    districts: tuple[District, ...] = ()
    subdistricts: tuple[Subdistrict, ...] = ()
    building_groups: tuple[BuildingGroup, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    land: tuple[Land, ...] = ()
    streets: tuple[Street, ...] = ()
    venues: tuple[Venue, ...] = ()
    branches: tuple[Branch, ...] = ()
    team: tuple[TeamMember, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    counts: str = "households"
    estimation: str = ""
    attribution: str = ""
    licence: str = ""
    synthetic: bool = False
    language: str = "zh-Hans"
    names: dict[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
