"""Which store a test works on: an embedded one, or one in a real PostgreSQL with PostGIS."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class _Choice:
    server: PostgresServer | None = None
    made: dict[Path, str]


_choice = _Choice()
_choice.made = {}


@contextmanager
def kept_on(server: PostgresServer | None) -> Iterator[None]:
    """Keep the stores of the tests within on a server; None for files of SQLite."""
    _choice.server = server
    try:
        yield
    finally:
        made = list(_choice.made.values())
        _choice.server, _choice.made = None, {}
        if server is not None:
            for url in made:
                server.drop(url)


def store_of(folder: Path, *, empty: bool = False) -> str:
    """Return the URL of the store of a test's folder; on a server it is made when it is first asked for.

    It has its tables already, unless it is asked for ``empty``; a file is made when it is opened.
    """
    if _choice.server is None:
        return f"sqlite:///{folder}/store.db"
    if folder not in _choice.made:
        server = _choice.server
        _choice.made[folder] = server.new_database() if empty else server.new_store()
    return _choice.made[folder]


def on_server() -> bool:
    """Tell whether stores are kept on a server now."""
    return _choice.server is not None


def bare_engine(folder: Path) -> Engine:
    """Return an engine on the store that knows nothing of geogrid, as an intruder or a tool would use."""
    return create_engine(store_of(folder).replace("postgresql://", "postgresql+psycopg://"))


def execute(folder: Path, *statements: str) -> list[Any]:
    """Run statements on the store behind geogrid's back; return the rows of the last one.

    On a server they claim to be geogrid, or they would not come past the guard of the tables.
    """
    engine = bare_engine(folder)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL geogrid.writer = 'on'"))
            for statement in statements:
                done = connection.execute(text(statement))
            return [tuple(row) for row in done] if done.returns_rows else []
    finally:
        engine.dispose()
