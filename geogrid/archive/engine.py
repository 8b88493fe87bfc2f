"""Connect to the store and bring its tables up to date.

All that is particular to SQLite is in this file. It runs in WAL mode with ``synchronous=FULL``: readers
never wait for a writer, and a commit that was acknowledged survives a power cut (``NORMAL`` may lose the
last ones in WAL mode; writes here are rare and large, so the extra fsync costs nothing worth having).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

BUSY_TIMEOUT_S = 30.0


def open_engine(url: str) -> Engine:
    """Open the store at ``url``, create its folder and file where they are missing, and migrate it.

    :raises StoreError: the URL or the file is no store, or it was written by a newer geogrid.
    """
    place = _parse(url)
    try:
        engine = create_engine(
            place,
            json_serializer=partial(json.dumps, ensure_ascii=False, sort_keys=True, allow_nan=False),
            **_sqlite_arguments(place),
        )
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(f"no driver for {place.drivername!r} is installed here") from error
    if engine.dialect.name == "sqlite":
        _speak_sqlite(engine)
    migrate(engine)
    return engine


def store_file(url: str) -> Path | None:
    """Return the file of an embedded store, None for a database server."""
    place = _parse(url)
    return Path(place.database) if place.get_backend_name() == "sqlite" and place.database else None


def _parse(url: str) -> URL:
    try:
        place = make_url(url)
    except ArgumentError as error:
        raise StoreError("a store is named like sqlite:///FILE or postgresql://HOST/NAME") from error
    if place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:"):
        raise StoreError("an embedded store needs a file: sqlite:///FILE")
    return place


def _sqlite_arguments(place: URL) -> dict[str, Any]:
    if place.get_backend_name() != "sqlite":
        return {}
    try:
        Path(str(place.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create the folder of the store: {error.strerror}") from error
    return {"connect_args": {"timeout": BUSY_TIMEOUT_S}}


def _speak_sqlite(engine: Engine) -> None:
    """Set up every connection, and begin transactions ourselves.

    The driver's own transactions leave DDL and SELECT outside, so a migration could stop half way. A
    writing transaction takes the write lock at once: two that read first and write later cannot deadlock.
    """

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection inside one transaction: all of it is written, or nothing.

    :raises StoreError: the store is busy, full, read-only or damaged.
    """
    try:
        with engine.execution_options(writes=True).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreError(f"the store could not be written: {_reason(error)}") from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one consistent state of the store.

    :raises StoreError: the store is damaged or cannot be reached.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreError(f"the store could not be read: {_reason(error)}") from error


def _reason(error: SQLAlchemyError) -> str:
    """Return the driver's words alone: SQLAlchemy's own text repeats the values, which may be private."""
    return str(getattr(error, "orig", None) or type(error).__name__)


def migrate(engine: Engine) -> None:
    """Bring the tables to this geogrid's newest revision, in one transaction.

    :raises StoreError: the store is of a newer geogrid, or no database at all.
    """
    config = Config()
    config.set_main_option("script_location", "geogrid.archive:migrations")
    scripts = ScriptDirectory.from_config(config)
    with reading(engine) as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    if at == scripts.get_current_head():
        return
    if at is not None and at not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"this store was written by a newer geogrid (schema {at}); update geogrid to open it"
        )
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
