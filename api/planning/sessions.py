"""Sign in and out, and say who one is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.asked import read_body
from api.documented import answers, takes
from api.limits import client_of
from api.planning.shapes import SessionAnswer, SignIn
from api.planning.told import encode
from api.planning.who import COOKIE, Who, known, needs
from api.replies import JSON
from geogrid.accounts import Right

if TYPE_CHECKING:
    from api.planning.office import Office
    from geogrid.accounts import Account

router = APIRouter(prefix="/v1/planning", tags=["planning: accounts"])
NO_STORE = {"Cache-Control": "no-store"}


@router.post("/session", summary="Sign in", **answers(SessionAnswer, 401, 413, 415, 422), **takes(SignIn))
async def sign_in(request: Request) -> Response:
    """Open a session; its secret is a cookie that no script and no other site can read."""
    asked = await read_body(request, SignIn)
    office: Office = request.app.state.office
    origin = client_of(request.scope, office.settings.proxies)
    secret = await asyncio.to_thread(
        office.archive.accounts.sign_in, asked.name, asked.password, origin=origin
    )
    return await signed_in(request, office, secret)


async def signed_in(request: Request, office: Office, secret: str) -> Response:
    """Return the answer that gives a new session its cookie."""
    session = await asyncio.to_thread(office.archive.accounts.session, secret)
    response = Response(
        encode(_told_account(session.account, session.csrf)), headers=NO_STORE, media_type=JSON
    )
    give_cookie(response, request, secret)
    return response


def give_cookie(response: Response, request: Request, secret: str) -> None:
    """Put the secret of a session into a cookie that no script and no other site can read."""
    response.set_cookie(
        COOKIE, secret, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
    )


@router.get("/session", summary="Say who is signed in", **answers(SessionAnswer, 401, 403))
async def session(who: Annotated[Who, needs(Right.VIEW)]) -> Response:
    """Tell the account, its rights and the session's CSRF token."""
    return Response(encode(_told_account(who.account, who.csrf)), headers=NO_STORE, media_type=JSON)


@router.delete("/session", summary="Sign out", status_code=204, response_class=Response)
async def sign_out(request: Request) -> Response:
    """End the session; without one nothing happens."""
    who = await asyncio.to_thread(known, request)
    await asyncio.to_thread(
        who.office.archive.accounts.sign_out, request.cookies.get(COOKIE, ""), origin=who.actor.origin
    )
    response = Response(status_code=204, headers=NO_STORE)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _told_account(account: Account, csrf: str) -> SessionAnswer:
    return SessionAnswer(
        account.name,
        account.display,
        sorted(account.roles),
        sorted(account.rights),
        sorted(account.subdistricts),
        csrf,
    )
