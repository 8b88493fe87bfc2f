"""Give every area a surrogate id that never changes, and keep its codes with their days of validity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from geogrid.archive.records import DatedCode
from geogrid.archive.schema import area, area_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Connection

    from geogrid.model import City

NATIONAL = "national"  # the 12-digit division code
OWN = "own"  # the data's own id, where it has no official code


def register_areas(connection: Connection, city: City, today: date) -> None:
    """Note the areas of ``city`` and their codes: new ones from ``today`` on, vanished ones until today."""
    ids = _surrogates(connection, city)
    open_codes = {
        (row.area_id, row.scheme): row
        for row in connection.execute(
            select(area_code)
            .join(area, area.c.id == area_code.c.area_id)
            .where(area.c.city_id == city.id, area_code.c.valid_to.is_(None))
        )
    }
    new = []
    for level, source_id, scheme, code, name in _codes(city):
        known = open_codes.get((ids[level, source_id], scheme))
        if known is not None and (known.code, known.name) == (code, name):
            del open_codes[known.area_id, scheme]
            continue
        new.append(
            {
                "area_id": ids[level, source_id],
                "scheme": scheme,
                "code": code,
                "name": name,
                "valid_from": today,
            }
        )
    gone = [row.id for row in open_codes.values()]
    for start in range(0, len(gone), 500):
        some = area_code.c.id.in_(gone[start : start + 500])
        connection.execute(update(area_code).where(some).values(valid_to=today))
    if new:
        connection.execute(insert(area_code), new)


def _surrogates(connection: Connection, city: City) -> dict[tuple[str, str], int]:
    """Return the surrogate id of each (level, source id), making those that are missing."""
    query = select(area.c.level, area.c.source_id, area.c.id).where(area.c.city_id == city.id)
    known = {(level, source_id) for level, source_id, _ in connection.execute(query)}
    rows: list[dict[str, Any]] = [
        {"city_id": city.id, "level": level, "source_id": source_id}
        for level, source_id, *_ in _codes(city)
        if (level, source_id) not in known
    ]
    if rows:
        connection.execute(insert(area), rows)
    return {(row.level, row.source_id): int(row.id) for row in connection.execute(query)}


def _codes(city: City) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (level, source id, scheme, code, name) of every area of the five levels."""
    yield "city", city.id, OWN, city.id, city.name
    layers: dict[str, tuple[Any, ...]] = {
        "district": city.districts,
        "subdistrict": city.subdistricts,
        "compound": city.compounds,
    }
    for level, areas in layers.items():
        for thing in areas:
            yield level, thing.id, OWN, thing.id, thing.name
    for community in city.communities:
        scheme = NATIONAL if len(community.code) == 12 and community.code.isdigit() else OWN
        yield "community", community.id, scheme, community.code, community.name


def read_area_codes(connection: Connection, city_id: str, on: date | None) -> tuple[DatedCode, ...]:
    """Return the codes of a city's areas, all of them or those valid on a day."""
    query = (
        select(area.c.id, area.c.level, area.c.source_id, area_code)
        .join(area_code, area.c.id == area_code.c.area_id)
        .where(area.c.city_id == city_id)
        .order_by(area.c.id, area_code.c.valid_from, area_code.c.id)
    )
    if on is not None:
        query = query.where(
            area_code.c.valid_from <= on, area_code.c.valid_to.is_(None) | (area_code.c.valid_to > on)
        )
    return tuple(
        DatedCode(
            row.area_id,
            row.level,
            row.source_id,
            row.scheme,
            row.code,
            row.name,
            row.valid_from,
            row.valid_to,
        )
        for row in connection.execute(query)
    )
