"""The shapes of collections, made from the columns of the snapshot's layers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from api.shapes import Bounds, PageLink, PlanInForce
from geogrid.snapshot.layers import SCHEMAS

ONE = {
    "cities": "City",
    "districts": "District",
    "subdistricts": "Subdistrict",
    "communities": "Community",
    "compounds": "Compound",
    "grids": "Grid",
    "branches": "Branch",
    "venues": "Venue",
    "pairings": "Pairing",
}
_TYPES = {"string": str, "int64": int, "bool": bool, "double": float}


def _row(layer: str) -> type[Struct]:
    """Return the shape of a row; ``fields=`` may leave out all but its id."""
    columns: list[Any] = [
        ("id", str),
        *(
            (column.name, _TYPES[str(column.type)] | UnsetType | None, UNSET)
            for column in SCHEMAS[layer]
            if column.name not in ("id", "geometry")
        ),
        ("counts", str | UnsetType, UNSET),
        ("position", list[float] | UnsetType, UNSET),
        ("bounds", Bounds | UnsetType, UNSET),
    ]
    return _shape(f"{ONE[layer]}Row", f"What is published of one of the {layer}.", columns)


def _credited(columns: list[Any]) -> list[Any]:
    return [*columns, ("plan", PlanInForce), ("attribution", str), ("licence", str), ("synthetic", bool)]


def _shape(name: str, told: str, columns: list[Any]) -> type[Struct]:
    made = msgspec.defstruct(name, columns, module=__name__, kw_only=True)
    made.__doc__ = told
    return made


ROWS = {layer: _row(layer) for layer in SCHEMAS}
LISTS = {
    layer: _shape(
        f"{ONE[layer]}Page",
        f"A page of the {layer}; ``matched`` counts those that fit on all pages.",
        _credited([(layer, list[row]), ("matched", int), ("returned", int), ("links", list[PageLink])]),  # type: ignore[valid-type]
    )
    for layer, row in ROWS.items()
}
ITEMS = {
    layer: _shape(
        f"{ONE[layer]}Item",
        f"One of the {layer}, and where to go from it.",
        _credited([(ONE[layer].lower(), row), ("links", list[PageLink])]),
    )
    for layer, row in ROWS.items()
}
