"""Sign in and out, say who one is, change the own password, and end sessions that are open elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.asked import read_body
from api.documented import answers, takes
from api.limits import client_of
from api.planning.shapes import NewPassword, SessionAnswer, SessionEnd, SignIn
from api.planning.told import encode
from api.planning.who import COOKIE, Who, cookie_name, known, newcomer, own_session
from api.problems import Refusal
from api.replies import JSON

if TYPE_CHECKING:
    from api.planning.office import Office
    from geogrid.accounts import Account

router = APIRouter(prefix="/v1/planning", tags=["planning: accounts"])
NO_STORE = {"Cache-Control": "no-store"}
FRESH = timedelta(minutes=5)  # for how long a sign-in shows who asks
Newcomer = Annotated[Who, Depends(newcomer)]
Owner = Annotated[Who, Depends(own_session)]


@router.post(
    "/session", summary="Sign in", **answers(SessionAnswer, 401, 403, 413, 415, 422), **takes(SignIn)
)
async def sign_in(request: Request) -> Response:
    """Open a session; its secret is a cookie that no script and no other site can read."""
    asked = await read_body(request, SignIn)
    office: Office = request.app.state.office
    if not office.settings.passwords:
        raise Refusal(403, "Sign in with the identity provider.")
    origin = client_of(request.scope, office.settings.proxies)
    secret = await asyncio.to_thread(
        office.archive.sessions.sign_in, asked.name, asked.password, origin=origin
    )
    return await signed_in(request, office, secret)


async def signed_in(request: Request, office: Office, secret: str) -> Response:
    """Return the answer that gives a new session its cookie; the one that this browser had ends."""
    await leave(request, office)
    session = await asyncio.to_thread(office.archive.sessions.session, secret)
    response = Response(
        encode(_told_account(session.account, session.csrf)), headers=NO_STORE, media_type=JSON
    )
    give_cookie(response, request, secret)
    return response


async def leave(request: Request, office: Office) -> None:
    """End the session that the browser comes with, if any."""
    known = request.cookies.get(cookie_name(COOKIE, request.url.scheme), "")
    if known:
        await asyncio.to_thread(office.archive.sessions.sign_out, known)


def give_cookie(response: Response, request: Request, secret: str) -> None:
    """Put the secret of a session into a cookie that no script and no other site can read."""
    name, secure = cookie_name(COOKIE, request.url.scheme), request.url.scheme == "https"
    response.set_cookie(name, secret, httponly=True, samesite="strict", secure=secure, path="/")


@router.get("/session", summary="Say who is signed in", **answers(SessionAnswer, 401, 403))
async def session(request: Request) -> Response:
    """Tell the account, its rights and the session's CSRF token."""
    who = await asyncio.to_thread(known, request)
    return Response(encode(_told_account(who.account, who.csrf)), headers=NO_STORE, media_type=JSON)


@router.delete("/session", summary="Sign out", status_code=204, response_class=Response)
async def sign_out(request: Request) -> Response:
    """End the session; without one nothing happens."""
    name = cookie_name(COOKIE, request.url.scheme)
    who = await asyncio.to_thread(known, request)
    await asyncio.to_thread(
        who.office.archive.sessions.sign_out, request.cookies.get(name, ""), origin=who.actor.origin
    )
    response = Response(status_code=204, headers={**NO_STORE, "Clear-Site-Data": '"cache", "storage"'})
    secure = request.url.scheme == "https"
    response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/password", summary="Change the own password", status_code=204, response_class=Response,
             **takes(NewPassword))  # fmt: skip
async def change_password(request: Request, who: Newcomer) -> Response:
    """Set another password; all other sessions of the account end."""
    asked = await read_body(request, NewPassword)
    change = who.office.archive.accounts.change_password
    here = who.session.id if who.session else ""
    await asyncio.to_thread(change, who.account.name, asked.old, asked.new, by=who.actor, session=here)
    return Response(status_code=204, headers=NO_STORE)


@router.get("/sessions", summary="One's own open sessions")
async def sessions(who: Owner) -> Response:
    """List the open sessions of this account: since when, when last, and from where."""
    found = await asyncio.to_thread(who.office.archive.sessions.open_of, who.account.name)
    here = who.session.id if who.session else ""
    told = [{**asdict(one), "current": one.id == here} for one in found]
    return Response(encode(told), headers=NO_STORE, media_type=JSON)


@router.post("/sessions/end", summary="End sessions that are open elsewhere", status_code=204,
             response_class=Response, **takes(SessionEnd))  # fmt: skip
async def end_sessions(request: Request, who: Owner) -> Response:
    """End one session of this account, or all but this one."""
    asked = await read_body(request, SessionEnd)
    archive, name, session = who.office.archive, who.account.name, who.session
    fresh = session is not None and who.office.settings.clock() < session.began + FRESH
    origin = who.actor.origin
    if not fresh and not await asyncio.to_thread(archive.accounts.knows, name, asked.password, origin=origin):
        raise Refusal(403, "The password is another one.")
    if asked.session:
        await asyncio.to_thread(archive.sessions.end, name, asked.session, by=who.actor)
    else:
        here = session.id if session else ""
        await asyncio.to_thread(archive.sessions.end_all, name, by=who.actor, but=here)
    return Response(status_code=204, headers=NO_STORE)


def _told_account(account: Account, csrf: str) -> SessionAnswer:
    return SessionAnswer(
        account.name,
        account.display,
        sorted(account.roles),
        sorted(account.rights),
        sorted(account.subdistricts),
        csrf,
        account.provisional,
    )
