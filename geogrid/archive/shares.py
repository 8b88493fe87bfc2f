"""Links that show a draft to whoever has them, until they expire or are taken back."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from geogrid.archive import audit
from geogrid.archive.draft_records import Share
from geogrid.archive.draft_rows import read_record
from geogrid.archive.draft_schema import draft_share
from geogrid.archive.engine import reading, writing
from geogrid.errors import Fault, NotFoundError
from geogrid.workbench.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Engine

    from geogrid.archive.draft_records import Actor

LONGEST_DAYS = 90
FACTS = [column for column in draft_share.c if column.name != "secret_hash"]


class Shares:
    """The shared links of a store's drafts."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, draft_id: int) -> tuple[Share, ...]:
        """Return the links of a draft, the oldest first; their secrets are known to nobody."""
        query = select(*FACTS).where(draft_share.c.draft_id == draft_id).order_by(draft_share.c.id)
        with reading(self._engine) as connection:
            return tuple(Share(**row) for row in connection.execute(query).mappings())

    def add(self, draft_id: int, *, lasts: timedelta, by: Actor) -> tuple[Share, str]:
        """Return a new link and its secret, which is told only now.

        :raises RefusedError: it would last no time, or more than 90 days.
        """
        if not 0 < lasts.total_seconds() <= LONGEST_DAYS * 86_400:
            words = f"a link lasts from a moment to {LONGEST_DAYS} days"
            refused((Fault("bad-expiry", words, field="expires_at"),))
        secret = secrets.token_urlsafe(24)
        with writing(self._engine) as connection:
            read_record(connection, draft_id)
            now = self._clock()
            values = {"draft_id": draft_id, "secret_hash": _hash(secret), "created_by": by.name}
            row = insert(draft_share).values(**values, created_at=now, expires_at=now + lasts)
            new = connection.execute(row).inserted_primary_key
            assert new is not None
            self._note(connection, by, "share-draft", draft_id, share=new[0])
            return _read(connection, draft_id, new[0]), secret

    def revoke(self, draft_id: int, share_id: int, *, by: Actor) -> Share:
        """Take a link back.

        :raises NotFoundError: the draft has no such link.
        """
        with writing(self._engine) as connection:
            _read(connection, draft_id, share_id)
            here = draft_share.c.id == share_id
            connection.execute(update(draft_share).where(here).values(revoked_at=self._clock()))
            self._note(connection, by, "revoke-share", draft_id, share=share_id)
            return _read(connection, draft_id, share_id)

    def draft_of(self, secret: str) -> int:
        """Return the draft that a link shows.

        :raises NotFoundError: no such link, or it is over; which of the two is not told.
        """
        query = select(draft_share.c.draft_id, draft_share.c.expires_at, draft_share.c.revoked_at).where(
            draft_share.c.secret_hash == _hash(secret)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None or row.revoked_at is not None or row.expires_at <= self._clock():
            raise NotFoundError("shared draft", "")
        return int(row.draft_id)

    def _note(self, connection: Connection, by: Actor, what: str, draft_id: int, **details: Any) -> None:
        audit.record_by(connection, by, at=self._clock(), what=what, subject=f"draft {draft_id}", **details)


def _hash(secret: str) -> str:
    # The secret has 192 random bits, so a plain hash cannot be turned back.
    return hashlib.sha256(secret.encode()).hexdigest()


def _read(connection: Connection, draft_id: int, share_id: int) -> Share:
    here = (draft_share.c.draft_id == draft_id) & (draft_share.c.id == share_id)
    row = connection.execute(select(*FACTS).where(here)).mappings().first()
    if row is None:
        raise NotFoundError(f"share of draft {draft_id}", str(share_id))
    return Share(**row)
