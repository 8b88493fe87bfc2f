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

COOKIE = "geogrid-session"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True)
class Who:
    """A known account with the rights of this request, and what acts are noted under.

    ``csrf`` is the token of the session's writes; empty for a program, which has no session.
    """

    account: Account
    rights: frozenset[Right]
    actor: Actor
    office: Office
    csrf: str = field(default="", repr=False)

    def require(self, right: Right, community_id: str | None = None) -> None:
        """Refuse what the account may not do, for editing also in this community's subdistrict.

        :raises Refusal: 403.
        """
        place = self.office.place(community_id) if community_id else None
        allowed = self.account.may(right, subdistrict=place.subdistrict_id if place else None)
        if right not in self.rights or not allowed:
            raise Refusal(403)


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
        account, rights = office.archive.accounts.token_account(bearer[7:].strip())
        return Who(account, rights, Actor(account.name, origin), office)
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise SignInError("sign in first")
    session = office.archive.accounts.session(secret)
    sent = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise Refusal(403, "The request lacks the session's CSRF token.")
    actor = Actor(session.account.name, origin)
    return Who(session.account, session.account.rights, actor, office, session.csrf)
