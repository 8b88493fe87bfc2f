"""Connect to the store and bring its tables up to date, whichever database keeps it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from geogrid.archive import postgres, sqlite
from geogrid.archive.naming import parse
from geogrid.errors import NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

BEYOND = ("number", "beyond 64 bits")
BACKENDS = {"sqlite": sqlite, "postgresql": postgres}


def open_engine(url: str, *, revision: str = "head") -> Engine:
    """Open the store at ``url``, create an embedded one's folder and file where they are missing, migrate it.

    Only tests of older stores ask for another ``revision`` than the newest.

    :raises StoreError: the URL names no store, it cannot be reached, or a newer geogrid wrote it.
    """
    place = parse(url)
    backend = BACKENDS[place.get_backend_name()]
    arguments = backend.arguments_of(place)
    serializer = partial(json.dumps, ensure_ascii=False, sort_keys=True, allow_nan=False)
    try:
        engine = create_engine(place, json_serializer=serializer, **arguments)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(f"no driver for {place.drivername!r} is installed here") from error
    backend.prepare(engine)
    migrate(engine, revision)
    return engine


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
    except OverflowError as error:
        raise NotFoundError(*BEYOND) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one consistent state of the store.

    :raises StoreError: the store is damaged or cannot be reached.
    :raises NotFoundError: something is asked for by a number that no store can hold.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreError(f"the store could not be read: {_reason(error)}") from error
    except OverflowError as error:
        raise NotFoundError(*BEYOND) from error


def announce(connection: Connection, city_id: str) -> None:
    """Tell those who listen, when this transaction is committed, that something of a city was published."""
    BACKENDS[connection.dialect.name].announce(connection, city_id)


@contextmanager
def listening(engine: Engine) -> Iterator[Callable[[float], None]]:
    """Give a function that waits until something is published, or for some seconds at most.

    :raises StoreError: the store cannot be reached, then or while waiting.
    """
    try:
        with BACKENDS[engine.dialect.name].listening(engine) as wait:
            yield wait
    except SQLAlchemyError as error:
        raise StoreError(f"the store could not be listened to: {_reason(error)}") from error


def _reason(error: SQLAlchemyError) -> str:
    """Return the driver's words alone: SQLAlchemy's own text repeats the values, which may be private.

    PostgreSQL names values in the details of its message, so only the message's first part is told.
    """
    cause = getattr(error, "orig", None)
    told = getattr(getattr(cause, "diag", None), "message_primary", None)
    return str(told or cause or type(error).__name__)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to a revision of this geogrid, in one transaction.

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
        if engine.dialect.name == "postgresql":
            postgres.require_postgis(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
