"""Snapshots deposited in the store, so that servers on other machines can fetch them from there.

A snapshot is kept in parts of a few megabytes; its seal is the checksum of its manifest, which covers
every file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text, delete, insert, select

from geogrid.archive.columns import Instant
from geogrid.archive.engine import announce, reading, writing
from geogrid.archive.schema import metadata
from geogrid.archive.versions import read_version
from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

PART_BYTES = 4 << 20

deposit = Table(
    "deposit",
    metadata,
    Column("version_id", ForeignKey("version.id", ondelete="CASCADE"), primary_key=True),
    Column("seal", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
deposit_part = Table(
    "deposit_part",
    metadata,
    Column("version_id", ForeignKey("deposit.version_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)


class Deposits:
    """The snapshots that are kept in a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, version_id: int, seal: str, folder: Path) -> None:
        """Keep the files of a published version's snapshot, and tell all who listen.

        ``seal`` is the checksum of its manifest.

        :raises NotFoundError: no such version.
        """
        with writing(self._engine) as connection:
            here = read_version(connection, version_id)
            write_deposit(connection, version_id, seal, folder, self._clock())
            announce(connection, here.city_id)

    def seals(self, versions: list[int]) -> dict[int, str]:
        """Return the seals of the snapshots that are kept of these versions."""
        with reading(self._engine) as connection:
            return read_seals(connection, versions)

    def fetch(self, version_id: int, folder: Path) -> None:
        """Write the files of a kept snapshot into an empty folder; their manifest tells if they are whole."""
        with reading(self._engine) as connection:
            fetch_deposit(connection, version_id, folder)


def write_deposit(connection: Connection, version_id: int, seal: str, folder: Path, at: datetime) -> None:
    """Keep every file of a snapshot's folder in the place of what was deposited before."""
    connection.execute(delete(deposit).where(deposit.c.version_id == version_id))
    connection.execute(insert(deposit).values(version_id=version_id, seal=seal, at=at))
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        for part, data in enumerate(_parts(path)):
            row = {"version_id": version_id, "name": name, "part": part, "data": data}
            connection.execute(insert(deposit_part).values(row))


def _parts(path: Path) -> Iterator[bytes]:
    """Yield a file in parts, at least one."""
    with path.open("rb") as file:
        yield file.read(PART_BYTES)
        while data := file.read(PART_BYTES):
            yield data


def read_seals(connection: Connection, versions: list[int]) -> dict[int, str]:
    """Return the seals of the snapshots that are deposited of these versions."""
    query = select(deposit.c.version_id, deposit.c.seal).where(deposit.c.version_id.in_(versions))
    return {row.version_id: row.seal for row in connection.execute(query)}


def fetch_deposit(connection: Connection, version_id: int, folder: Path) -> None:
    """Write the files of a deposited snapshot into an empty folder."""
    here = deposit_part.c.version_id == version_id
    parts = select(deposit_part.c.name, deposit_part.c.part).where(here)
    for name, part in sorted(tuple(row) for row in connection.execute(parts)):
        one = here & (deposit_part.c.name == name) & (deposit_part.c.part == part)
        data = connection.execute(select(deposit_part.c.data).where(one)).scalar_one()
        path = _within(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)


def _within(folder: Path, name: str) -> Path:
    """Return the place of a file, which a name from a strange store must not choose outside the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise StoreError(f"a deposited snapshot names a file outside its folder: {name!r}")
    return path
