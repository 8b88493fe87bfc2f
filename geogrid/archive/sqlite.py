"""All that is particular to the embedded store, one SQLite file.

It runs in WAL mode with ``synchronous=FULL``: readers never wait for a writer, and a commit that was
acknowledged survives a power cut (``NORMAL`` may lose the last ones in WAL mode; writes here are rare and
large, so the extra fsync costs nothing worth having).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

BUSY_TIMEOUT_S = 30.0
LOOK_S = 1.0


def arguments_of(place: URL) -> dict[str, Any]:
    """Return what the engine is made with, after creating the folder of the file.

    :raises StoreError: the folder cannot be created.
    """
    file = Path(str(place.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if (
            not file.exists()
        ):  # it holds names that are not public: for this user alone, and so its log beside it
            file.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"cannot create the folder of the store: {error.strerror}") from error
    return {"connect_args": {"timeout": BUSY_TIMEOUT_S}}


def announce(_connection: Connection, _city_id: str) -> None:
    """Tell nobody: whoever reads an embedded store looks at its files."""


@contextmanager
def listening(_engine: Engine) -> Iterator[Callable[[float], None]]:
    """Give a function that waits a moment and no longer, because nobody tells of anything."""
    yield lambda seconds: time.sleep(min(seconds, LOOK_S))


def prepare(engine: Engine) -> None:
    """Set up every connection, and begin transactions ourselves.

    The driver's own transactions leave DDL and SELECT outside, so a migration could stop half way. A
    writing transaction takes the write lock at once: two that read first and write later cannot deadlock.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
