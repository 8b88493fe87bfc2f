"""Keep what reviewers taught: further names of roads, compounds and doors, with their days and who said so.

Names and codes that an area no longer has are told with them; they follow from its dated codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from geogrid.addresses import KnownName
from geogrid.archive.areas import read_area_codes
from geogrid.archive.records import LearntName
from geogrid.archive.schema import learnt_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from sqlalchemy import Connection

    from geogrid.archive.records import DatedCode

NAMED = ("district", "subdistrict", "community", "compound")


def learn(
    connection: Connection, city_id: str, names: Iterable[KnownName], *, who: str, at: datetime, today: date
) -> int:
    """Keep names that are new and return how many; a text that meant another thing stops meaning it today."""
    known = {one.name.text: one for one in read_learnt(connection, city_id) if one.until is None}
    count = 0
    for name in dict.fromkeys(names):
        old = known.get(name.text)
        if old is not None and (old.name.kind, old.name.id) == (name.kind, name.id):
            continue
        if old is not None:
            end(connection, [old.id], today)
        row = {"city_id": city_id, "text": name.text, "kind": name.kind, "target": name.id}
        connection.execute(insert(learnt_name).values(**row, since=today, learnt_by=who, learnt_at=at))
        count += 1
    return count


def end(connection: Connection, ids: Iterable[int], today: date) -> None:
    """Let names stop meaning what they meant."""
    connection.execute(update(learnt_name).where(learnt_name.c.id.in_(list(ids))).values(until=today))


def read_learnt(connection: Connection, city_id: str) -> tuple[LearntName, ...]:
    """Return what was ever taught about a city, the oldest first."""
    query = select(learnt_name).where(learnt_name.c.city_id == city_id).order_by(learnt_name.c.id)
    return tuple(
        LearntName(
            row.id,
            KnownName(row.text, row.kind, row.target, "alias", row.since.isoformat(), _iso(row.until)),
            row.since,
            row.until,
            row.learnt_by,
            row.learnt_at,
        )
        for row in connection.execute(query)
    )


def known_names(connection: Connection, city_id: str) -> tuple[KnownName, ...]:
    """Return the names to compile: taught ones in use, then former names and codes with their dates."""
    learnt = tuple(one.name for one in read_learnt(connection, city_id) if one.until is None)
    return (*learnt, *_former(read_area_codes(connection, city_id, None)))


def _former(codes: tuple[DatedCode, ...]) -> Iterator[KnownName]:
    """Yield the codes and names that an area had, where they differ from those it has."""
    present = {one.area_id: (one.code, one.name) for one in codes if one.valid_to is None}
    for one in codes:
        if one.valid_to is None or one.area_id not in present or one.level not in NAMED:
            continue
        dates = (one.valid_from.isoformat(), one.valid_to.isoformat())
        for said, now in zip((one.code, one.name), present[one.area_id], strict=True):
            if said and said != now:
                yield KnownName(said, one.level, one.source_id, "former", *dates)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
