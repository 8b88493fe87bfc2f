"""The pages for people, and the files they are made of."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import msgspec
import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.documented import describe
from api.problems import Refusal
from api.replies import FOREVER, HTML, JSON, Body, reply
from api.routes.embeds import data_of
from api.served import served
from geogrid.errors import SnapshotError
from maps.assets import assets_by_path
from maps.words import language_for

if TYPE_CHECKING:
    from types import ModuleType

    from api.settings import Settings

router = APIRouter(include_in_schema=False)
TEXT = "text/plain; charset=utf-8"
TOLD_FOR = timedelta(days=180)


@router.get("/")
async def page(request: Request) -> Response:
    """Show the resident page in the language of ``lang=``; other parameters are ignored."""
    room = await asyncio.to_thread(_page_room)
    language = language_for(request.query_params.get("lang"))
    try:
        here = await served(request)
    except SnapshotError:
        content = room.unavailable_page(language)
        return Response(content, 503, {"Cache-Control": "no-store", "Retry-After": "10"}, HTML)
    plan, data = msgspec.to_builtins(here.plan), await asyncio.to_thread(data_of, here)
    review = request.app.state.settings.review_number

    def make() -> bytes:
        made: str = room.resident_page(here.snapshot.city, plan, data, language, review)
        return made.encode()

    body = here.body(f"page/{language}", make, HTML)
    return reply(request, body, "public, no-cache")


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """Give a script or a style; its name changes with its content, so it is kept for ever."""
    found = assets_by_path().get(f"static/{name}")
    if found is None:
        raise Refusal(404)
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


@router.get("/.well-known/security.txt")
async def security(request: Request) -> Response:
    """Tell where faults are reported (RFC 9116), where the operator has said so."""
    settings: Settings = request.app.state.settings
    if not settings.security_contact:
        raise Refusal(404)
    over = (settings.clock().astimezone(UTC) + TOLD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    text = f"Contact: {settings.security_contact}\nExpires: {over}\nPreferred-Languages: zh, en\n"
    return reply(request, Body(text.encode(), TEXT), "public, max-age=3600")


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Give the OpenAPI document."""
    return reply(request, Body(orjson.dumps(describe(request.app)), JSON), "public, no-cache")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the API's documentation, made from the OpenAPI document."""
    language = language_for(request.query_params.get("lang") or "en")
    room = await asyncio.to_thread(_docs_room)
    return reply(
        request, Body(room.docs_page(describe(request.app), language).encode(), HTML), "public, no-cache"
    )


def _page_room() -> ModuleType:
    """Import what makes the page; it brings folium along, so that others are answered meanwhile."""
    from maps import page

    return page


def _docs_room() -> ModuleType:
    from maps import docs

    return docs
