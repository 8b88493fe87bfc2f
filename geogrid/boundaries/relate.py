"""Find out which row belongs to which: by the ids that the data states, else by where it lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.boundaries.schema import Kind
from geogrid.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

    Points = NDArray[np.object_]
    Texts = NDArray[np.object_]
    Rows = NDArray[np.bool_]

# A stated owner is believed while the place lies no farther from it than this: doors stand on streets,
# and footprints hang over.
NEAR_M = 50.0
# From this share on a compound has a fair claim on a footprint; where two have one, the data must say whose.
FAIR_SHARE = 0.4

# What the ids of groups, of homes outside compounds and of land end with.
UNIT_ENDING = r"/[ghl][0-9]+$"

# (layer, column, layer that the ids are of)
REFERENCES = (
    ("compounds", "community_id", "communities"),
    ("buildings", "community_id", "communities"),
    ("buildings", "compound_id", "compounds"),
    ("buildings", "group_id", "building_groups"),
    ("addresses", "community_id", "communities"),
    ("addresses", "building_id", "buildings"),
    ("venues", "community_id", "communities"),
    ("building_groups", "compound_id", "compounds"),
    ("building_groups", "buildings", "buildings"),
    ("building_groups", "branch_id", "branches"),
    ("branches", "compounds", "compounds"),
    ("branches", "community_id", "communities"),
    ("branches", "secretary_id", "team"),
    ("team", "community_id", "communities"),
    ("team", "branch_id", "branches"),
    ("team", "compound_id", "compounds"),
    ("pairings", "branch_id", "branches"),
)
SINGULAR = {"communities": "community", "branches": "branch", "team": "team member"}


def known_ids(tables: list[Table]) -> dict[str, frozenset[str]]:
    """Return the ids of each layer, as the data gives them."""
    ids: dict[str, frozenset[str]] = {}
    for table in tables:
        ids[table.layer.name] = ids.get(table.layer.name, frozenset()) | frozenset(table.ids)
    return ids


def refuse_dangling(table: Table, known: Mapping[str, frozenset[str]], book: FaultBook) -> Table:
    """Tell every reference of a table that points nowhere, and blank it."""
    for layer, column, target in REFERENCES:
        if layer == table.layer.name:
            table = _refuse(table, column, target, known.get(target, frozenset()), book)
    return table


def _refuse(table: Table, column: str, target: str, known: frozenset[str], book: FaultBook) -> Table:
    stated = table.frame[column]
    declared = table.layer.column(column)
    if declared is not None and declared.kind is Kind.IDS:
        for row, several in enumerate(stated):
            for value in (v for v in several if v not in known):
                _tell_dangling(table, column, target, value, row, book)
        return table
    fine = (stated.isin(known) | stated.eq("")).to_numpy(dtype=bool)
    lost = np.flatnonzero(~fine).tolist()
    for row in lost:
        _tell_dangling(table, column, target, str(stated.iloc[row]), row, book)
    if not lost:
        return table
    kept = table.texts(column).copy()
    kept[lost] = ""
    return table.put(**{column: kept})


def _tell_dangling(table: Table, column: str, target: str, value: str, row: int, book: FaultBook) -> None:
    what = SINGULAR.get(target, target.removesuffix("s").replace("_", " "))
    rule = f"unknown-{what.replace(' ', '-')}"
    message = f"there is no {what} {value[:60]!r}"
    book.add(table.fault(rule, message, f"Mend the reference, or add the {what}", field=column, row=row))


def refuse_duplicates(table: Table, book: FaultBook) -> Table:
    """Return the first row of every id; the others are told."""
    again = pd.Series(table.ids).duplicated().to_numpy(dtype=bool)
    if not again.any():
        return table
    template = table.fault(
        "duplicate-id", "another row has the same id", "Give every row its own", field="id"
    )
    book.add_each(table.places(again), template)
    return table.keep(~again)


def refuse_shared_codes(communities: Table, book: FaultBook) -> None:
    """Tell communities with the code of another one: their grids would bear the same codes.

    A community without a code is known by its id.
    """
    stated = communities.texts("code")
    codes = np.where(stated == "", communities.ids, stated)
    again = pd.Series(codes).duplicated().to_numpy(dtype=bool)
    template = communities.fault(
        "duplicate-code", "another community has the same code", "Give every community its own", field="code"
    )
    book.add_each(communities.places(again), template)


def refuse_ids_of_units(compounds: Table, book: FaultBook) -> None:
    """Tell compounds whose id ends as those of units do ("A/g01"): two units could bear one id."""
    taken = pd.Series(compounds.ids, dtype=str).str.contains(UNIT_ENDING).to_numpy(dtype=bool)
    message, remedy = "its id ends as the ids of units do", "Give it an id without /g, /h or /l and a number"
    book.add_each(compounds.places(taken), compounds.fault("reserved-id", message, remedy, field="id"))


def inner_points(table: Table) -> Points:
    """Return a point on each geometry."""
    shapes = table.shapes
    flat = shapely.get_type_id(shapes) == 0
    points = shapes.copy()
    points[~flat] = shapely.point_on_surface(shapes[~flat])
    return points


def owners_by_place(points: Points, owners: Table) -> Texts:
    """Return the id of each point's owner: the smallest id on a border, "" outside all."""
    found = np.full(len(points), "", dtype=object)
    row, owner = shapely.STRtree(owners.shapes).query(points, predicate="intersects")
    ids = owners.ids[owner]
    order = np.lexsort((ids.astype(str), row))[::-1]
    found[row[order]] = ids[order]
    return found


def distance_to(points: Points, ids: Texts, owners: Table) -> NDArray[np.float64]:
    """Return the metres from each point to the owner of the given id; NaN where there is none."""
    row_of = {found: n for n, found in enumerate(owners.ids)}
    rows = np.array([row_of.get(found, -1) for found in ids], dtype=np.intp)
    distance = np.full(len(points), np.nan)
    known = rows >= 0
    distance[known] = shapely.distance(points[known], owners.shapes[rows[known]])
    return distance


def place_in(table: Table, column: str, owners: Table, book: FaultBook) -> Table:
    """Fill the blanks of ``column`` by place and tell stated owners that lie elsewhere.

    A row in no owner's polygon keeps its blank.
    """
    points = inner_points(table)
    stated = table.texts(column)
    blank = np.asarray(stated == "", dtype=bool)
    away = distance_to(points, stated, owners)
    far = np.nan_to_num(away) > NEAR_M
    asked = blank | far
    found = np.full(len(points), "", dtype=object)
    found[asked] = owners_by_place(points[asked], owners)
    what = SINGULAR.get(owners.layer.name, owners.layer.name.removesuffix("s"))
    for row in np.flatnonzero(far):
        there = f"in {found[row]!r}" if found[row] else f"in no {what}"
        message = f"it lies {there}, {away[row]:,.0f} m from {stated[row]!r}"
        remedy = f"Mend its {what} or its place, or say believe_place = true in city.toml"
        fault = table.fault(f"wrong-{what}", message, remedy, field=column, row=int(row))
        believed = replace(
            fault, message=f"{message}: the place counts", remedy="", severity=Severity.REPAIRED
        )
        book.add(believed if table.believe_place else fault)
    return table.put(**{column: np.where(blank | (far & table.believe_place), found, stated)})


def has_homes(table: Table) -> Rows:
    """Say which buildings have homes: a stated number above 0, or residential where none is stated."""
    stated = table.numbers("households")
    residential = np.array([flag is not False for flag in table.texts("residential")], dtype=bool)
    return np.where(np.isnan(stated), residential, stated > 0).astype(bool)


def drop_outside(table: Table, book: FaultBook) -> Table:
    """Refuse buildings with homes outside every community; leave the others out, told once."""
    outside = np.asarray(table.texts("community_id") == "", dtype=bool)
    homes = outside & has_homes(table)
    message, remedy = "it lies outside every community", "Draw its community, or leave it out"
    book.add_each(table.places(homes), table.fault("building-outside", message, remedy, field="geometry"))
    idle = int((outside & ~homes).sum())
    if idle:
        message = f"{idle:,} buildings without homes outside every community were left out"
        book.add(table.repair("left-out", message))
    return table.keep(~outside)


def house_buildings(table: Table, compounds: Table, book: FaultBook) -> Table:
    """Give every building with homes its compound; tell those that two compounds share and those in none.

    A stated compound counts; a building without homes that states none is left alone.
    """
    homes = has_homes(table)
    blank = np.asarray(table.texts("compound_id") == "", dtype=bool)
    _tell_shared(table, compounds, blank & homes, book)
    placed = place_in(table, "compound_id", compounds, book)
    placed = placed.put(compound_id=np.where(blank & ~homes, "", placed.texts("compound_id")))
    housed = _reconciled(placed, compounds, book)
    alone = int((homes & (housed.texts("compound_id") == "")).sum())
    if alone:
        message = f"{alone:,} buildings with homes lie in no compound and make units of their own"
        book.add(table.warning("building-in-no-compound", message, field="compound_id"))
    return housed


def _tell_shared(table: Table, compounds: Table, rows: Rows, book: FaultBook) -> None:
    numbers = np.flatnonzero(rows & (shapely.get_dimensions(table.shapes) == 2))
    row, owner = shapely.STRtree(compounds.shapes).query(table.shapes[numbers], predicate="intersects")
    shapes = table.shapes[numbers][row]
    share = shapely.area(shapely.intersection(shapes, compounds.shapes[owner])) / shapely.area(shapes)
    claims = pd.Series(share >= FAIR_SHARE).groupby(row).sum()
    for n in claims.index[claims >= 2]:
        message = "two compounds share it and the data does not say whose it is"
        book.add(
            table.fault(
                "building-in-two-compounds",
                message,
                "State its compound",
                field="compound_id",
                row=int(numbers[n]),
            )
        )


def _reconciled(table: Table, compounds: Table, book: FaultBook) -> Table:
    """Mend buildings whose compound belongs to another community than they do: the nearer of the two counts.

    Both were believed because they are near; a building in its compound follows it, the others lose it.
    """
    home = dict(zip(compounds.ids, compounds.texts("community_id"), strict=True))
    mine = table.texts("community_id").copy()
    compound = table.texts("compound_id").copy()
    its = np.array([home.get(found, "") for found in compound], dtype=object)
    rows = np.flatnonzero((its != "") & (mine != its))
    inside = distance_to(inner_points(table)[rows], compound[rows], compounds) == 0
    for row, within in zip(rows, inside, strict=True):
        message = f"its compound {compound[row]!r} belongs to community {its[row]!r}, it to {mine[row]!r}; "
        message += (
            "it lies in its compound and follows it" if within else "it is not in its compound and left it"
        )
        book.add(table.repair("compound-elsewhere", message, row=int(row)))
        mine[row], compound[row] = (its[row], compound[row]) if within else (mine[row], "")
    return table.put(community_id=mine, compound_id=compound)
