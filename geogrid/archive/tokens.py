"""Tokens of accounts, for programs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from geogrid.accounts import Account, Right
from geogrid.archive.account_records import hash_secret, note, read_account, row_of
from geogrid.archive.account_schema import account, account_token
from geogrid.archive.engine import reading, writing
from geogrid.errors import Fault, NotFoundError, SignInError
from geogrid.workbench.refusals import refuse_wild_text, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import Engine, Row

    from geogrid.archive.draft_records import Actor

TOKEN_LASTS = timedelta(days=365)
TOKEN_PREFIX = "ggt_"  # noqa: S105 - what every token begins with, so that leaked ones can be searched for


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


class Tokens:
    """The tokens of a store's accounts."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def add(
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
        wanted = tuple(sorted({str(one) for one in scopes}))
        faults = [*refuse_wild_text("label", label)]
        if not label.strip() or not wanted:
            faults.append(Fault("empty-token", "a token needs a label and a scope"))
        if not timedelta(0) < lasts <= TOKEN_LASTS:
            faults.append(Fault("bad-expiry", "a token lasts a year at most", field="expires_at"))
        refused(faults)
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            row_of(connection, name)
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
            note(connection, by, "add-token", name, at=self._clock(), token=new[0], scopes=list(wanted))
            row = connection.execute(select(account_token).where(account_token.c.id == new[0])).one()
            return _token(row), secret

    def of(self, name: str | None = None) -> tuple[Token, ...]:
        """Return the tokens of an account, or all; their secrets are known to nobody."""
        query = select(account_token).order_by(account_token.c.id)
        if name is not None:
            query = query.where(account_token.c.account_name == name)
        with reading(self._engine) as connection:
            return tuple(_token(row) for row in connection.execute(query))

    def revoke(self, token_id: int, *, by: Actor, name: str | None = None) -> None:
        """Take a token back; ``name`` bounds it to those of one account.

        :raises NotFoundError: no such token.
        """
        with writing(self._engine) as connection:
            here = account_token.c.id == token_id
            row = connection.execute(select(account_token.c.account_name).where(here)).first()
            if row is None or name not in (None, row.account_name):
                raise NotFoundError("token", str(token_id))
            connection.execute(update(account_token).where(here).values(revoked_at=self._clock()))
            note(connection, by, "revoke-token", row.account_name, at=self._clock(), token=token_id)

    def account(self, secret: str) -> tuple[Account, frozenset[Right]]:
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
        found = read_account(row)
        return found, found.rights & {Right(one) for one in row.scopes}


def _token(row: Row[Any]) -> Token:
    scopes = frozenset(Right(one) for one in row.scopes)
    return Token(row.id, row.account_name, row.label, scopes, row.created_at, row.expires_at, row.revoked_at)
