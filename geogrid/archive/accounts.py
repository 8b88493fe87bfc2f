"""Accounts: added, changed, and given passwords."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from geogrid.archive.account_records import note, read_account, row_of
from geogrid.archive.account_schema import account
from geogrid.archive.engine import reading, writing
from geogrid.archive.sessions import count_failure, drop_sessions, is_locked
from geogrid.errors import Fault
from geogrid.passwords import hash_password, password_fits, weak_password
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import Engine

    from geogrid.accounts import Account, AccountRole
    from geogrid.archive.draft_records import Actor

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
PROVISIONAL = timedelta(days=7)  # in which a password that somebody else set must be changed


class Accounts:
    """The accounts of a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        with reading(self._engine) as connection:
            found = (read_account(row) for row in connection.execute(select(account)))
            return tuple(sorted(found, key=lambda one: one.name))

    def account(self, name: str) -> Account:
        """Return one account.

        :raises NotFoundError: no such account.
        """
        with reading(self._engine) as connection:
            return read_account(row_of(connection, name))

    def add(
        self,
        name: str,
        *,
        by: Actor,
        roles: Iterable[AccountRole],
        password: str | None = None,
        display: str = "",
        subdistricts: Iterable[str] = (),
        subject: str | None = None,
        provisional: bool = False,
    ) -> Account:
        """Add an account; without a password it comes in by OpenID Connect or by token only.

        A ``provisional`` password must be changed at the first sign-in, within a week.

        :raises RefusedError: the name is none or taken, or the password is weak.
        """
        faults = [*refuse_wild_text("display", display)]
        if not NAME.fullmatch(name):
            words = "an account's name has 2 to 64 small letters, digits, dots, dashes or @"
            faults.append(Fault("bad-name", words, field="name"))
        faults += weak_password(password, (name, display)) if password is not None else ()
        refused(faults)
        given = _sorted(roles)
        with writing(self._engine) as connection:
            if connection.execute(select(account.c.name).where(account.c.name == name)).first():
                refused(
                    (Fault("name-taken", f"there is an account {name}", "Choose another.", field="name"),)
                )
            values = {
                "name": name,
                "display": display.strip() or name,
                "password_hash": hash_password(password) if password is not None else "",
                "password_until": self._until(password, provisional=provisional),
                "subject": subject,
                "roles": given,
                "subdistricts": _sorted(subdistricts),
                "created_at": self._clock(),
            }
            connection.execute(insert(account).values(**values))
            note(connection, by, "add-account", name, at=self._clock(), roles=list(given))
            return read_account(row_of(connection, name))

    def change(
        self,
        name: str,
        *,
        by: Actor,
        roles: Iterable[AccountRole] | None = None,
        subdistricts: Iterable[str] | None = None,
        active: bool | None = None,
        password: str | None = None,
        provisional: bool = False,
    ) -> Account:
        """Change an account; its sessions end. A ``provisional`` password must be changed within a week.

        :raises NotFoundError: no such account.
        :raises RefusedError: the password is weak.
        """
        refused(weak_password(password, (name,)) if password is not None else ())
        values: dict[str, Any] = {
            "roles": None if roles is None else _sorted(roles),
            "subdistricts": None if subdistricts is None else _sorted(subdistricts),
            "active": active,
            "password_hash": None if password is None else hash_password(password),
        }
        told = {key: value for key, value in values.items() if value is not None}
        if password is not None:
            told["password_until"] = self._until(password, provisional=provisional)
        with writing(self._engine) as connection:
            row_of(connection, name)
            here = account.c.name == name
            connection.execute(update(account).where(here).values(**told, failures=0, locked_until=None))
            drop_sessions(connection, name)
            kept = {key: value for key, value in told.items() if not key.startswith("password")}
            at = self._clock()
            note(connection, by, "change-account", name, at=at, password=password is not None, **kept)
            return read_account(row_of(connection, name))

    def change_password(self, name: str, old: str, new: str, *, by: Actor, session: str = "") -> None:
        """Let somebody who knows the password set another; all sessions end but the one it is done in.

        :raises NotFoundError: no such account.
        :raises RefusedError: the old password is wrong, or the new one is weak.
        """
        if not self.knows(name, old, origin=by.origin):
            refused((Fault("wrong-password", "the present password is another one", field="old"),))
        if old == new:
            refused((Fault("same-password", "the new password is the old one", field="new"),))
        refused(weak_password(new, (name, self.account(name).display)))
        hashed = hash_password(new)
        with writing(self._engine) as connection:
            here = account.c.name == name
            connection.execute(update(account).where(here).values(password_hash=hashed, password_until=None))
            ended = drop_sessions(connection, name, but=session)
            note(connection, by, "change-password", name, at=self._clock(), ended=ended)

    def knows(self, name: str, password: str, *, origin: str = "") -> bool:
        """Tell whether a password is that of an account; a wrong one counts as at a sign-in.

        :raises NotFoundError: no such account.
        """
        with reading(self._engine) as connection:
            row = row_of(connection, name)
        now = self._clock()
        if is_locked(row, now):
            return False
        fits = password_fits(password, row.password_hash)
        if not fits:
            with writing(self._engine) as connection:
                count_failure(connection, name, origin, now)
        return fits

    def _until(self, password: str | None, *, provisional: bool) -> datetime | None:
        return self._clock() + PROVISIONAL if provisional and password is not None else None


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values}))
