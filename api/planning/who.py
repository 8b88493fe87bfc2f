"""Who asks, and whether they may: a session's cookie with its CSRF token, or a bearer token.

Every route of the planner's service declares the right that it needs with ``needs``.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import Depends
from starlette.requests import Request  # noqa: TC002 - read at run time by FastAPI

from api.limits import client_of
from api.problems import Refusal
from geogrid.archive import Actor
from geogrid.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.planning.office import Office
    from geogrid.accounts import Account, Right
    from geogrid.archive.sessions import Session

COOKIE = "geogrid-session"
HOST_ONLY = "__Host-"  # what browsers take from this host over TLS only (RFC 6265bis, 4.1.3.2)
CSRF_HEADER = "x-csrf-token"
TO_CHANGE = "Somebody else has set the password; change it first."
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True)
class Who:
    """A known account with the rights of this request, and what acts are noted under.

    ``session`` is that of a browser, None for a program, which comes with a token.
    """

    account: Account
    rights: frozenset[Right]
    actor: Actor
    office: Office
    session: Session | None = field(default=None, repr=False)

    @property
    def csrf(self) -> str:
        """Return the token of the session's writes; empty for a program."""
        return self.session.csrf if self.session else ""

    def require(self, right: Right, community_id: str | None = None) -> None:
        """Refuse what the account may not do, for editing also in this community's subdistrict.

        :raises Refusal: 403.
        """
        refuse_provisional(self.account)
        place = self.office.place(community_id) if community_id else None
        allowed = self.account.may(right, subdistrict=place.subdistrict_id if place else None)
        if right not in self.rights or not allowed:
            raise Refusal(403)


def refuse_provisional(account: Account) -> None:
    """Refuse an account whose password somebody else has set.

    :raises Refusal: 403, it is to change the password first.
    """
    if account.provisional:
        fault = {"rule": "provisional-password", "message": TO_CHANGE, "remedy": "POST /v1/planning/password"}
        raise Refusal(403, errors=[{"in": "header", "name": "", "id": "", **fault}])


async def newcomer(request: Request) -> Who:
    """Let in whoever is signed in, also with a password that must be changed first, but no program.

    :raises Refusal: 403.
    """
    who = await asyncio.to_thread(known, request)
    if who.session is None:
        raise Refusal(403, "A program cannot do this; sign in.")
    return who


async def own_session(request: Request) -> Who:
    """Let in whoever is signed in with a password of their own.

    :raises Refusal: 403.
    """
    who = await newcomer(request)
    refuse_provisional(who.account)
    return who


def cookie_name(name: str, scheme: str) -> str:
    """Return what a cookie is called: over TLS no other host and no plain request can set it."""
    return f"{HOST_ONLY}{name}" if scheme == "https" else name


def needs(right: Right) -> Any:
    """Return the dependency that lets in who has ``right``, and declares it for the tests and the docs."""

    async def let_in(request: Request) -> Who:
        who = await asyncio.to_thread(known, request)
        who.require(right)
        return who

    let_in.right = right  # type: ignore[attr-defined]
    return Depends(let_in)


def right_of(dependency: Callable[..., Any]) -> Right | None:
    """Return the right that a dependency made by ``needs`` asks for."""
    return getattr(dependency, "right", None)


def known(request: Request) -> Who:
    """Return who asks.

    :raises SignInError: nobody known.
    :raises Refusal: 403, a write in a session without its CSRF token.
    """
    office: Office = request.app.state.office
    origin = client_of(request.scope, office.settings.proxies)
    bearer = request.headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        account, rights = office.archive.tokens.account(bearer[7:].strip())
        return Who(account, rights, Actor(account.name, origin), office)
    secret = request.cookies.get(cookie_name(COOKIE, request.url.scheme), "")
    if not secret:
        raise SignInError("sign in first")
    session = office.archive.sessions.session(secret)
    sent = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise Refusal(403, "The request lacks the session's CSRF token.")
    actor = Actor(session.account.name, origin)
    return Who(session.account, session.account.rights, actor, office, session)
