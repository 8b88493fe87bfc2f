"""Walk the five levels, the grids, the branches, the venues: filter, sort, page, in the format asked for."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.choosing import Choice, filters_of, link_header, names_in, page_links, page_of
from api.documented import schema
from api.history import HereOrThen
from api.level_shapes import ITEMS, LISTS, ONE
from api.negotiated import FORMATS, as_file, chosen_format
from api.problems import MEDIA_TYPE, TITLES
from api.replies import GEOJSON, Body, reply
from api.shapes import FeatureCollection, Problem
from api.walking import item_links
from geogrid.snapshot.geojson import geometry_texts
from geogrid.snapshot.layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from api.served import Served
    from geogrid.snapshot.layers import Layer

router = APIRouter(tags=["levels"])
Format = Annotated[
    Literal["json", "geojson", "csv", "fgb", "parquet"] | None,
    Query(description="The format; without it the Accept header decides."),
]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Most rows on a page.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Rows to skip.")]
Sort = Annotated[
    str | None,
    Query(description="Columns to sort by; a minus turns one round.", examples=["-households,name"]),
]
Fields = Annotated[
    str | None, Query(description="Columns to answer with; the id always is.", examples=["name,households"])
]


async def answer_page(
    request: Request, here: Served, layer: Layer, choice: Choice, f: str | None
) -> Response:
    """Return a page of a layer in the format that is asked for."""
    name = chosen_format(f, request.headers.get("accept"))
    content, links = await asyncio.to_thread(_page, request, here, layer, choice, name)
    cache = here.public(request.app.state.settings.max_age_s)
    return reply(request, Body(content, FORMATS[name]), cache, {"Vary": "Accept", **link_header(links)})


def _page(
    request: Request, here: Served, layer: Layer, choice: Choice, name: str
) -> tuple[bytes, list[dict[str, str]]]:
    page = page_of(layer, choice)
    links = page_links(request.url.path, dict(request.query_params), choice, page.matched)
    columns = ("id", *choice.fields) if choice.fields else ()
    if name not in ("json", "geojson"):
        return as_file(layer, page.places, columns, name, here.credit), links
    told = {"matched": page.matched, "returned": len(page.places), "links": links, **here.head()}
    if name == "geojson":
        features = features_of(layer, page.places, columns)
        return orjson.dumps({"type": "FeatureCollection", "features": features, **told}), links
    return orjson.dumps({layer.name: rows_of(here, layer, page.places, columns), **told}), links


def rows_of(
    here: Served, layer: Layer, places: Sequence[int], columns: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return rows as JSON has them: with the place of a label and the bounds, unless columns are chosen."""
    if columns:
        return [{name: layer.rows[place][name] for name in columns} for place in places]
    counts = {"counts": here.snapshot.city["counts"]} if "households" in layer.columns() else {}
    found = []
    for place in places:
        shape, row = layer.shapes[place], layer.rows[place]
        where = {"position": [row["lon"], row["lat"]], "bounds": list(shape.bounds)} if shape else {}
        found.append({**row, **counts, **where})
    return found


def features_of(layer: Layer, places: Sequence[int], columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return rows as GeoJSON features in WGS-84; the id is the feature's own."""
    texts = geometry_texts(layer.shapes[list(places)], 7)
    return [
        {
            "type": "Feature",
            "id": layer.rows[place]["id"],
            "properties": {name: layer.rows[place][name] for name in columns or layer.columns()},
            "geometry": orjson.Fragment(text),
        }
        for place, text in zip(places, texts, strict=True)
    ]


async def answer_item(request: Request, here: Served, layer: Layer, id: str, f: str | None) -> Response:  # noqa: A002
    """Return one row in the format that is asked for, with links up and down."""
    name = chosen_format(f, request.headers.get("accept"))
    place = layer.place(id)
    content = await asyncio.to_thread(_item, here, layer, place, name)
    cache = here.public(request.app.state.settings.max_age_s)
    links = item_links(layer.name, layer.rows[place])
    return reply(request, Body(content, FORMATS[name]), cache, {"Vary": "Accept", **link_header(links)})


def _item(here: Served, layer: Layer, place: int, name: str) -> bytes:
    if name not in ("json", "geojson"):
        return as_file(layer, [place], (), name, here.credit)
    told = {"links": item_links(layer.name, layer.rows[place]), **here.head()}
    if name == "geojson":
        return orjson.dumps({**features_of(layer, [place])[0], **told})
    return orjson.dumps({ONE[layer.name].lower(): rows_of(here, layer, [place])[0], **told})


def page_route(layer: str) -> Callable[..., Awaitable[Response]]:
    """Return the route of a collection; it takes the filters that the layer has columns for."""
    from geogrid.snapshot.layers import SCHEMAS

    filters = filters_of(SCHEMAS[layer].names)

    async def route(
        request: Request,
        here: Served,
        limit: int,
        offset: int,
        sort: str | None,
        fields: str | None,
        f: str | None,
        **wanted: str | None,
    ) -> Response:
        held = here.snapshot.layer(layer)
        if wanted.pop("format", None) == "geojson":
            return reply(
                request, here.communities_geojson(), here.public(request.app.state.settings.max_age_s)
            )
        columns = held.columns()
        choice = Choice(
            {filters[name]: value for name, value in wanted.items() if value is not None},
            names_in(sort, columns, "sort"),
            limit,
            offset,
            names_in(fields, columns, "fields"),
        )
        return await answer_page(request, here, held, choice, f)

    told = {name: f"Only those whose {column} is, or holds, this." for name, column in filters.items()}
    asked: dict[str, Any] = {
        name: Annotated[str | None, Query(description=text)] for name, text in told.items()
    }
    if layer == "communities":
        asked["format"] = Annotated[
            Literal["json", "geojson"] | None,
            Query(description="geojson: all of them, with the places of labels, as the map draws them."),
        ]
    _sign(route, f"list_{layer}", asked)
    return route


def _sign(route: Any, name: str, asked: Mapping[str, Any]) -> None:
    """Give a route the parameters that FastAPI reads and documents."""
    fixed: dict[str, tuple[Any, Any]] = {
        "request": (Request, inspect.Parameter.empty),
        "here": (HereOrThen, inspect.Parameter.empty),
        "limit": (Limit, 100),
        "offset": (Offset, 0),
        "sort": (Sort, None),
        "fields": (Fields, None),
        "f": (Format, None),
        **{one: (kind, None) for one, kind in asked.items()},
    }
    only = inspect.Parameter.KEYWORD_ONLY
    route.__signature__ = inspect.Signature(
        [inspect.Parameter(one, only, default=value, annotation=kind) for one, (kind, value) in fixed.items()]
    )
    route.__name__ = name


def item_route(layer: str) -> Callable[..., Awaitable[Response]]:
    """Return the route of one item of a collection."""

    async def route(request: Request, here: HereOrThen, id: str, f: Format = None) -> Response:  # noqa: A002
        return await answer_item(request, here, here.snapshot.layer(layer), id, f)

    route.__name__ = f"one_of_{layer}"
    return route


def told_of(shape: type, *errors: int) -> dict[str, Any]:
    """Return the ``responses=`` of a route that answers in every format."""
    content: dict[str, Any] = {FORMATS["json"]: {"schema": schema(shape)}}
    content[GEOJSON] = {"schema": schema(FeatureCollection)} if shape in LISTS.values() else {}
    content[FORMATS["csv"]] = {"schema": {"type": "string"}}
    for name in ("fgb", "parquet"):
        content[FORMATS[name]] = {"schema": {"type": "string", "format": "binary"}}
    told: dict[int, Any] = {200: {"description": (shape.__doc__ or ""), "content": content}}
    for status in errors:
        problem = {MEDIA_TYPE: {"schema": schema(Problem)}}
        told[status] = {"description": TITLES[status][1], "content": problem}
    return {"responses": told, "response_model": None}


for one in LAYERS:
    router.add_api_route(
        f"/v1/{one}",
        page_route(one),
        summary=f"The {one}, a page at a time",
        description=f"Filter, sort and page the {one} of the plan; choose columns and format.",
        **told_of(LISTS[one], 404, 406, 422, 503),
    )
    if one not in ("communities", "grids"):  # their pages have cards, see `api.routes.communities`
        router.add_api_route(
            f"/v1/{one}/{{id}}",
            item_route(one),
            summary=f"One of the {one}",
            description=f"Tell all that is published of one of the {one}, with links up and down.",
            **told_of(ITEMS[one], 404, 406, 422, 503),
        )
