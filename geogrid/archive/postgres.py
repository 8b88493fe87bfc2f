"""All that is particular to a store in PostgreSQL with PostGIS.

Transactions behave as in the embedded store: readers see one state and never wait, writers come one after the
other. A writer takes one advisory lock of the database first, so that what it reads cannot change until it
commits, and no write ever has to be repeated because of another.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError

from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

CONNECT_TIMEOUT_S = 10
BUSY_TIMEOUT_S = 30
# A server that is cut off is given up after half a minute, not after the two hours of TCP's own patience.
KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
CHANNEL = "geogrid_published"
WRITERS = 0x67656F67  # the advisory lock of whoever writes: "geog"


def arguments_of(_place: URL) -> dict[str, Any]:
    """Return what the engine is made with; a connection that the server dropped is replaced unseen."""
    told = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "geogrid",
        "options": f"-c timezone=UTC -c lock_timeout={BUSY_TIMEOUT_S}s",
        **KEEPALIVE,
    }
    return {"connect_args": told, "pool_pre_ping": True, "pool_timeout": BUSY_TIMEOUT_S}


def prepare(engine: Engine) -> None:
    """Begin every transaction as a reader of one state, or as the one writer."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            # The guard of the tables lets nobody write who does not say that he is geogrid.
            connection.exec_driver_sql(
                f"SELECT pg_advisory_xact_lock({WRITERS}), set_config('geogrid.writer', 'on', true)"
            )
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def announce(connection: Connection, city_id: str) -> None:
    """Tell those who listen, when this transaction is committed, that something of a city was published."""
    connection.execute(select(func.pg_notify(CHANNEL, city_id)))


@contextmanager
def listening(engine: Engine) -> Iterator[Callable[[float], None]]:
    """Give a function that waits for an announcement, on a connection of its own.

    :raises DBAPIError: the connection is lost.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        driver: Any = connection.connection.driver_connection
        connection.detach()  # it listens, so it must not go back to the pool

        def wait(seconds: float) -> None:
            try:
                for _ in driver.notifies(timeout=seconds, stop_after=1):
                    return
            except psycopg.Error as error:
                raise DBAPIError(None, None, error) from error

        yield wait


def require_postgis(connection: Connection) -> None:
    """Make sure that the database has PostGIS, before any table is laid.

    :raises StoreError: it has not, and this role may not add it.
    """
    if connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").first():
        return
    may = "SELECT usesuper FROM pg_user WHERE usename = current_user"
    here = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"
    if not (connection.exec_driver_sql(here).first() and connection.exec_driver_sql(may).scalar()):
        raise StoreError(
            "this database has no PostGIS: install it on the server (Debian: postgresql-15-postgis-3) "
            "and run CREATE EXTENSION postgis in the database as its administrator"
        )
    connection.exec_driver_sql("CREATE EXTENSION postgis")
