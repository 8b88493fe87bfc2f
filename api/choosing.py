"""Choose rows of a layer: by what they lie in, sorted, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from api.problems import Refusal
from geogrid.snapshot.layers import AND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.snapshot.layers import Layer

# What a collection can be filtered by: the parameter, and the column that holds one id or several.
FILTERS = {
    "district": "district_id",
    "subdistrict": "subdistrict_id",
    "community": "community_id",
    "compound": "compound_ids",
    "branch": "branch_id",
    "grid": "grid_codes",
    "kind": "kind",
}
SEVERAL = ("compound_ids", "grid_codes")


@dataclass(frozen=True)
class Choice:
    """What is asked of a collection. ``wanted`` are columns and the value each must have."""

    wanted: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """The places of the rows on one page, and how many rows fit in all."""

    places: tuple[int, ...]
    matched: int


def filters_of(columns: Iterable[str]) -> dict[str, str]:
    """Return the filters that a layer with these columns has."""
    held = set(columns)
    return {name: column for name, column in FILTERS.items() if column in held}


def names_in(text: str | None, columns: Mapping[str, str], parameter: str) -> tuple[str, ...]:
    """Return the columns named in a comma-separated text.

    :raises Refusal: one of them is no column.
    """
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if any(name.removeprefix("-") not in columns for name in names):
        told = f"unknown column; known are {', '.join(columns)}"
        raise Refusal(422, errors=[{"in": "query", "name": parameter, "message": told}])
    return names


def page_of(layer: Layer, choice: Choice, among: Sequence[int] | None = None) -> Page:
    """Return a page of the rows that fit, of all rows or of those ``among`` them."""
    places = list(range(len(layer.rows))) if among is None else list(among)
    for column, value in choice.wanted.items():
        places = [place for place in places if _fits(layer.rows[place][column], value, column)]
    for name in reversed(choice.sort):
        column = name.removeprefix("-")
        stated = [place for place in places if layer.rows[place][column] is not None]
        rest = [place for place in places if layer.rows[place][column] is None]
        stated.sort(key=lambda place: layer.rows[place][column], reverse=name != column)
        places = stated + rest  # what is not known comes last, both ways
    return Page(tuple(places[choice.offset : choice.offset + choice.limit]), len(places))


def _fits(held: Any, value: Any, column: str) -> bool:
    if column in SEVERAL:
        return value in str(held).split(AND)
    return bool(held == value)


def page_links(path: str, query: Mapping[str, Any], choice: Choice, matched: int) -> list[dict[str, str]]:
    """Return the links from one page to itself, to the next and to the one before it."""

    def link(rel: str, offset: int) -> dict[str, str]:
        said = {**query, "limit": choice.limit, "offset": offset}
        return {"rel": rel, "href": f"{path}?{urlencode(said)}"}

    links = [link("self", choice.offset)]
    if choice.offset + choice.limit < matched:
        links.append(link("next", choice.offset + choice.limit))
    if choice.offset:
        links.append(link("prev", max(0, choice.offset - choice.limit)))
    return links


def link_header(links: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the links as a Link header (RFC 8288), for formats that have no place for them."""
    return {"Link": ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"' for one in links)}
