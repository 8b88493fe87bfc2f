"""The routes of OGC API - Features."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api import ogc
from api.choosing import Choice, page_of
from api.documented import schema
from api.history import HereOrThen
from api.problems import MEDIA_TYPE, TITLES, Refusal
from api.replies import GEOJSON, JSON, Body, reply
from api.shapes import Problem
from geogrid.snapshot.layers import LAYERS, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from api.served import Served

TYPES = {"string": str, "int64": int, "bool": bool, "double": float}


class OgcRoute(APIRoute):
    """A route that answers 400 to what cannot be used, as the standard asks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                faults = [
                    {"in": "query", "name": str(fault["loc"][-1]), "message": str(fault["msg"])}
                    for fault in error.errors()
                ]
                raise Refusal(400, errors=faults) from None
            except Refusal as refusal:
                if refusal.status != 422:
                    raise
                raise Refusal(400, refusal.detail, refusal.errors) from None

        return told


router = APIRouter(tags=["OGC API - Features"], route_class=OgcRoute)
F = Annotated[Literal["json", "geojson"] | None, Query(description="The only formats: JSON and GeoJSON.")]
Box = Annotated[
    str | None,
    Query(description="Four numbers: the lower and the upper corner.", examples=["124.3,40.1,124.5,40.2"]),
]
Crs = Annotated[str | None, Query(description="The URI of a coordinate system that the collection offers.")]
When = Annotated[
    str | None,
    Query(description="An instant or an interval; open ends as `..`.", examples=["2026-12-01T00:00:00Z/.."]),
]
Limit = Annotated[
    int, Query(ge=1, description="Most features on a page.", json_schema_extra={"maximum": ogc.MOST})
]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Features to skip.")]


def told_of(description: str, required: Mapping[str, Any], media: str = JSON) -> dict[str, Any]:
    """Return the ``responses=`` of a route that answers with an object of these members."""
    shape = {"type": "object", "required": list(required), "properties": dict(required)}
    told: dict[int, Any] = {200: {"description": description, "content": {media: {"schema": shape}}}}
    for status in (400, 404, 503):
        problem = {MEDIA_TYPE: {"schema": schema(Problem)}}
        told[status] = {"description": TITLES[status][1], "content": problem}
    return {"responses": told, "response_model": None}


LINKS = {"type": "array", "items": {"type": "object", "required": ["href", "rel"]}}
FEATURE = {
    "type": {"const": "Feature"},
    "id": {"type": "string"},
    "geometry": {"type": ["object", "null"]},
    "properties": {"type": "object"},
    "links": LINKS,
}
FEATURES = {
    "type": {"const": "FeatureCollection"},
    "features": {"type": "array", "items": {"type": "object"}},
    "links": LINKS,
    "numberMatched": {"type": "integer"},
    "numberReturned": {"type": "integer"},
}


def _reply(request: Request, here: Served, told: object, media: str = JSON, crs: str = "") -> Response:
    cache = here.public(request.app.state.settings.max_age_s)
    headers = {"Content-Crs": f"<{crs}>"} if crs else {}
    return reply(request, Body(orjson.dumps(told), media), cache, headers)


@router.get("/ogc", summary="Landing page", **told_of("The landing page.", {"links": LINKS}))
@router.get("/ogc/", include_in_schema=False)
async def landing(request: Request, here: HereOrThen, f: F = None) -> Response:  # noqa: ARG001
    """Tell where the collections, the conformance and the definition of this API are."""
    return _reply(request, here, ogc.landing(ogc.base_of(request), here))


@router.get(
    "/ogc/conformance",
    summary="What this API conforms to",
    **told_of("The conformance classes.", {"conformsTo": {"type": "array", "items": {"type": "string"}}}),
)
async def conformance(request: Request, here: HereOrThen, f: F = None) -> Response:  # noqa: ARG001
    """List the conformance classes of OGC API - Features."""
    return _reply(request, here, {"conformsTo": ogc.CONFORMS_TO})


@router.get(
    "/ogc/collections",
    summary="The collections",
    **told_of("The collections.", {"links": LINKS, "collections": {"type": "array"}}),
)
async def collections(request: Request, here: HereOrThen, f: F = None) -> Response:  # noqa: ARG001
    """List the collections: the five levels, grids, branches and venues."""
    return _reply(request, here, ogc.collections(ogc.base_of(request), here))


@router.get(
    "/ogc/collections/{name}",
    summary="One collection",
    **told_of("A collection.", {"id": {"type": "string"}, "links": LINKS}),
)
async def collection(request: Request, here: HereOrThen, name: str, f: F = None) -> Response:  # noqa: ARG001
    """Tell the extent, the coordinate systems and the links of a collection."""
    return _reply(request, here, ogc.collection(ogc.base_of(request), here, name))


def items_route(name: str) -> Any:
    """Return the route of a collection's features; every column is a filter."""
    columns = {one.name: TYPES[str(one.type)] for one in SCHEMAS[name] if one.name != "geometry"}

    async def route(
        request: Request,
        here: Served,
        limit: int,
        offset: int,
        bbox: str | None,
        bbox_crs: str | None,
        crs: str | None,
        when: str | None,
        f: str | None,  # noqa: ARG001
        **wanted: Any,
    ) -> Response:
        system = ogc.known_crs(crs, here, "crs")
        area = ogc.area_of(bbox, ogc.known_crs(bbox_crs, here, "bbox-crs"), here)
        asked = ogc.Asked(area, system, min(limit, ogc.MOST), offset)
        stated = {column: value for column, value in wanted.items() if value is not None}
        timely = ogc.in_time(when, here)
        told = await asyncio.to_thread(_items, request, here, name, asked, stated if timely else None)
        return _reply(request, here, told, GEOJSON, system)

    fixed: dict[str, tuple[Any, Any]] = {
        "request": (Request, inspect.Parameter.empty),
        "here": (HereOrThen, inspect.Parameter.empty),
        "limit": (Limit, 100),
        "offset": (Offset, 0),
        "bbox": (Box, None),
        "bbox_crs": (Annotated[Crs, Query(alias="bbox-crs")], None),
        "crs": (Crs, None),
        "when": (Annotated[When, Query(alias="datetime")], None),
        "f": (F, None),
        **{
            column: (Annotated[kind | None, Query(description=f"Only features of this {column}.")], None)
            for column, kind in columns.items()
        },
    }
    only = inspect.Parameter.KEYWORD_ONLY
    route.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(one, only, default=value, annotation=kind) for one, (kind, value) in fixed.items()]
    )
    route.__name__ = f"features_of_{name}"
    return route


def _items(
    request: Request, here: Served, name: str, asked: ogc.Asked, wanted: dict[str, Any] | None
) -> dict[str, Any]:
    """Return a page of features; none where ``wanted`` is None."""
    layer = here.snapshot.layer(name)
    among = ogc.places_in(layer, asked.area) if wanted is not None else []
    page = page_of(layer, Choice(wanted or {}, limit=asked.limit, offset=asked.offset), among)
    query = dict(request.query_params)
    return {
        "type": "FeatureCollection",
        "features": ogc.features_in(layer, page.places, asked.crs, here.snapshot.city["plane"]),
        "links": ogc.items_links(ogc.base_of(request), name, query, asked, page.matched),
        "numberMatched": page.matched,
        "numberReturned": len(page.places),
        **here.head(),
    }


def item_route(name: str) -> Any:
    """Return the route of one feature of a collection."""

    async def route(
        request: Request,
        here: HereOrThen,
        id: str,  # noqa: A002
        crs: Crs = None,
        f: F = None,  # noqa: ARG001
    ) -> Response:
        system = ogc.known_crs(crs, here, "crs")
        return _reply(request, here, ogc.item(ogc.base_of(request), here, name, id, system), GEOJSON, system)

    route.__name__ = f"feature_of_{name}"
    return route


for one in LAYERS:
    router.add_api_route(
        f"/ogc/collections/{one}/items",
        items_route(one),
        summary=f"Features: {one}",
        description=f"Give the {one} as features: by box, by time, by any column, a page at a time.",
        **told_of("A page of features.", FEATURES, GEOJSON),
    )
    router.add_api_route(
        f"/ogc/collections/{one}/items/{{id}}",
        item_route(one),
        summary=f"One feature: {one}",
        description=f"Give one of the {one} as a feature.",
        **told_of("A feature.", FEATURE, GEOJSON),
    )
