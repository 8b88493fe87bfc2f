"""The house: imports point down only, every outside library has one owner, no attic."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("geogrid", "api", "maps")

FLOORS = {
    "geogrid.errors": 0,
    "geogrid.model": 0,
    "geogrid.crs": 0,
    "geogrid.codes": 0,
    "geogrid.signatures": 0,
    "geogrid.clock": 0,
    "geogrid.aside": 0,
    "geogrid.geocode": 1,
    "geogrid.accounts": 1,
    "geogrid.passwords": 1,
    "geogrid.boundaries": 1,
    "geogrid.children": 1,
    "geogrid.coverage": 1,
    "geogrid.units": 1,
    "geogrid.adjacency": 1,
    "geogrid.delimited": 1,
    "geogrid.sheets": 1,
    "geogrid.tables": 1,
    "geogrid.credits": 1,
    "geogrid.policy": 2,
    "geogrid.plan": 2,
    "geogrid.measures": 2,
    "geogrid.rules": 2,
    "geogrid.client": 1,
    "geogrid.partition": 3,
    "geogrid.addresses": 3,
    "geogrid.locate": 3,
    "geogrid.roster": 3,
    "geogrid.workbench": 3,
    "geogrid.archive": 4,
    "geogrid.assignments": 4,
    "geogrid.batch": 4,
    "geogrid.check": 4,
    "geogrid.exports": 4,
    "geogrid.fleet": 4,
    "geogrid.overview": 4,
    "geogrid.report": 4,
    "geogrid.sample": 4,
    "geogrid.snapshot": 4,
    "geogrid.tiles": 4,
    "geogrid.cluster": 5,
    "maps": 5,
    "api": 6,
    # The face and the command line stand on the roof: they may use all, nothing uses them.
    "geogrid": 7,
    "geogrid.cli": 8,
}
# Rooms of one floor that stand on one another, in this order.
STAIRS = (
    ("geogrid.errors", "geogrid.model"),
    ("geogrid.coverage", "geogrid.boundaries", "geogrid.units", "geogrid.adjacency"),
    ("geogrid.delimited", "geogrid.sheets", "geogrid.tables", "geogrid.boundaries"),
    ("geogrid.tables", "geogrid.credits"),
    ("geogrid.partition", "geogrid.workbench"),
    ("geogrid.roster", "geogrid.workbench"),
    ("geogrid.policy", "geogrid.plan", "geogrid.measures", "geogrid.rules"),
    (
        "geogrid.fleet",
        "geogrid.archive",
        "geogrid.assignments",
        "geogrid.check",
        "geogrid.snapshot",
        "geogrid.tiles",
        "geogrid.exports",
        "geogrid.batch",
    ),
)

OWNERS = {
    "alembic": ("geogrid.archive",),
    "authlib": ("api",),
    "argon2": ("geogrid.passwords",),
    "branca": ("maps",),
    "dask": ("geogrid.cluster",),
    "dask_geopandas": (),  # reads our sets in tests; the extra `cluster` does without
    "distributed": ("geogrid.cluster",),
    "fastapi": ("api",),
    "folium": ("maps",),
    "geoalchemy2": ("geogrid.archive",),
    "geopandas": ("geogrid.boundaries",),
    "geopy": ("geogrid.geocode",),
    "joserfc": ("api",),
    "highspy": ("geogrid.partition",),
    "httpx": ("geogrid.client",),
    "msgspec": ("api",),
    "numba": ("geogrid.locate", "geogrid.addresses", "geogrid.partition"),
    "opencc": ("geogrid.addresses",),
    "openpyxl": ("geogrid.sheets",),
    "orjson": ("api",),
    # Columns in memory and on disk: every room that streams or maps them speaks Arrow.
    "pyarrow": (
        "geogrid.addresses",
        "geogrid.assignments",
        "geogrid.batch",
        "geogrid.cluster",
        "geogrid.credits",
        "geogrid.delimited",
        "geogrid.exports",
        "geogrid.sample",
        "geogrid.sheets",
        "geogrid.snapshot",
        "geogrid.tables",
    ),
    "pmtiles": ("geogrid.tiles",),
    "pyogrio": ("geogrid.boundaries", "geogrid.tables"),
    "prometheus_client": ("api",),
    "psycopg": ("geogrid.archive",),
    "pypinyin": ("geogrid.addresses",),
    "pyproj": ("geogrid.crs",),
    "rapidfuzz": ("geogrid.addresses",),
    "rich": ("geogrid.cli",),
    "rtree": ("geogrid.locate",),
    "segno": ("maps",),
    "sqlalchemy": ("geogrid.archive",),
    "starlette": ("api",),
    "typer": ("geogrid.cli",),
    "typst": ("maps",),
    "uvicorn": ("geogrid.cli",),
    "zxcvbn": ("geogrid.passwords",),
}
ATTICS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "geogrid" else parts[0]


def imports_of(path: Path) -> set[str]:
    """Return every module that a file imports, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            found |= {f"{module}.{name.name}" for name in node.names} if module == "geogrid" else {module}
    return found


def may_import(above: str, below: str) -> bool:
    """Say whether one room may import another.

    >>> may_import("geogrid.rules", "geogrid.plan"), may_import("geogrid.plan", "geogrid.rules")
    (True, False)
    """
    if above == below or FLOORS[above] > FLOORS[below]:
        return True
    return any(
        above in stair and below in stair and stair.index(above) > stair.index(below) for stair in STAIRS
    )


@pytest.mark.parametrize("path", files(), ids=module_of)
def test_imports_point_down_only(path: Path) -> None:
    above = room_of(module_of(path))
    if path.parts[-2:] == ("geogrid", "__init__.py"):
        above = "geogrid"
    assert above in FLOORS, f"{above} has no floor yet: give it one in tests/test_house.py"
    rooms = {room_of(name) for name in imports_of(path) if name.split(".")[0] in PACKAGES}
    wrong = sorted(room for room in rooms if room not in FLOORS or not may_import(above, room))
    assert not wrong, f"{above} (floor {FLOORS[above]}) imports {', '.join(wrong)}"


@pytest.mark.parametrize("path", files(), ids=module_of)
def test_every_outside_library_has_one_owner(path: Path) -> None:
    room = room_of(module_of(path))
    for name in imports_of(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room in owners, f"{room} imports {name}, which belongs to {owners}"


def test_no_file_is_an_attic() -> None:
    names = {part for path in files() for part in module_of(path).split(".")}
    assert not names & ATTICS


def test_the_floors_are_no_fiction() -> None:
    rooms = {room_of(module_of(path)) for path in files()}
    assert not set(FLOORS) - rooms, "a room with a floor does not exist"


def test_a_wrong_direction_is_seen() -> None:
    assert not may_import("geogrid.model", "geogrid.plan")
    assert not may_import("maps", "api")
    assert not may_import("geogrid.plan", "geogrid.rules")
    assert may_import("api", "maps")
