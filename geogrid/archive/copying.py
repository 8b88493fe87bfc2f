"""Move a whole store from one database to another, and prove that nothing changed on the way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from geogrid.archive import account_schema, deposits, desk_schema, draft_schema  # noqa: F401 - they add their tables to the schema
from geogrid.archive.audit import digest_of
from geogrid.archive.engine import open_engine, reading, writing
from geogrid.archive.schema import metadata
from geogrid.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection, Table

ROWS_AT_ONCE = 5_000
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table that was copied: its rows, and a checksum of them in any order."""

    name: str
    rows: int
    checksum: str


def copy_store(
    source: str, target: str, *, progress: Callable[[CopiedTable], None] | None = None
) -> tuple[CopiedTable, ...]:
    """Copy everything that the store at ``source`` keeps into the empty store at ``target``.

    Both are migrated first. What is read is one state of the source, what is written is one transaction, and
    before it is committed every table is read back and must have the checksum of its source.

    :raises StoreError: a store cannot be opened, the target holds something already, or a table came out
        otherwise than it went in; then the target is as empty as before.
    """
    old, new = open_engine(source), open_engine(target)
    try:
        with reading(old) as here, writing(new) as there:
            _require_empty(there)
            copied = []
            for table in metadata.sorted_tables:
                copied.append(_copy_table(here, there, table))
                if progress is not None:
                    progress(copied[-1])
            restart_counters(there)
        return tuple(copied)
    finally:
        old.dispose()
        new.dispose()


def _require_empty(connection: Connection) -> None:
    full = [
        table.name
        for table in metadata.sorted_tables
        if connection.execute(select(func.count()).select_from(table)).scalar()
    ]
    if full:
        raise StoreError(f"the target holds rows in {', '.join(full)}: copy into a store that is empty")


def _copy_table(here: Connection, there: Connection, table: Table) -> CopiedTable:
    count, total = 0, 0
    for rows in _pieces(here, table):
        there.execute(insert(table), rows)
        count += len(rows)
        total += sum(map(_row_number, rows))
    back = sum(_row_number(row) for rows in _pieces(there, table) for row in rows)
    if back % _MODULUS != total % _MODULUS:
        raise StoreError(f"table {table.name} came out otherwise than it went in; nothing was kept")
    return CopiedTable(table.name, count, f"{total % _MODULUS:064x}")


def _pieces(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows in pieces, those that others refer to first."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    for rows in connection.execute(query).mappings().partitions():
        yield [dict(row) for row in rows]


def _row_number(row: dict[str, Any]) -> int:
    """Return a row's hash as a number; their sum does not depend on an order, which databases differ in."""
    return int.from_bytes(hashlib.sha256(digest_of(list(row.values())).encode()).digest(), "big")


def restart_counters(connection: Connection, tables: Iterable[Table] = metadata.tables.values()) -> None:
    """Let PostgreSQL go on counting ids after rows that brought their own; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        named = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
        last = f"SELECT max({column.name}) FROM {table.name}"  # noqa: S608 - names of our own schema
        connection.execute(text(f"SELECT setval({named}, ({last})) WHERE ({last}) IS NOT NULL"))
