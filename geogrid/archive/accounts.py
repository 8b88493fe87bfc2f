"""Accounts, their sessions and tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from geogrid.accounts import Account, AccountRole, Right, hash_password, password_fits, weak_password
from geogrid.archive import audit
from geogrid.archive.account_schema import account, account_session, account_token
from geogrid.archive.engine import reading, writing
from geogrid.errors import Fault, NotFoundError, SignInError
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row

    from geogrid.archive.draft_records import Actor

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=1)
TOKEN_LASTS = timedelta(days=365)
TOKEN_PREFIX = "ggt_"  # noqa: S105 - what every token begins with, so that leaked ones can be searched for


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account; ``csrf`` must come with every write that the session's cookie comes with."""

    account: Account
    csrf: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an account for programs; it has the rights in ``scopes`` that the account has too."""

    id: int
    account: str
    label: str
    scopes: frozenset[Right]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Accounts:
    """The accounts of a store."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        with reading(self._engine) as connection:
            found = (_account(row) for row in connection.execute(select(account)))
            return tuple(sorted(found, key=lambda one: one.name))

    def account(self, name: str) -> Account:
        """Return one account.

        :raises NotFoundError: no such account.
        """
        with reading(self._engine) as connection:
            return _account(_row(connection, name))

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
    ) -> Account:
        """Add an account; without a password it comes in by OpenID Connect or by token only.

        :raises RefusedError: the name is none or taken, or the password is weak.
        """
        faults = [*refuse_wild_text("display", display)]
        if not NAME.fullmatch(name):
            words = "an account's name has 2 to 64 small letters, digits, dots, dashes or @"
            faults.append(Fault("bad-name", words, field="name"))
        faults += weak_password(name, password) if password is not None else ()
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
                "subject": subject,
                "roles": given,
                "subdistricts": _sorted(subdistricts),
                "created_at": self._clock(),
            }
            connection.execute(insert(account).values(**values))
            self._note(connection, by, "add-account", name, roles=list(given))
            return _account(_row(connection, name))

    def change(
        self,
        name: str,
        *,
        by: Actor,
        roles: Iterable[AccountRole] | None = None,
        subdistricts: Iterable[str] | None = None,
        active: bool | None = None,
        password: str | None = None,
    ) -> Account:
        """Change an account; its sessions end.

        :raises NotFoundError: no such account.
        :raises RefusedError: the password is weak.
        """
        refused(weak_password(name, password) if password is not None else ())
        values: dict[str, Any] = {
            "roles": None if roles is None else _sorted(roles),
            "subdistricts": None if subdistricts is None else _sorted(subdistricts),
            "active": active,
            "password_hash": None if password is None else hash_password(password),
        }
        told = {key: value for key, value in values.items() if value is not None}
        with writing(self._engine) as connection:
            _row(connection, name)
            here = account.c.name == name
            connection.execute(update(account).where(here).values(**told, failures=0, locked_until=None))
            connection.execute(delete(account_session).where(account_session.c.account_name == name))
            kept = {key: value for key, value in told.items() if key != "password_hash"}
            self._note(connection, by, "change-account", name, password=password is not None, **kept)
            return _account(_row(connection, name))

    # Signing in

    def sign_in(self, name: str, password: str, *, origin: str = "") -> str:
        """Return the secret of a new session.

        After five wrong passwords in a row an account is locked for a quarter of an hour.

        :raises SignInError: which of name, password and lock is wrong is not told.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(account).where(account.c.name == name)).first()
        locked = row is not None and row.locked_until is not None and row.locked_until > self._clock()
        fits = password_fits(password[: 4 * 128], row.password_hash if row is not None else "")
        if row is None or locked or not fits or not row.active:
            if row is not None and not locked:
                self._failed(name, origin)
            raise SignInError("the name or the password is wrong, or the account is locked for a while")
        return self._begin(name, origin)

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
            over = (account_session.c.created_at < now - SESSION_LASTS) | (
                account_session.c.seen_at < now - SESSION_IDLE
            )
            connection.execute(delete(account_session).where(over))
            here = account.c.name == name
            connection.execute(update(account).where(here).values(failures=0, locked_until=None))
            values = {
                "secret_hash": hash_secret(secret),
                "account_name": name,
                "csrf": secrets.token_urlsafe(32),
            }
            connection.execute(insert(account_session).values(**values, created_at=now, seen_at=now))
            self._note_plain(connection, name, "sign-in", origin)
        return secret

    def _failed(self, name: str, origin: str) -> None:
        with writing(self._engine) as connection:
            failures = _row(connection, name).failures + 1
            until = self._clock() + LOCKED_FOR if failures >= TRIES else None
            values = {"failures": failures % TRIES, "locked_until": until}
            connection.execute(update(account).where(account.c.name == name).values(**values))
            self._note_plain(connection, name, "lock-account" if until else "sign-in-failed", origin)

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
            or now >= row.began + SESSION_LASTS
            or now >= row.seen_at + SESSION_IDLE
            or not row.active
        ):
            raise SignInError("the session is over; sign in again")
        if now >= row.seen_at + SESSION_IDLE / 10:  # not a write for every request
            with writing(self._engine) as connection:
                connection.execute(update(account_session).where(here).values(seen_at=now))
        return Session(_account(row), row.csrf)

    def sign_out(self, secret: str, *, origin: str = "") -> None:
        """End a session; one that is over already stays so."""
        here = account_session.c.secret_hash == hash_secret(secret)
        with writing(self._engine) as connection:
            row = connection.execute(select(account_session.c.account_name).where(here)).first()
            if row is not None:
                connection.execute(delete(account_session).where(here))
                self._note_plain(connection, row.account_name, "sign-out", origin)

    # Tokens

    def add_token(
        self,
        name: str,
        *,
        by: Actor,
        label: str,
        scopes: Iterable[Right],
        lasts: timedelta = timedelta(days=90),
    ) -> tuple[Token, str]:
        """Return a new token of an account and its secret, which is told only now.

        :raises NotFoundError: no such account.
        :raises RefusedError: it would last no time or more than a year, or has no label or scope.
        """
        wanted = _sorted(scopes)
        faults = [*refuse_wild_text("label", label)]
        if not label.strip() or not wanted:
            faults.append(Fault("empty-token", "a token needs a label and a scope"))
        if not timedelta(0) < lasts <= TOKEN_LASTS:
            faults.append(Fault("bad-expiry", "a token lasts a year at most", field="expires_at"))
        refused(faults)
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            _row(connection, name)
            now = self._clock()
            values = {
                "secret_hash": hash_secret(secret),
                "account_name": name,
                "label": label.strip(),
                "scopes": wanted,
                "created_at": now,
                "expires_at": now + lasts,
            }
            new = connection.execute(insert(account_token).values(**values)).inserted_primary_key
            assert new is not None
            self._note(connection, by, "add-token", name, token=new[0], scopes=list(wanted))
            row = connection.execute(select(account_token).where(account_token.c.id == new[0])).one()
            return _token(row), secret

    def tokens(self, name: str | None = None) -> tuple[Token, ...]:
        """Return the tokens of an account, or all; their secrets are known to nobody."""
        query = select(account_token).order_by(account_token.c.id)
        if name is not None:
            query = query.where(account_token.c.account_name == name)
        with reading(self._engine) as connection:
            return tuple(_token(row) for row in connection.execute(query))

    def revoke_token(self, token_id: int, *, by: Actor, name: str | None = None) -> None:
        """Take a token back; ``name`` bounds it to those of one account.

        :raises NotFoundError: no such token.
        """
        with writing(self._engine) as connection:
            here = account_token.c.id == token_id
            row = connection.execute(select(account_token.c.account_name).where(here)).first()
            if row is None or name not in (None, row.account_name):
                raise NotFoundError("token", str(token_id))
            connection.execute(update(account_token).where(here).values(revoked_at=self._clock()))
            self._note(connection, by, "revoke-token", row.account_name, token=token_id)

    def token_account(self, secret: str) -> tuple[Account, frozenset[Right]]:
        """Return whose token this is and the rights that it gives.

        :raises SignInError: no such token, or it is over.
        """
        query = (
            select(account, account_token.c.scopes, account_token.c.expires_at, account_token.c.revoked_at)
            .join(account_token, account_token.c.account_name == account.c.name)
            .where(account_token.c.secret_hash == hash_secret(secret))
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None or row.revoked_at is not None or row.expires_at <= self._clock() or not row.active:
            raise SignInError("the token is unknown or over")
        found = _account(row)
        return found, found.rights & {Right(one) for one in row.scopes}

    def _note(self, connection: Connection, by: Actor, what: str, name: str, **details: Any) -> None:
        audit.record_by(connection, by, at=self._clock(), what=what, subject=f"account {name}", **details)

    def _note_plain(self, connection: Connection, name: str, what: str, origin: str) -> None:
        details = {"from": origin} if origin else {}
        audit.record(
            connection, at=self._clock(), who=name, what=what, subject=f"account {name}", details=details
        )


def hash_secret(secret: str) -> str:
    """Return what is kept of a secret of our own making: it is too long to be guessed from a plain hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values}))


def _row(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(select(account).where(account.c.name == name)).first()
    if row is None:
        raise NotFoundError("account", name)
    return row


def _account(row: Row[Any]) -> Account:
    roles = frozenset(AccountRole(one) for one in row.roles)
    return Account(row.name, row.display, roles, frozenset(row.subdistricts), row.active)


def _token(row: Row[Any]) -> Token:
    scopes = frozenset(Right(one) for one in row.scopes)
    return Token(row.id, row.account_name, row.label, scopes, row.created_at, row.expires_at, row.revoked_at)
