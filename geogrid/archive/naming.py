"""How a store is named; to read a name needs neither the store nor what works with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from geogrid.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

# The database of a name, and the driver that geogrid speaks to it with.
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
HOW = "a store is named like sqlite:///FILE or postgresql://USER@HOST/NAME"


def parse(url: str) -> URL:
    """Return the parts of a store's URL.

    :raises StoreError: it names no store.
    """
    try:
        place = make_url(url)
    except ArgumentError as error:
        raise StoreError(HOW) from error
    if place.drivername in DRIVERS:
        place = place.set(drivername=DRIVERS[place.drivername])
    if place.drivername not in DRIVERS.values():
        raise StoreError(HOW)
    if place.database in (None, "", ":memory:"):
        raise StoreError(f"the name of the store has no file or database in it: {HOW}")
    return place


def store_file(url: str) -> Path | None:
    """Return the file of an embedded store, None for a database server.

    :raises StoreError: the URL names no store.
    """
    place = parse(url)
    return Path(str(place.database)) if place.get_backend_name() == "sqlite" else None


def store_name(url: str) -> str:
    """Return the name of a store's database or, of an embedded one, of its file without the ending."""
    file = store_file(url)
    return str(parse(url).database) if file is None else file.stem


def public_name(url: str) -> str:
    """Return a store's URL as it may be shown: without its password."""
    return parse(url)._replace(password=None).render_as_string()
