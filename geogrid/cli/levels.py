"""``geogrid levels``: walk the five levels of the city, with counts at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.store import snapshot_in_force
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from geogrid.snapshot import Snapshot

# From the top down; a place says in the column after it which one above it belongs to.
LEVELS = ("cities", "districts", "subdistricts", "communities", "compounds")
PARENT = {"districts": "district_id", "subdistricts": "subdistrict_id", "communities": "community_id"}
COUNTS = (
    "districts",
    "subdistricts",
    "communities",
    "compounds",
    "grids",
    "branches",
    "venues",
    "households",
)


@app.command()
def levels(
    place: Annotated[str, typer.Argument(help="The id of a place; the city if left out.")] = "",
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Show a place of the five levels: what is above it, what is in it, and the counts of each.

    City, district, subdistrict, community, compound. Exit 5 where no place has that id.

    Example: geogrid levels 210602 --store sqlite:///var/dandong.db
    """
    snapshot = snapshot_in_force(store, city)
    level, row = found(snapshot, place)
    below, inside = children(snapshot, level, row)
    if json:
        print_json({"level": level, "place": row, "above": above(row), "below": below, "places": inside})
        return
    say(" > ".join([*(name for _, name in above(row)), str(row["name"])]))
    columns = [name for name in COUNTS if any(name in one for one in (row, *inside))]
    shown = [_cells(row, columns), *(_cells(one, columns) for one in inside)]
    print_table(["id", "name", *columns], shown)


def found(snapshot: Snapshot, place: str) -> tuple[str, dict[str, Any]]:
    """Return the level and the facts of a place, the city's where no place is named.

    :raises NotFoundError: no place has this id.
    """
    for level in LEVELS:
        for row in snapshot.layer(level).rows:
            if not place or row["id"] == place:
                return level, row
    raise NotFoundError("place", place)


def children(snapshot: Snapshot, level: str, row: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Return the next level that has places in this one, and those places."""
    column = PARENT.get(level)
    for below in LEVELS[LEVELS.index(level) + 1 :]:
        rows = snapshot.layer(below).rows
        inside = [one for one in rows if level == "cities" or one.get(column or "") == row["id"]]
        if inside:
            return below, inside
    return "", []


def above(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return id and name of the places above, the highest first."""
    names = ("district", "subdistrict", "community")
    return [(row[f"{one}_id"], row[one]) for one in names if row.get(f"{one}_id")]


def _cells(row: dict[str, Any], columns: list[str]) -> list[str]:
    counts = [f"{row[name]:,}" if isinstance(row.get(name), int) else "" for name in columns]
    return [str(row["id"]), str(row["name"]), *counts]
