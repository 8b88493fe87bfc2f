"""Vector tiles, their TileJSON and style, and the files of a whole version."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import FileResponse, Response

from api.documented import schema
from api.history import HereOrThen, history_of
from api.ogc import base_of
from api.problems import MEDIA_TYPE, TITLES, Refusal
from api.replies import JSON, Body, has_already, reply
from api.served import Served, served
from api.shapes import Problem
from api.tiling import MVT, Downloads, Tiles, style, tilejson
from geogrid.tiles import MAX_ZOOM

router = APIRouter(tags=["tiles"])
LayerName = Annotated[
    Literal["all", "districts", "subdistricts", "communities", "compounds", "grids", "venues"],
    Path(description="A layer, or all of them in one tile."),
]
Zoom = Annotated[int, Path(ge=0, le=MAX_ZOOM)]
Place = Annotated[int, Path(ge=0, lt=2**MAX_ZOOM)]
MEDIA = {"gpkg": "application/geopackage+sqlite3", "pmtiles": "application/vnd.pmtiles"}


def told_of(description: str, media: str, content: dict[str, Any], *errors: int) -> dict[str, Any]:
    """Return the ``responses=`` of a route that answers with ``media``."""
    told: dict[int, Any] = {200: {"description": description, "content": {media: {"schema": content}}}}
    for status in errors:
        problem = {MEDIA_TYPE: {"schema": schema(Problem)}}
        told[status] = {"description": TITLES[status][1], "content": problem}
    return {"responses": told, "response_model": None}


TILE = told_of("A vector tile.", MVT, {"type": "string", "format": "binary"}, 404, 422, 503)
TILE["responses"][204] = {"description": "Nothing lies in this tile."}
FILE = told_of("The file.", MEDIA["gpkg"], {"type": "string", "format": "binary"}, 404, 422, 503)
FILE["responses"][200]["content"][MEDIA["pmtiles"]] = {"schema": {"type": "string", "format": "binary"}}
FILE["responses"][206] = {"description": "A part of the file."}
FILE["responses"][416] = {"description": "The part asked for lies outside the file."}


@router.get(
    "/tiles/style.json",
    summary="A style for the tiles",
    **told_of("A MapLibre style, version 8.", JSON, {"type": "object", "required": ["version"]}, 503),
)
async def style_json(request: Request, here: Annotated[Served, Depends(served)]) -> Response:
    """Give a style that draws grids, compounds, communities and venues; it needs no other host."""
    body = Body(orjson.dumps(style(base_of(request), here)), JSON)
    return reply(request, body, _public(request, here))


@router.get(
    "/tiles/{layer}.json",
    summary="The TileJSON of a layer",
    **told_of("TileJSON 3.0.0.", JSON, {"type": "object", "required": ["tilejson", "tiles"]}, 404, 422, 503),
)
async def tile_json(request: Request, here: HereOrThen, layer: LayerName) -> Response:
    """Tell where the tiles are, what is in them and how far they go."""
    day = request.query_params.get("as_of")
    query = f"?as_of={here.plan.effective_from}" if day else ""
    told = tilejson(base_of(request), here, _tiles(request).set_of(here), layer, query)
    return reply(request, Body(orjson.dumps(told), JSON), _public(request, here))


@router.get("/tiles/{layer}/{z}/{x}/{y}.mvt", summary="A vector tile", **TILE)
async def tile(request: Request, here: HereOrThen, layer: LayerName, z: Zoom, x: Place, y: Place) -> Response:
    """Give a Mapbox vector tile (version 2.1) of the web map square; 204 where nothing lies in it."""
    if max(x, y) >= 2**z:
        raise Refusal(404, "There is no such tile at that zoom.")
    body = await asyncio.to_thread(_tiles(request).tile, here, layer, z, x, y)
    cache = _public(request, here)
    if not body.content:
        return Response(status_code=204, headers={"Cache-Control": cache})
    return reply(request, body, cache)


@router.get("/download/{version}.{ending}", summary="A whole version in one file", **FILE)
async def download(
    request: Request,
    here: Annotated[Served, Depends(served)],
    version: Annotated[int, Path(ge=1, le=2**31, description="A published version, see /v1/plans.")],
    ending: Annotated[Literal["gpkg", "pmtiles"], Path(description="GeoPackage or PMTiles.")],
) -> Response:
    """Give all layers as a GeoPackage, or all tiles as PMTiles; parts of it can be asked for by Range."""
    found = await asyncio.to_thread(history_of(request).version, version, here)
    tag = f'"{found.snapshot.manifest["sha256"][:20]}-{ending}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=86400"}
    if has_already(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    state = request.app.state
    if not hasattr(state, "downloads"):
        state.downloads = Downloads()
    path = await asyncio.to_thread(state.downloads.path, found, ending)
    name = f"{found.snapshot.city['id']}-{version}.{ending}"
    return FileResponse(path, headers=headers, media_type=MEDIA[ending], filename=name)


def _tiles(request: Request) -> Tiles:
    state = request.app.state
    if not hasattr(state, "tiles"):
        state.tiles = Tiles()
    found: Tiles = state.tiles
    return found


def _public(request: Request, here: Served) -> str:
    return here.public(request.app.state.settings.max_age_s)
