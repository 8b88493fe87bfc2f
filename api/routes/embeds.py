"""Maps that other sites show in their pages: the documents, their data, and how sites learn of them."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec
import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.edge import POLICY
from api.history import history_of
from api.hosting import host_of
from api.problems import Refusal
from api.replies import FOREVER, HTML, JSON, Body, reply
from api.served import Served, served
from geogrid.errors import NotFoundError
from maps.assets import asset
from maps.colours import colours_of
from maps.embed import embed_page, path_of, policy
from maps.explorer import View, city_name
from maps.options import Options, read_options
from maps.portal import portal_page
from maps.words import language_for, words

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(include_in_schema=False)
PNG = "image/png"
SIZE = (960, 640)  # of a frame where nobody says another
LEAST = 240
AN_HOUR, A_DAY = "public, max-age=3600", "public, max-age=86400"
KINDS = {"s": "subdistrict", "c": "community", "g": "grid"}


@router.get("/embed/city")
async def city(request: Request) -> Response:
    """Show the mosaic of all grids."""
    return await _page(request, "city", "")


@router.get("/embed/city.png")
async def city_picture(request: Request) -> Response:
    """Draw the city for a link's preview."""
    return await _picture(request, "city", "")


@router.get("/embed/{kind}/{id}.png")
async def picture(request: Request, kind: str, id: str) -> Response:  # noqa: A002
    """Draw an area for a link's preview."""
    return await _picture(request, _kind(kind), id)


@router.get("/embed/{kind}/{id}")
async def area(request: Request, kind: str, id: str) -> Response:  # noqa: A002
    """Show a subdistrict, a community or a grid."""
    return await _page(request, _kind(kind), id)


@router.get("/embed")
async def portal(request: Request) -> Response:
    """Show webmasters how to put a map into their page."""
    here = await served(request)
    language = language_for(request.query_params.get("lang"))
    host = host_of(request)
    choices = await asyncio.to_thread(here.choices)  # its first use colours the whole plan
    made = portal_page(here.snapshot.city, language, host, choices)
    headers = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
    return reply(request, Body(made.encode(), HTML), "public, no-cache", headers)


@router.get("/embed.js")
async def loader(request: Request) -> Response:
    """Give the script that turns a portal's <div> into a map; its address never changes."""
    return reply(request, Body(asset("portal.js").content, asset("portal.js").media_type), AN_HOUR)


@router.get("/embed/data/{version}/{seal}/{path:path}")
async def drawn(request: Request, version: int, seal: str, path: str) -> Response:
    """Give a piece of a plan's drawings: for ever under its own seal, else as it is now."""
    here = await served(request)
    if version != here.plan.version:
        here = await asyncio.to_thread(history_of(request).version, version, here)
    body = await here.drawn(path)
    return reply(request, body, FOREVER if seal == here.drawing.seal else "public, no-cache")


@router.get("/basemap/{zoom}/{x}/{y}")
async def ground(request: Request, zoom: int, x: int, y: int) -> Response:
    """Give a tile of the operator's own basemap."""
    basemap = request.app.state.basemap
    tile = basemap.tile(zoom, x, y) if basemap else None
    if tile is None:
        raise Refusal(404)
    return reply(request, Body(tile, basemap.media_type), A_DAY)


@router.get("/oembed")
async def oembed(request: Request) -> Response:
    """Tell a publishing system how to show a map whose address was pasted (oEmbed 1.0)."""
    asked = request.query_params
    if asked.get("format", "json") != "json":
        raise Refusal(501, "Only format=json is answered.")
    base = host_of(request).base
    url = asked.get("url", "")
    if not url.startswith(base):
        raise Refusal(404, "That address is not of this service.")
    parts = urlsplit(url[len(base) - 1 :])
    kind, id_ = _read_path(parts.path)
    options, _ = read_options(dict(parse_qsl(parts.query)))
    here = await _plan(request, options)
    view = await asyncio.to_thread(_view, here, kind, id_)
    told = _rich(view, options, here, base, _side(asked, "maxwidth", 0), _side(asked, "maxheight", 1))
    cache = here.public(request.app.state.settings.max_age_s)
    return reply(request, Body(orjson.dumps(told), JSON), cache)


@router.get("/{name}.{ending}")
async def verification(request: Request, name: str, ending: str) -> Response:
    """Give one of the operator's verification files, for hosts of mini-programs."""
    content = request.app.state.verification.get(f"{name}.{ending}")
    if content is None:
        raise Refusal(404)
    media = HTML if ending == "html" else "text/plain; charset=utf-8"
    return Response(content, headers={"Cache-Control": "no-cache"}, media_type=media)


def _kind(letter: str) -> str:
    if letter not in KINDS:
        raise Refusal(404)
    return KINDS[letter]


async def _plan(request: Request, options: Options) -> Served:
    """Return the plan in force on the day that is asked for, else today's."""
    here = await served(request)
    if options.day is None:
        return here
    return await asyncio.to_thread(history_of(request).on, options.day, here)


def _view(here: Served, kind: str, id: str) -> View:  # noqa: A002
    """Return what is shown.

    :raises NotFoundError: the plan has no such area.
    """
    drawing = here.drawing
    data = data_of(here)
    if kind == "city":
        return View(kind, "", data)
    if kind == "grid":
        card = here.card(id)
        return View(kind, id, data, (*drawing.trail("community", card.community.id), _step(card)))
    return View(kind, id, data, tuple(drawing.trail(kind, id)))


def _step(card: Any) -> dict[str, Any]:
    return {"level": "grid", "id": card.code, "name": card.name}


def data_of(here: Served) -> str:
    """Return where the drawings of a plan are served; the address changes when they do."""
    return f"/embed/data/{here.plan.version}/{here.drawing.seal}/"


async def _page(request: Request, kind: str, id: str) -> Response:  # noqa: A002
    options, wrong = read_options(request.query_params)
    here = await _plan(request, options)
    view = await asyncio.to_thread(_view, here, kind, id)
    beside = await _beside(request, options)
    host = host_of(request)
    plan = {**msgspec.to_builtins(here.plan), "beside": beside}
    page = embed_page(here.snapshot.city, plan, view, options, host, wrong)
    headers = {"Content-Security-Policy": policy(options, host), "Permissions-Policy": "geolocation=*"}
    body = Body(page.encode(), HTML)
    return reply(request, body, here.public(request.app.state.settings.max_age_s), headers)


async def _beside(request: Request, options: Options) -> dict[str, Any] | None:
    """Return the second plan of a comparison, None where none is asked for or none was in force."""
    if options.beside is None:
        return None
    try:
        then = await asyncio.to_thread(history_of(request).on, options.beside, await served(request))
        data = await asyncio.to_thread(data_of, then)
    except (Refusal, NotFoundError):
        return None
    return {**msgspec.to_builtins(then.plan), "data": data}


async def _picture(request: Request, kind: str, id: str) -> Response:  # noqa: A002
    from maps.picture import draw_picture

    options, _ = read_options(request.query_params)
    here = await _plan(request, options)
    view = await asyncio.to_thread(_view, here, kind, id)

    def make() -> bytes:
        return draw_picture(here.snapshot, colours_of(here.snapshot), view, options.language)

    body = await asyncio.to_thread(here.body, f"picture/{kind}/{id}/{options.language}", make, PNG)
    return reply(request, body, here.public(request.app.state.settings.max_age_s))


def _read_path(path: str) -> tuple[str, str]:
    """Return kind and id of the path of an embedded map.

    :raises Refusal: it is of none.
    """
    match path.strip("/").split("/"):
        case ["embed", "city"]:
            return "city", ""
        case ["embed", kind, id_] if kind in KINDS:
            return KINDS[kind], unquote(id_)
    raise Refusal(404, "That address is not of a map.")


def _side(asked: Mapping[str, str], name: str, place: int) -> int:
    text = asked.get(name, "")
    most = int(text) if text.isdecimal() and len(text) < 6 else SIZE[place]
    return max(LEAST, min(SIZE[place], most))


def _rich(view: View, options: Options, here: Served, base: str, width: int, height: int) -> dict[str, Any]:
    said = words(options.language)
    city = here.snapshot.city
    name = " · ".join(filter(None, (view.name, city_name(city, options.language))))
    title = f"{said['map.label']} · {name}"
    there = View(view.kind, quote(view.id, safe=""), "")
    src = base + path_of(there, urlencode(options.query()))
    frame = (
        f'<iframe src="{escape(src)}" title="{escape(title)}" width="{width}" height="{height}" '
        'style="border:0" loading="lazy" allow="geolocation" '
        'sandbox="allow-scripts allow-same-origin allow-popups"></iframe>'
    )
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": city_name(city, options.language),
        "provider_url": base,
        "cache_age": 3600,
        "thumbnail_url": f"{base}{path_of(there)}.png",
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
        "width": width,
        "height": height,
        "html": frame,
    }
