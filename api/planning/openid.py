"""Sign in with the identity provider: to it and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.limits import client_of
from api.planning.sessions import NO_STORE, give_cookie, leave
from api.planning.shapes import Pending
from api.planning.who import cookie_name
from geogrid.errors import NotFoundError, SignInError
from maps.words import language_for

if TYPE_CHECKING:
    from api.planning.identity import Provider
    from api.planning.office import Office

router = APIRouter(prefix="/v1/planning/openid", tags=["planning: accounts"])
COOKIE = "geogrid-openid"
PATH = "/v1/planning/openid"
LASTS_S = 600


@router.get("", summary="Sign in with the identity provider", status_code=302, response_class=Response)
async def to_provider(request: Request) -> Response:
    """Send the browser to the provider; state, nonce and verifier wait in a cookie of this browser."""
    office: Office = request.app.state.office
    provider = provider_of(office)
    try:
        url, pending = await provider.begin(redirect_uri(request, office))
    except SignInError:
        return _failed(request)
    response = RedirectResponse(url, 302, NO_STORE)
    # Lax: it must come along when the provider sends the browser back.
    response.set_cookie(
        _cookie(request), msgspec.json.encode(pending).hex(), max_age=LASTS_S, path="/", httponly=True,
        samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


@router.get("/back", summary="Come back from the identity provider", status_code=303, response_class=Response)
async def from_provider(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Check that the answer is to this browser's question, and open a session."""
    office: Office = request.app.state.office
    provider = provider_of(office)
    pending = _pending(request)
    foreign = bool(iss) and iss != provider.said.issuer
    if pending is None or error or foreign or not code or state != pending.state:
        return _failed(request)
    try:
        identity = await provider.finish(redirect_uri(request, office), pending, code)
        origin = client_of(request.scope, office.settings.proxies)
        secret = await asyncio.to_thread(office.archive.identities.sign_in, identity, origin=origin)
    except SignInError:
        return _failed(request)
    response = RedirectResponse("/planner", 303, NO_STORE)
    _drop_cookie(response, request)
    await leave(request, office)
    give_cookie(response, request, secret)
    return response


def provider_of(office: Office) -> Provider:
    """Return the identity provider.

    :raises NotFoundError: none is set.
    """
    if office.provider is None:
        raise NotFoundError("identity provider", "")
    return office.provider


def redirect_uri(request: Request, office: Office) -> str:
    """Return where the provider sends the browser back: the site that the operator named, or this one."""
    site = office.settings.site or str(request.base_url)
    return f"{site.rstrip('/')}{PATH}/back"


def _pending(request: Request) -> Pending | None:
    try:
        return msgspec.json.decode(bytes.fromhex(request.cookies.get(_cookie(request), "")), type=Pending)
    except (ValueError, msgspec.MsgspecError):
        return None


def _cookie(request: Request) -> str:
    return cookie_name(COOKIE, request.url.scheme)


def _drop_cookie(response: Response, request: Request) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(_cookie(request), path="/", httponly=True, samesite="lax", secure=secure)


def _failed(request: Request) -> Response:
    lang = language_for(request.query_params.get("lang"))
    response = RedirectResponse(f"/planner?lang={lang}&signin=failed", 303, NO_STORE)
    _drop_cookie(response, request)
    return response
