"""Sessions: sign in, be known, and out again; who guesses passwords is slowed down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from geogrid.archive.account_records import hash_secret, note, note_plain, read_account, row_of
from geogrid.archive.account_schema import account, account_session
from geogrid.archive.engine import reading, writing
from geogrid.errors import NotFoundError, SignInError
from geogrid.passwords import hash_password, is_outdated, password_fits

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row

    from geogrid.accounts import Account
    from geogrid.archive.draft_records import Actor

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=1)
SKEW = timedelta(minutes=5)  # between the clocks of two servers; what began later than that is no session
MOST_SESSIONS = 10  # of one account at once; one more ends the one that was idle longest


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account; ``csrf`` must come with every write that the session's cookie comes with."""

    id: str
    account: Account
    began: datetime
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it in a list."""

    id: str
    origin: str
    created_at: datetime
    seen_at: datetime


class Sessions:
    """The sessions of a store's accounts."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def sign_in(self, name: str, password: str, *, origin: str = "") -> str:
        """Return the secret of a new session.

        After five wrong passwords in a row an account is locked for a quarter of an hour.

        :raises SignInError: which of name, password and lock is wrong is not told.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(account).where(account.c.name == name)).first()
        now = self._clock()
        locked = row is not None and is_locked(row, now)
        over = row is not None and row.password_until is not None and row.password_until <= now
        fits = password_fits(password, row.password_hash if row is not None else "")
        if row is None or locked or over or not fits or not row.active:
            if row is not None and not locked:
                with writing(self._engine) as connection:
                    count_failure(connection, name, origin, now)
            raise SignInError("the name or the password is wrong, or the account is locked for a while")
        if is_outdated(row.password_hash):
            self._hash_anew(name, password)
        return self._begin(name, origin)

    def _hash_anew(self, name: str, password: str) -> None:
        hashed = hash_password(password)
        with writing(self._engine) as connection:
            connection.execute(update(account).where(account.c.name == name).values(password_hash=hashed))

    def sign_in_subject(self, subject: str, *, origin: str = "") -> str:
        """Return the secret of a new session of the account that an identity provider calls ``subject``.

        :raises SignInError: no active account has it.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(account).where(account.c.subject == subject)).first()
        if row is None or not row.active:
            raise SignInError("no account here belongs to this identity")
        return self._begin(row.name, origin)

    def _begin(self, name: str, origin: str) -> str:
        secret = secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            now = self._clock()
            self._forget(connection, name)
            here = account.c.name == name
            connection.execute(update(account).where(here).values(failures=0, locked_until=None))
            values = {
                "secret_hash": hash_secret(secret),
                "account_name": name,
                "csrf": secrets.token_urlsafe(32),
                "origin": origin,
            }
            connection.execute(insert(account_session).values(**values, created_at=now, seen_at=now))
            note_plain(connection, name, "sign-in", origin, at=now)
        return secret

    def _forget(self, connection: Connection, name: str) -> None:
        """Drop what is over, and of this account so many that one more is not too many."""
        now, session = self._clock(), account_session.c
        over = (session.created_at < now - SESSION_LASTS) | (session.seen_at < now - SESSION_IDLE)
        over |= session.created_at > now + SKEW
        connection.execute(delete(account_session).where(over))
        mine = (
            select(session.secret_hash).where(session.account_name == name).order_by(session.seen_at.desc())
        )
        surplus = connection.execute(mine.offset(MOST_SESSIONS - 1)).scalars().all()
        connection.execute(delete(account_session).where(session.secret_hash.in_(surplus)))

    def session(self, secret: str) -> Session:
        """Return whose session this is, and keep it alive.

        :raises SignInError: there is none, or it is over.
        """
        now = self._clock()
        here = account_session.c.secret_hash == hash_secret(secret)
        query = (
            select(account, account_session.c.csrf, account_session.c.created_at.label("began"),
                   account_session.c.seen_at)
            .join(account_session, account_session.c.account_name == account.c.name)
            .where(here)
        )  # fmt: skip
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if (
            row is None
            or not row.began - SKEW <= now < row.began + SESSION_LASTS
            or now >= row.seen_at + SESSION_IDLE
            or not row.active
        ):
            raise SignInError("the session is over; sign in again")
        if now >= row.seen_at + SESSION_IDLE / 10:  # not a write for every request
            with writing(self._engine) as connection:
                connection.execute(update(account_session).where(here).values(seen_at=now))
        return Session(session_id(secret), read_account(row), row.began, row.csrf)

    def open_of(self, name: str) -> tuple[OpenSession, ...]:
        """Return the open sessions of an account, the one that was used last first."""
        now, session = self._clock(), account_session.c
        query = (
            select(account_session)
            .where(session.account_name == name)
            .where(session.created_at.between(now - SESSION_LASTS, now + SKEW))
            .where(session.seen_at > now - SESSION_IDLE)
            .order_by(session.seen_at.desc(), session.secret_hash)
        )
        with reading(self._engine) as connection:
            return tuple(
                OpenSession(row.secret_hash[:SHOWN], row.origin, row.created_at, row.seen_at)
                for row in connection.execute(query)
            )

    def sign_out(self, secret: str, *, origin: str = "") -> None:
        """End a session; one that is over already stays so."""
        here = account_session.c.secret_hash == hash_secret(secret)
        with writing(self._engine) as connection:
            row = connection.execute(select(account_session.c.account_name).where(here)).first()
            if row is not None:
                connection.execute(delete(account_session).where(here))
                note_plain(connection, row.account_name, "sign-out", origin, at=self._clock())

    def end(self, name: str, session: str, *, by: Actor) -> None:
        """End one session of an account, by the id in its list.

        :raises NotFoundError: the account has none such.
        """
        with writing(self._engine) as connection:
            mine = account_session.c.account_name == name
            here = mine & account_session.c.secret_hash.startswith(session, autoescape=True)
            if len(session) != SHOWN or not connection.execute(delete(account_session).where(here)).rowcount:
                raise NotFoundError("session", session)
            note(connection, by, "end-session", name, at=self._clock())

    def end_all(self, name: str, *, by: Actor, but: str = "") -> int:
        """End all sessions of an account, maybe all but one; return how many.

        :raises NotFoundError: no such account.
        """
        with writing(self._engine) as connection:
            row_of(connection, name)
            ended = drop_sessions(connection, name, but=but)
            note(connection, by, "end-sessions", name, at=self._clock(), ended=ended)
            return ended


SHOWN = 16  # digits of a secret's hash that name a session; nothing can be signed in to with them


def session_id(secret: str) -> str:
    """Return what a session is called in the list of its owner."""
    return hash_secret(secret)[:SHOWN]


def is_locked(row: Row[Any], now: datetime) -> bool:
    """Tell whether an account's password is not listened to for a while.

    A lock that a clock set wrongly put far ahead does not hold.
    """
    return row.locked_until is not None and now < row.locked_until <= now + LOCKED_FOR + SKEW


def count_failure(connection: Connection, name: str, origin: str, now: datetime) -> None:
    """Count a wrong password; the fifth in a row locks the account's password for a quarter of an hour."""
    failures = row_of(connection, name).failures + 1
    until = now + LOCKED_FOR if failures >= TRIES else None
    values = {"failures": failures % TRIES, "locked_until": until}
    connection.execute(update(account).where(account.c.name == name).values(**values))
    note_plain(connection, name, "lock-account" if until else "sign-in-failed", origin, at=now)


def drop_sessions(connection: Connection, name: str, *, but: str = "") -> int:
    """End the sessions of an account in a transaction that is under way; return how many."""
    here = account_session.c.account_name == name
    if but:
        here &= ~account_session.c.secret_hash.startswith(but, autoescape=True)
    return connection.execute(delete(account_session).where(here)).rowcount
