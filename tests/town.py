"""Draw small towns as text.

>>> city = draw_town('''
... AAB.
... AAB~
... a..*
... ''', households={"A": 50})

One character is a square cell. A capital letter is a cell of that compound with one building in its middle;
a small letter is a building with homes outside any compound; ``.`` is land without anything on it, ``~``
water (a river barrier), ``*`` a park (``Land``), a space lies outside the community. The first row is the
north. Buildings are named in reading order: ``A1``, ``A2`` ... The south-west corner is (0, 0).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
from shapely import MultiPolygon, Polygon, affinity, box, union_all

from geogrid.crs import plane_for
from geogrid.model import Barrier, BarrierKind, Building, City, Community, Compound, Grammar, Land, LandKind

if TYPE_CHECKING:
    from collections.abc import Mapping

PLANE = plane_for(lon=124.39, lat=40.13)
HOUSEHOLDS = 40
FOOTPRINT_M = 40.0


def draw_town(
    text: str,
    households: Mapping[str, int] | None = None,
    *,
    cell: float = 100.0,
    community: str = "c1",
    east: float = 0.0,
) -> City:
    """Return the city of one community drawn in ``text``.

    ``households`` says how many households each building of a letter has, or one building by its id (``A2``);
    40 where it says nothing. ``cell`` is the side of a cell in metres, ``east`` moves the town east.
    """
    cells = _cells(text, cell, east)
    buildings = _buildings(cells, dict(households or {}), community)
    return City(
        id="town",
        name="Town",
        plane=PLANE,
        grammar=Grammar.MAINLAND,
        communities=(Community(community, f"Community {community}", _code(community), _whole(cells)),),
        compounds=tuple(
            Compound(letter, community, f"{letter}小区", _shape(boxes))
            for letter, boxes in sorted(cells.items())
            if letter.isupper()
        ),
        buildings=buildings,
        addresses=_addresses(buildings),
        barriers=tuple(
            Barrier(f"{community}-river", BarrierKind.RIVER, _shape(boxes))
            for letter, boxes in cells.items()
            if letter == "~"
        ),
        land=tuple(
            Land(f"{community}-park", LandKind.PARK, _shape(boxes))
            for letter, boxes in cells.items()
            if letter == "*"
        ),
        synthetic=True,
    )


def draw_city(*drawings: str, households: Mapping[str, int] | None = None, cell: float = 100.0) -> City:
    """Return a city of several communities ``c1, c2 ...``, drawn from west to east, each beside the last.

    Every letter may be used in one drawing only, because it is the compound's id.
    """
    towns: list[City] = []
    east = 0.0
    for number, text in enumerate(drawings, start=1):
        towns.append(draw_town(text, households, cell=cell, community=f"c{number}", east=east))
        east += cell * max(len(row) for row in _rows(text))
    return replace(
        towns[0],
        communities=tuple(thing for town in towns for thing in town.communities),
        compounds=tuple(thing for town in towns for thing in town.compounds),
        buildings=tuple(thing for town in towns for thing in town.buildings),
        barriers=tuple(thing for town in towns for thing in town.barriers),
        land=tuple(thing for town in towns for thing in town.land),
        addresses=pd.concat([town.addresses for town in towns], ignore_index=True),
    )


def _rows(text: str) -> list[str]:
    return [row.rstrip() for row in text.splitlines() if row.strip()]


def _cells(text: str, cell: float, east: float) -> dict[str, list[Polygon]]:
    rows = _rows(text)
    cells: dict[str, list[Polygon]] = defaultdict(list)
    for row, line in enumerate(rows):
        south = (len(rows) - 1 - row) * cell
        for column, letter in enumerate(line):
            west = east + column * cell
            if letter != " ":
                cells[letter].append(box(west, south, west + cell, south + cell))
    return cells


def _buildings(
    cells: dict[str, list[Polygon]], households: Mapping[str, int], community: str
) -> tuple[Building, ...]:
    return tuple(
        Building(
            id=f"{letter}{n}",
            community_id=community,
            geometry=_footprint(square),
            households=households.get(f"{letter}{n}", households.get(letter, HOUSEHOLDS)),
            compound_id=letter if letter.isupper() else "",
            name=f"{n}号楼",
            number=str(n),
        )
        for letter, squares in sorted(cells.items())
        if letter.isalpha()
        for n, square in enumerate(squares, start=1)
    )


def _footprint(square: Polygon) -> Polygon:
    west, _, east, _ = square.bounds
    share = min(FOOTPRINT_M / (east - west), 0.8)
    return affinity.scale(square, share, share)


def _addresses(buildings: tuple[Building, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "address_id": [f"a-{b.id}" for b in buildings],
            "text": [f"{b.compound_id or b.id[0]}小区{b.number}号楼" for b in buildings],
            "building_id": [b.id for b in buildings],
            "community_id": [b.community_id for b in buildings],
            "x": [b.geometry.centroid.x for b in buildings],
            "y": [b.geometry.centroid.y for b in buildings],
        }
    )


def _shape(boxes: list[Polygon]) -> Polygon | MultiPolygon:
    shape = union_all(boxes)
    assert isinstance(shape, Polygon | MultiPolygon)
    return shape


def _whole(cells: dict[str, list[Polygon]]) -> Polygon | MultiPolygon:
    return _shape([square for boxes in cells.values() for square in boxes])


def _code(community: str) -> str:
    return f"210602001{int(community.removeprefix('c') or 0):03d}" if community[1:].isdigit() else community
