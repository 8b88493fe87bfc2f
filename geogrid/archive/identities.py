"""Accounts of people whom an identity provider knows: let in, made where roles come along, kept in step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from geogrid.archive.account_schema import account
from geogrid.archive.draft_records import Actor
from geogrid.archive.engine import reading
from geogrid.errors import RefusedError, SignInError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.accounts import Identity
    from geogrid.archive.accounts import Accounts
    from geogrid.archive.sessions import Sessions

UNFIT = re.compile(r"[^a-z0-9._@-]+")


class Identities:
    """Signs in whom an identity provider has identified."""

    def __init__(self, engine: Engine, accounts: Accounts, sessions: Sessions) -> None:
        self._engine = engine
        self._accounts = accounts
        self._sessions = sessions

    def sign_in(self, identity: Identity, *, origin: str = "") -> str:
        """Return the secret of a new session.

        Where the provider tells roles, an account that is missing is made and its roles are kept in step;
        else it must be there. An account with the same name that belongs to somebody else is never taken.

        :raises SignInError: there is no account, it is shut, or its name is taken.
        """
        by = Actor("identity provider", origin)
        name = self._name_of(identity.subject)
        if identity.roles is not None:
            if name is None:
                self._made(identity, by)
            else:
                self._kept_in_step(name, identity, by)
        return self._sessions.sign_in_subject(identity.subject, origin=origin)

    def _name_of(self, subject: str) -> str | None:
        with reading(self._engine) as connection:
            query = select(account.c.name).where(account.c.subject == subject)
            found: str | None = connection.execute(query).scalar()
            return found

    def _made(self, identity: Identity, by: Actor) -> None:
        try:
            self._accounts.add(
                UNFIT.sub("-", identity.name)[:64].strip("-"),
                by=by,
                roles=identity.roles or (),
                display=identity.display[:60],
                subdistricts=identity.subdistricts or (),
                subject=identity.subject,
            )
        except RefusedError as error:
            raise SignInError("no account could be made for this identity") from error

    def _kept_in_step(self, name: str, identity: Identity, by: Actor) -> None:
        known = self._accounts.account(name)
        bound = known.subdistricts if identity.subdistricts is None else identity.subdistricts
        if (known.roles, known.subdistricts) != (identity.roles, bound):
            self._accounts.change(name, by=by, roles=identity.roles, subdistricts=bound)
