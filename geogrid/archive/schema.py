"""The tables of the archive.

Everything that a city's data says hangs on an *edition*: storing a city again makes a new edition and
drops the ones that no plan version stands on, so a published plan keeps the data it was made from.
``migrations/`` builds the same tables step by step; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from geogrid.archive.columns import Choice, Instant, Names, Shape
from geogrid.archive.records import Status
from geogrid.model import BarrierKind, Grammar, LandKind, Role, VenueKind
from geogrid.units import UnitKind

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _layer(name: str, *columns: Column[object]) -> Table:
    """Return a table of one layer of a city: its things in the order of the data, by edition."""
    return Table(
        name,
        metadata,
        Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("id", Text, nullable=False),
        *columns,
        UniqueConstraint("edition_id", "id"),
    )


def _text(name: str) -> Column[object]:
    return Column(name, Text, nullable=False, server_default="")


edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", Text, nullable=False, index=True),
    Column("current", Boolean, nullable=False),
    Column("digest", Text, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("name", Text, nullable=False),
    Column("plane", Text, nullable=False),
    Column("grammar", Choice(Grammar), nullable=False),
    _text("counts"),
    _text("estimation"),
    _text("attribution"),
    _text("licence"),
    Column("synthetic", Boolean, nullable=False),
    _text("language"),
    Column("names", JSON, nullable=False),
    Column("faults", JSON, nullable=False),
    Column("address_columns", JSON, nullable=False),
    sqlite_autoincrement=True,
)

district = _layer("district", Column("name", Text, nullable=False))
subdistrict = _layer("subdistrict", Column("name", Text, nullable=False), _text("district_id"))
community = _layer(
    "community",
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("geometry", Shape, nullable=False),
    _text("district_id"),
    _text("subdistrict_id"),
    Column("population", Integer),
    _text("secretary"),
)
compound = _layer(
    "compound",
    _text("community_id"),
    Column("name", Text, nullable=False),
    Column("geometry", Shape, nullable=False),
    _text("kind"),
    Column("households", Integer),
    Column("aliases", Names, nullable=False),
)
building = _layer(
    "building",
    _text("community_id"),
    Column("geometry", Shape, nullable=False),
    Column("households", Integer, nullable=False),
    Column("estimated", Boolean, nullable=False),
    _text("compound_id"),
    _text("name"),
    _text("number"),
    _text("street"),
    Column("levels", Integer),
    _text("group_id"),
)
building_group = _layer(
    "building_group",
    _text("compound_id"),
    _text("name"),
    Column("building_ids", Names, nullable=False),
    _text("branch_id"),
)
barrier = _layer(
    "barrier",
    Column("kind", Choice(BarrierKind), nullable=False),
    Column("geometry", Shape, nullable=False),
    _text("name"),
)
land = _layer(
    "land",
    Column("kind", Choice(LandKind), nullable=False),
    Column("geometry", Shape, nullable=False),
    _text("name"),
)
street = _layer("street", Column("geometry", Shape, nullable=False), _text("name"))
venue = _layer(
    "venue",
    Column("kind", Choice(VenueKind), nullable=False),
    _text("name"),
    Column("geometry", Shape, nullable=False),
    _text("community_id"),
    _text("subdistrict_id"),
    _text("phone"),
    _text("hours"),
)
branch = _layer(
    "branch",
    Column("name", Text, nullable=False),
    Column("compound_ids", Names, nullable=False),
    _text("community_id"),
    Column("members", Integer),
    Column("member_centre_households", Integer),
    Column("building_groups", Integer),
    Column("stars", Integer),
    Column("founded", Date),
    _text("secretary_id"),
    Column("rated", Date),
    Column("model_branch", Boolean, nullable=False, server_default=false()),
    Column("fund", Integer),
)
team_member = _layer(
    "team_member",
    Column("name", Text, nullable=False),
    Column("role", Choice(Role), nullable=False),
    Column("public", Boolean, nullable=False),
    _text("community_id"),
    _text("branch_id"),
    _text("compound_id"),
    _text("phone"),
    _text("post"),
    Column("since", Date),
    Column("until", Date),
    Column("concurrent", Names, nullable=False, server_default="[]"),
)
pairing = _layer(
    "pairing",
    _text("organisation"),
    _text("branch_id"),
    _text("level"),
    Column("size", Integer),
    Column("geometry", Shape),
)

# The elements that some addresses are parsed into; NULL where a row has none.
ADDRESS_ELEMENTS = ("road", "section", "lane", "alley", "sub_alley", "number", "floor", "unit", "postcode")
address = Table(
    "address",
    metadata,
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("address_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    _text("building_id"),
    _text("community_id"),
    Column("x", Float(53)),
    Column("y", Float(53)),
    *(Column(name, Text) for name in ADDRESS_ELEMENTS),
)

# An area's surrogate id never changes; official codes are re-used and renumbered (see the design).
area = Table(
    "area",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    UniqueConstraint("city_id", "level", "source_id"),
    sqlite_autoincrement=True,
)
area_code = Table(
    "area_code",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("area_id", ForeignKey("area.id"), nullable=False, index=True),
    Column("scheme", Text, nullable=False),
    Column("code", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    sqlite_autoincrement=True,
)

# What reviewers taught: a further name of a compound or road, or a whole text for a door; the target is the
# compound's id, the road's name, the id of the door's building.
learnt_name = Table(
    "learnt_name",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", Text, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("learnt_by", Text, nullable=False),
    Column("learnt_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

# The tiles of one community as they were built once; divisions stand on one set of them.
unit_set = Table(
    "unit_set",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), nullable=False),
    Column("community_id", Text, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("edition_id", "community_id", "digest"),
    sqlite_autoincrement=True,
)
unit = Table(
    "unit",
    metadata,
    Column("unit_set_id", ForeignKey("unit_set.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("community_id", Text, nullable=False),
    Column("kind", Choice(UnitKind), nullable=False),
    Column("geometry", Shape, nullable=False),
    Column("households", Integer, nullable=False),
    _text("name"),
    _text("compound_id"),
    Column("estimated", Boolean, nullable=False),
    Column("building_ids", Names, nullable=False),
    UniqueConstraint("unit_set_id", "id"),
)
unit_edge = Table(
    "unit_edge",
    metadata,
    Column("unit_set_id", ForeignKey("unit_set.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("a", Text, nullable=False),
    Column("b", Text, nullable=False),
    Column("length_m", Float(53), nullable=False),
    Column("along", JSON, nullable=False),
)

version = Table(
    "version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city_id", Text, nullable=False, index=True),
    Column("edition_id", ForeignKey("edition.id"), nullable=False, index=True),
    Column("status", Choice(Status), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("effective_from", Date),
    Column("effective_until", Date),
    Column("copy_of", ForeignKey("version.id")),
    CheckConstraint(
        "status IN ('draft', 'submitted') OR (effective_from IS NOT NULL AND published_at IS NOT NULL)",
        name="published_has_dates",
    ),
    sqlite_autoincrement=True,
)
division = Table(
    "division",
    metadata,
    Column("version_id", ForeignKey("version.id", ondelete="CASCADE"), primary_key=True),
    Column("community_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("unit_set_id", ForeignKey("unit_set.id"), nullable=False, index=True),
    Column("engine", Text, nullable=False),
    Column("proved", Boolean, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("policy", JSON),
)
assignment = Table(
    "assignment",
    metadata,
    Column("version_id", Integer, primary_key=True, autoincrement=False),
    Column("community_id", Text, primary_key=True),
    Column("unit_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    ForeignKeyConstraint(
        ["version_id", "community_id"], ["division.version_id", "division.community_id"], ondelete="CASCADE"
    ),
)
grid = Table(
    "grid",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version_id", ForeignKey("version.id", ondelete="CASCADE"), nullable=False),
    Column("community_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", Text, nullable=False),
    UniqueConstraint("version_id", "community_id", "number"),
    UniqueConstraint("version_id", "code"),
    sqlite_autoincrement=True,
)
grid_link = Table(
    "grid_link",
    metadata,
    Column("grid_id", ForeignKey("grid.id", ondelete="CASCADE"), primary_key=True),
    Column("replaces_id", ForeignKey("grid.id"), primary_key=True),
    Column("households", Integer, nullable=False),
    Column("area_m2", Float(53), nullable=False),
    Column("main", Boolean, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("hash", Text, nullable=False),
)

LAYERS = {
    "districts": district,
    "subdistricts": subdistrict,
    "communities": community,
    "compounds": compound,
    "buildings": building,
    "building_groups": building_group,
    "barriers": barrier,
    "land": land,
    "streets": street,
    "venues": venue,
    "branches": branch,
    "team": team_member,
    "pairings": pairing,
}
