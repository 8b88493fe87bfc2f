"""Assignment files of a draft, in and out: CSV ``unit,grid`` as in districting, GeoJSON, GeoPackage.

A file that comes in is foreign: it is read with bounds on its size, its rows and the time it takes, and
never by GDAL, which would follow links out of it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from geogrid.crs import DEGREES, to_degrees
from geogrid.delimited import rearm
from geogrid.errors import Fault, InputError
from geogrid.signatures import is_disguised
from geogrid.tables import Table, open_table, table_of, write_layers, write_table
from geogrid.workbench import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from geogrid.archive import OpenDraft

ENDINGS = (".csv", ".geojson", ".gpkg")
MOST_BYTES = 16 << 20
MOST_ROWS = 50_000
MOST_SECONDS = 5.0
MOST_PIECES = 1_500_000  # objects and lists of a GeoJSON file: in memory each takes a hundred bytes
# The names that the columns may bear, in the order in which they are looked for.
UNIT = ("unit", "unit_id", "划分单元", "单元")
GRID = ("grid", "grid_number", "number", "district", "网格")
COMMUNITY = ("community_id",)

_TEXT, _COUNT, _SHAPE = pa.string(), pa.int64(), pa.binary()
PAIRS = pa.schema([("unit", _TEXT), ("grid", _COUNT)])
UNITS = pa.schema(
    [
        *PAIRS,
        ("community_id", _TEXT),
        ("kind", _TEXT),
        ("name", _TEXT),
        ("compound_id", _TEXT),
        ("households", _COUNT),
        ("geometry", _SHAPE),
    ]
)
GRIDS = pa.schema(
    [("grid", _COUNT), ("name", _TEXT), ("purpose", _TEXT), ("households", _COUNT), ("geometry", _SHAPE)]
)


def write_draft(path: Path, opened: OpenDraft, plane: str) -> int:
    """Write a draft to a file by its ending and return the number of units.

    A CSV file has ``unit,grid``, GeoJSON the units with their shapes, a GeoPackage units and grids; shapes in
    WGS-84 degrees. A unit without a grid has an empty one.

    :raises InputError: another ending.
    """
    _refuse_ending(path)
    if path.suffix.lower() == ".csv":
        return write_table(path, _pairs(opened))
    units = _units(opened, plane)
    if path.suffix.lower() == ".geojson":
        return write_table(path, units, "units")
    record = opened.record
    told = {"status": record.status.value, "draft": str(record.id), "revision": str(record.revision)}
    layers = {"units": units, "grids": _grids(opened, plane)}
    write_layers(path, layers, day=record.saved_at.date().isoformat(), metadata=told)
    return units.rows or 0


def _pairs(opened: OpenDraft) -> Table:
    ids = sorted(opened.bench.units)
    return table_of({"unit": ids, "grid": [opened.draft.assignment.get(one) for one in ids]}, PAIRS)


def _units(opened: OpenDraft, plane: str) -> Table:
    units = sorted(opened.bench.graph.units, key=lambda unit: unit.id)
    columns: dict[str, list[Any]] = {
        "unit": [unit.id for unit in units],
        "grid": [opened.draft.assignment.get(unit.id) for unit in units],
        "community_id": [opened.record.community_id] * len(units),
        "kind": [unit.kind.value for unit in units],
        "name": [unit.name for unit in units],
        "compound_id": [unit.compound_id for unit in units],
        "households": [unit.households for unit in units],
        "geometry": _degrees([unit.geometry for unit in units], plane),
    }
    return table_of(columns, UNITS, geometry="geometry", crs=DEGREES)


def _grids(opened: OpenDraft, plane: str) -> Table:
    """Return the grids that have units, each dissolved from their tiles."""
    bench, draft = opened.bench, opened.draft
    members = {grid: units for grid, units in draft.members.items() if units}
    shapes = [
        shapely.coverage_union_all([bench.units[one].geometry for one in some]) for some in members.values()
    ]
    columns: dict[str, list[Any]] = {
        "grid": list(members),
        "name": [draft.names.get(grid, "") for grid in members],
        "purpose": [draft.purposes.get(grid, "") for grid in members],
        "households": [sum(bench.units[one].households for one in some) for some in members.values()],
        "geometry": _degrees(shapes, plane),
    }
    return table_of(columns, GRIDS, geometry="geometry", crs=DEGREES)


def _degrees(shapes: Iterable[Any], plane: str) -> list[Any]:
    return list(to_degrees(np.array(list(shapes), dtype=object), plane))


def read_assignment(path: Path, name: str = "") -> tuple[Entry, ...]:
    """Return the rows of an assignment file, in their order; blank ones are passed over.

    The first row below the header of a CSV file is row 2, as a spreadsheet numbers it; the first feature of
    a GeoJSON or GeoPackage file is row 1. ``name`` is what messages call the file.

    :raises InputError: another ending, too large, unreadable, or without the columns ``unit`` and ``grid``.
    """
    readers = {".csv": _from_csv, ".geojson": _from_geojson, ".gpkg": _from_geopackage}
    try:
        _refuse_ending(path)
        if path.stat().st_size > MOST_BYTES:
            raise _fault(
                "too-large", f"the file has more than {MOST_BYTES >> 20} MB", "Leave the shapes out."
            )
        if is_disguised(path):
            raise _fault("broken-file", f"the content is not that of a {path.suffix} file", "Export it anew.")
        entries = []
        for entry in readers[path.suffix.lower()](path):
            if entry.unit or entry.grid:
                entries.append(entry)
            if len(entries) > MOST_ROWS:
                raise _fault(
                    "too-many-rows", f"the file has more than {MOST_ROWS:,} rows", "Send one community."
                )
    except InputError as error:
        named = (replace(fault, file=name or path.name) for fault in error.faults)
        raise InputError(tuple(named)) from None
    return tuple(entries)


def _from_csv(path: Path) -> Iterator[Entry]:
    with open_table(path) as table:
        columns = _columns(table.schema.names)
        row = 1
        for batch in table.batches:
            texts = [batch.column(at).to_pylist() if at is not None else None for at in columns]
            for at in range(batch.num_rows):
                row += 1
                yield _entry(row, *(rearm(column[at]) if column else "" for column in texts))


def _from_geojson(path: Path) -> Iterator[Entry]:
    content = path.read_bytes()
    if content.count(b"{") + content.count(b"[") > MOST_PIECES:
        raise _fault("too-large", "the file has too many shapes or rows", "Leave the shapes out.")
    try:
        told = json.loads(content)
        features = told["features"]
        rows = [{**(one.get("properties") or {})} for one in features]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        words = "the file is not a GeoJSON collection of features"
        raise _fault("broken-file", words, "Export it anew.") from None
    names = list(dict.fromkeys(str(name) for row in rows[:1] for name in row))
    unit, grid, community = _columns(names)
    for number, row in enumerate(rows, start=1):
        yield _entry(
            number, *(row.get(names[at]) if at is not None else "" for at in (unit, grid, community))
        )


def _from_geopackage(path: Path) -> Iterator[Entry]:
    """Read the one table that has the columns; a view or a long query in the file is not run for long."""
    until = time.monotonic() + MOST_SECONDS
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            file.execute("PRAGMA trusted_schema = OFF")
            file.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
            yield from _rows_of(file)
    except (sqlite3.Error, UnicodeError, OverflowError):
        raise _fault("broken-file", "the GeoPackage cannot be read", "Export it anew.") from None


def _rows_of(file: sqlite3.Connection) -> Iterator[Entry]:
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in sorted(tables, key=lambda name: (name != "units", name)):
        names = [row[1] for row in file.execute(f"PRAGMA table_info({_quoted(table)})")]
        try:
            found = _columns(names)
        except InputError:
            continue
        told = ", ".join(_quoted(names[at]) if at is not None else "''" for at in found)
        query = f"SELECT {told} FROM {_quoted(table)} LIMIT {MOST_ROWS + 1}"  # noqa: S608 - names are quoted
        for number, row in enumerate(file.execute(query), start=1):
            yield _entry(number, *row)
        return
    _columns([])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _columns(names: Iterable[str]) -> tuple[int, int, int | None]:
    """Return where the columns of unit, grid and community stand.

    :raises InputError: one of the first two is missing.
    """
    at = {name.strip().lower(): place for place, name in reversed(list(enumerate(names)))}
    found = [next((at[name] for name in known if name in at), None) for known in (UNIT, GRID, COMMUNITY)]
    unit, grid, community = found
    if unit is None or grid is None:
        words = "the file lacks " + " and ".join(
            f"a column {known[0]}" for known, place in ((UNIT, unit), (GRID, grid)) if place is None
        )
        raise _fault("missing-column", words, "Name the columns unit and grid.")
    return unit, grid, community


def _entry(row: int, unit: object, grid: object, community: object) -> Entry:
    return Entry(row, _plain(unit), _plain(grid), _plain(community))


def _plain(value: object) -> str:
    if value is None or isinstance(value, (bytes, dict, list, bool)):
        return ""
    return str(value).strip()[:200]


def _refuse_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        words = f"assignment files end in {', '.join(ENDINGS)}"
        raise InputError((Fault("unknown-format", words, "Choose one of them.", path.name),))


def _fault(rule: str, words: str, remedy: str) -> InputError:
    return InputError((Fault(rule, words, remedy),))
