"""Say which layers a city has and which columns each layer has; docs/city-data.md tells it in prose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geogrid.model import BarrierKind, LandKind, Role, VenueKind


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    ID = "id"
    IDS = "ids"  # several, parted by ";"
    COUNT = "count"  # a whole number, not negative
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    CLASS = "class"


class Shape(StrEnum):
    """The dimension that the geometries of a layer have."""

    AREA = "area"
    LINE = "line"
    POINT = "point"


STREET = "street"  # a barrier class: drawn as background, separates nobody
IGNORE = "ignore"  # a class given in a mapping only: leave these rows out

BARRIER_CLASSES = frozenset({*(kind.value for kind in BarrierKind), STREET, LandKind.WATER.value})
LAND_CLASSES = frozenset(kind.value for kind in LandKind)
ROLES = frozenset(role.value for role in Role)
VENUE_CLASSES = frozenset(kind.value for kind in VenueKind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a layer; ``required`` means that the layer is refused without it."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: its columns and what its geometries may be (nothing for a plain table)."""

    name: str
    columns: tuple[Column, ...]
    shapes: frozenset[Shape] = frozenset()
    shape_required: bool = True
    id_required: bool = True

    def column(self, name: str) -> Column | None:
        """Return the column of that name, if the layer has one."""
        return next((column for column in self.columns if column.name == name), None)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _ids(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.ID) for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.COUNT) for name in names)


AREA = frozenset({Shape.AREA})
REQUIRED_ID = Column("id", Kind.ID, required=True)
OPTIONAL_ID = Column("id", Kind.ID)

COMMUNITIES = Layer(
    "communities",
    (
        REQUIRED_ID,
        Column("name", required=True),
        *_ids("code", "district_id", "subdistrict_id"),
        *_text("district", "subdistrict", "secretary"),
        *_counts("population"),
    ),
    AREA,
)
COMPOUNDS = Layer(
    "compounds",
    (
        REQUIRED_ID,
        *_ids("community_id"),
        *_text("name", "kind"),
        *_counts("households"),
        Column("aliases", Kind.IDS),
    ),
    AREA,
)
BUILDINGS = Layer(
    "buildings",
    (
        REQUIRED_ID,
        *_ids("community_id", "compound_id", "group_id"),
        *_text("name", "number", "street"),
        *_counts("households"),
        Column("levels", Kind.NUMBER),
        Column("residential", Kind.FLAG),
    ),
    frozenset({Shape.AREA, Shape.POINT}),
)
ADDRESS_ELEMENTS = ("road", "section", "lane", "alley", "sub_alley", "number", "floor", "unit", "postcode")
ADDRESSES = Layer(
    "addresses",
    (
        OPTIONAL_ID,
        Column("text", required=True),
        *_ids("building_id", "community_id"),
        Column("x", Kind.NUMBER),
        Column("y", Kind.NUMBER),
        *_text(*ADDRESS_ELEMENTS),
    ),
    frozenset({Shape.POINT}),
    shape_required=False,
    id_required=False,
)
BARRIERS = Layer(
    "barriers",
    (OPTIONAL_ID, *_text("name"), Column("class", Kind.CLASS, required=True, classes=BARRIER_CLASSES)),
    frozenset({Shape.LINE, Shape.AREA}),
    id_required=False,
)
LAND = Layer(
    "land",
    (OPTIONAL_ID, *_text("name"), Column("class", Kind.CLASS, required=True, classes=LAND_CLASSES)),
    AREA,
    id_required=False,
)
VENUES = Layer(
    "venues",
    (
        REQUIRED_ID,
        Column("name", required=True),
        Column("class", Kind.CLASS, required=True, classes=VENUE_CLASSES),
        *_ids("community_id", "subdistrict_id"),
        *_text("phone", "hours"),
        Column("x", Kind.NUMBER),
        Column("y", Kind.NUMBER),
    ),
    frozenset({Shape.POINT}),
)
BUILDING_GROUPS = Layer(
    "building_groups",
    (
        REQUIRED_ID,
        Column("compound_id", Kind.ID, required=True),
        *_text("name"),
        Column("buildings", Kind.IDS),
        *_ids("branch_id"),
    ),
)
BRANCHES = Layer(
    "branches",
    (
        REQUIRED_ID,
        Column("name", required=True),
        Column("compounds", Kind.IDS),
        *_ids("community_id", "secretary_id"),
        *_counts("members", "member_centre_households", "building_groups", "stars"),
        Column("founded", Kind.DATE),
        Column("rated", Kind.DATE),
        Column("model_branch", Kind.FLAG),
        *_counts("fund"),
    ),
)
TEAM = Layer(
    "team",
    (
        REQUIRED_ID,
        Column("name", required=True),
        Column("role", Kind.CLASS, required=True, classes=ROLES),
        Column("public", Kind.FLAG),
        *_ids("community_id", "branch_id", "compound_id"),
        *_text("phone", "post"),
        Column("since", Kind.DATE),
        Column("until", Kind.DATE),
        Column("concurrent", Kind.IDS),
    ),
)
PAIRINGS = Layer(
    "pairings",
    (
        REQUIRED_ID,
        Column("organisation", required=True),
        Column("branch_id", Kind.ID, required=True),
        *_text("level"),
        *_counts("size"),
        Column("x", Kind.NUMBER),
        Column("y", Kind.NUMBER),
    ),
    frozenset({Shape.POINT}),
    shape_required=False,
)

LAYERS = (
    COMMUNITIES,
    COMPOUNDS,
    BUILDINGS,
    ADDRESSES,
    BARRIERS,
    LAND,
    VENUES,
    BUILDING_GROUPS,
    BRANCHES,
    TEAM,
    PAIRINGS,
)
BY_NAME = {layer.name: layer for layer in LAYERS}
