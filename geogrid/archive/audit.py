"""The append-only trail of who changed what: every line carries the hash of the line before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert, select

from geogrid.archive.records import AuditEntry
from geogrid.archive.schema import audit
from geogrid.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from geogrid.archive.draft_records import Actor

START = "0" * 64


def digest_of(value: object) -> str:
    """Return the SHA-256 of a value that JSON can write; equal values have equal digests."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    """Write what JSON cannot: a geometry by all its bits, a date by its name."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return str(value.wkb_hex) if isinstance(value, BaseGeometry) else str(value)


def record(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    what: str,
    subject: str,
    before: str = "",
    after: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add a line to the trail, in the transaction of the change itself."""
    last = connection.execute(select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    line = {
        "id": (last.id if last else 0) + 1,
        "at": at.isoformat(),
        "who": who,
        "what": what,
        "subject": subject,
        "before": before,
        "after": after,
        "details": details or {},
    }
    connection.execute(insert(audit).values(**line, hash=_chained(last.hash if last else START, line)))


def record_by(
    connection: Connection, by: Actor, *, at: datetime, what: str, subject: str, **details: Any
) -> None:
    """Add a line about what somebody did, with the place it was done from."""
    told = {**details, "from": by.origin} if by.origin else details
    record(connection, at=at, who=by.name, what=what, subject=subject, details=told)


def _chained(before: str, line: dict[str, Any]) -> str:
    return digest_of([before, line])


def read_trail(connection: Connection, subject: str | None = None) -> tuple[AuditEntry, ...]:
    """Return the trail from its first line on, or the lines about one subject."""
    query = select(audit).order_by(audit.c.id)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    rows = connection.execute(query).mappings()
    return tuple(AuditEntry(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows)


def verify_trail(connection: Connection) -> int:
    """Check that no line was changed, taken out or put in between; return the number of lines.

    :raises StoreError: the chain is broken; names the first line that does not fit.
    """
    before, count = START, 0
    for row in connection.execute(select(audit).order_by(audit.c.id)).mappings():
        count += 1
        line = {name: row[name] for name in row if name != "hash"}
        if row["id"] != count or row["hash"] != _chained(before, line):
            raise StoreError(f"the audit trail was changed at line {count}")
        before = row["hash"]
    return count
