"""Write a City to its tables and read it back, equal in every value."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import delete, exists, insert, select, update

from geogrid.archive.audit import digest_of
from geogrid.archive.draft_schema import draft
from geogrid.archive.schema import (
    ADDRESS_ELEMENTS,
    LAYERS,
    address,
    edition,
    unit_set,
    version,
)
from geogrid.errors import Fault, NotFoundError, Severity, StoreError
from geogrid.model import (
    Barrier,
    Branch,
    Building,
    BuildingGroup,
    City,
    Community,
    Compound,
    District,
    Land,
    Pairing,
    Street,
    Subdistrict,
    TeamMember,
    Venue,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Row, Table

KINDS: dict[str, type[Any]] = {
    "districts": District,
    "subdistricts": Subdistrict,
    "communities": Community,
    "compounds": Compound,
    "buildings": Building,
    "building_groups": BuildingGroup,
    "barriers": Barrier,
    "land": Land,
    "streets": Street,
    "venues": Venue,
    "branches": Branch,
    "team": TeamMember,
    "pairings": Pairing,
}
FACTS = (
    "name",
    "plane",
    "grammar",
    "counts",
    "estimation",
    "attribution",
    "licence",
    "synthetic",
    "language",
    "names",
)
ADDRESSES_AT_ONCE = 20_000
_ADDRESS_TEXTS = ("address_id", "text", "building_id", "community_id")


def write_city(connection: Connection, city: City, at: datetime) -> int:
    """Make ``city`` the current edition of its id and return the edition; equal data keeps its edition."""
    facts = {name: getattr(city, name) for name in FACTS}
    facts["faults"] = [asdict(fault) for fault in city.faults]
    facts["address_columns"] = _columns_of(city.addresses)
    layers = {name: to_rows(getattr(city, name)) for name in LAYERS}
    addresses = _address_columns(city.addresses)
    digest = _digest(facts, layers, addresses)
    current = current_edition(connection, city.id)
    if current is not None and current.digest == digest:
        return int(current.id)
    connection.execute(update(edition).where(edition.c.city_id == city.id).values(current=False))
    facts |= {"city_id": city.id, "current": True, "digest": digest, "stored_at": at}
    new = connection.execute(insert(edition).values(**facts)).inserted_primary_key
    assert new is not None
    for name, table in LAYERS.items():
        insert_rows(connection, table, layers[name], edition_id=new[0])
    _insert_addresses(connection, addresses, int(new[0]))
    _drop_unused(connection, city.id)
    return int(new[0])


def to_rows(things: Iterable[Any]) -> list[dict[str, Any]]:
    """Return a row for each dataclass, in order, named like its fields."""
    things = list(things)
    if not things:
        return []
    names = [field.name for field in fields(things[0])]
    return [
        {"position": place} | {name: getattr(thing, name) for name in names}
        for place, thing in enumerate(things)
    ]


def insert_rows(connection: Connection, table: Table, rows: list[dict[str, Any]], **keys: object) -> None:
    """Insert rows in bulk, each with ``keys`` added."""
    if rows:
        connection.execute(insert(table), [row | keys for row in rows])


def read_rows(connection: Connection, table: Table, kind: type[Any], **keys: object) -> tuple[Any, ...]:
    """Return the dataclasses that ``to_rows`` wrote, in order."""
    columns = [table.c[field.name] for field in fields(kind)]
    query = select(*columns).order_by(table.c.position)
    for name, value in keys.items():
        query = query.where(table.c[name] == value)
    return tuple(kind(*row) for row in connection.execute(query))


def current_edition(connection: Connection, city_id: str) -> Row[Any] | None:
    """Return the row of the newest data of a city."""
    query = select(edition).where(edition.c.city_id == city_id, edition.c.current)
    return connection.execute(query).first()


def read_city(connection: Connection, city_id: str, number: int | None = None) -> City:
    """Return the city as it was stored: its newest data, or those of edition ``number``.

    :raises NotFoundError: no such city or edition.
    """
    row = current_edition(connection, city_id)
    if number is not None:
        query = select(edition).where(edition.c.id == number, edition.c.city_id == city_id)
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError("city", city_id)
    layers: dict[str, Any] = {
        name: read_rows(connection, LAYERS[name], kind, edition_id=row.id) for name, kind in KINDS.items()
    }
    faults = tuple(Fault(**{**fault, "severity": Severity(fault["severity"])}) for fault in row.faults)
    facts = {name: getattr(row, name) for name in FACTS}
    addresses = _read_addresses(connection, row.id, row.address_columns)
    return City(id=city_id, **facts, **layers, addresses=addresses, faults=faults)


def _drop_unused(connection: Connection, city_id: str) -> None:
    """Forget the data that neither a plan version nor the units of a draft stand on."""
    used = exists().where(version.c.edition_id == edition.c.id)
    drafted = exists().where(unit_set.c.edition_id == edition.c.id, draft.c.unit_set_id == unit_set.c.id)
    old = delete(edition).where(edition.c.city_id == city_id, ~edition.c.current, ~used, ~drafted)
    connection.execute(old)


def _columns_of(frame: pd.DataFrame) -> list[list[str]]:
    """Return the columns of the addresses in order, each with its type.

    :raises StoreError: a column that the archive has no place for.
    """
    known = {*_ADDRESS_TEXTS, "x", "y", *ADDRESS_ELEMENTS}
    strangers = [str(name) for name in frame.columns if name not in known]
    missing = [name for name in (*_ADDRESS_TEXTS, "x", "y") if name not in frame.columns]
    if strangers or missing:
        raise StoreError(f"addresses: unknown columns {strangers}, missing columns {missing}")
    return [[str(name), str(frame[name].dtype)] for name in frame.columns]


def _address_columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    columns = {str(name): _plain(frame[name]) for name in frame.columns}
    return {"position": list(range(len(frame)))} | columns


def _insert_addresses(connection: Connection, columns: dict[str, list[Any]], number: int) -> None:
    """Insert the addresses a piece at a time: a city has a million of them."""
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    while piece := list(itertools.islice(rows, ADDRESSES_AT_ONCE)):
        found = [dict(zip(names, row, strict=True)) for row in piece]
        insert_rows(connection, address, found, edition_id=number)


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Return Python values, None where the column has none; numbers in a text column become text."""
    missing = column.isna().to_numpy()
    if column.name in {"x", "y"}:
        values = column.to_numpy(dtype=float).astype(object)
    elif pd.api.types.is_numeric_dtype(column.dtype):
        values = np.array([repr(value) for value in column.tolist()], dtype=object)
    else:
        values = column.to_numpy(dtype=object, copy=True)
    values[missing] = None
    return list(values)


def _read_addresses(connection: Connection, number: int, columns: list[list[str]]) -> pd.DataFrame:
    names = [name for name, _ in columns]
    query = select(*(address.c[name] for name in names)).where(address.c.edition_id == number)
    rows = connection.execute(query.order_by(address.c.position)).all()
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    frame = {
        name: pd.Series(list(values), dtype=object).astype(pd.api.types.pandas_dtype(kind))
        for (name, kind), values in zip(columns, by_column, strict=True)
    }
    return pd.DataFrame(frame, columns=names)


def _digest(
    facts: dict[str, Any], layers: dict[str, list[dict[str, Any]]], addresses: dict[str, list[Any]]
) -> str:
    """Return a hash of all that a city says; rows are hashed one by one to keep memory flat."""
    total = hashlib.sha256(digest_of(facts).encode())
    for name, rows in layers.items():
        total.update(name.encode())
        for row in rows:
            total.update(digest_of(list(row.values())).encode())
    for address_row in zip(*addresses.values(), strict=True):
        total.update(json.dumps(address_row, ensure_ascii=False).encode())
    return total.hexdigest()
