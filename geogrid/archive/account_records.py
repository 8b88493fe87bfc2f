"""What the rooms of accounts, sessions and tokens share: rows read, secrets hashed, lines of the trail."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from geogrid.accounts import Account, AccountRole
from geogrid.archive import audit
from geogrid.archive.account_schema import account
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from geogrid.archive.draft_records import Actor


def hash_secret(secret: str) -> str:
    """Return what is kept of a secret of our own making: it is too long to be guessed from a plain hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def row_of(connection: Connection, name: str) -> Row[Any]:
    """Return the row of an account.

    :raises NotFoundError: no such account.
    """
    row = connection.execute(select(account).where(account.c.name == name)).first()
    if row is None:
        raise NotFoundError("account", name)
    return row


def read_account(row: Row[Any]) -> Account:
    """Return the account that a row holds."""
    roles = frozenset(AccountRole(one) for one in row.roles)
    provisional = row.password_until is not None
    return Account(row.name, row.display, roles, frozenset(row.subdistricts), row.active, provisional)


def note(connection: Connection, by: Actor, what: str, name: str, *, at: datetime, **details: Any) -> None:
    """Add a line about an account to the trail, in the transaction of the change."""
    audit.record_by(connection, by, at=at, what=what, subject=f"account {name}", **details)


def note_plain(connection: Connection, name: str, what: str, origin: str, *, at: datetime) -> None:
    """Add a line about what somebody did with the own account."""
    details = {"from": origin} if origin else {}
    audit.record(connection, at=at, who=name, what=what, subject=f"account {name}", details=details)
