"""The city, its communities, their grids and what is drawn under them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api import facts
from api.documented import answers
from api.replies import reply
from api.served import Served, served
from api.shapes import CityFacts, CommunityAnswer, CommunityList, FeatureCollection, GridAnswer

router = APIRouter(tags=["plan"])
Here = Annotated[Served, Depends(served)]


@router.get("/v1/city", summary="The city, its plan, its data and their licence", **answers(CityFacts, 503))
async def city(request: Request, here: Here) -> Response:
    """Tell what is served, from which data, under which licence, valid from when."""
    body = here.body("city", lambda: facts.city_of(here))
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/city/background",
    summary="What is drawn under the whole city, as GeoJSON",
    **answers(FeatureCollection, 422, 503),
)
async def city_background(request: Request, here: Here) -> Response:
    """Give water, parks and dividing lines of the whole city, smoothed by about four metres."""
    # The first asker's answer takes a second to make; the others are not made to wait for it.
    body = await asyncio.to_thread(here.city_background)
    return reply(request, body, _public(request, here))


@router.get("/v1/communities", summary="All communities", **answers(CommunityList, 422, 503))
async def communities(
    request: Request,
    here: Here,
    format: Annotated[Literal["json", "geojson"], Query(description="geojson: with borders.")] = "json",  # noqa: A002
) -> Response:
    """List the communities with the number of their grids; with borders as GeoJSON."""
    if format == "geojson":
        body = here.communities_geojson()
    else:
        body = here.body("communities", lambda: facts.community_list(here))
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/communities/{id}", summary="One community and its grids", **answers(CommunityAnswer, 404, 422, 503)
)
async def community(request: Request, here: Here, id: str) -> Response:  # noqa: A002
    """Tell what a community's grids are and who looks after them."""
    here.require(id)
    body = here.body(f"community/{id}", lambda: facts.community_answer(here, id))
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/communities/{id}/grids",
    summary="A community's grids as GeoJSON",
    **answers(FeatureCollection, 404, 422, 503),
)
async def grids(request: Request, here: Here, id: str) -> Response:  # noqa: A002
    """Give the grids' borders; each carries its card, a colour and a label place."""
    return reply(request, here.grids_geojson(id), _public(request, here))


@router.get(
    "/v1/communities/{id}/background",
    summary="What is drawn under the grids, as GeoJSON",
    **answers(FeatureCollection, 404, 422, 503),
)
async def background(request: Request, here: Here, id: str) -> Response:  # noqa: A002
    """Give water, parks, compounds, buildings and streets of a community."""
    return reply(request, here.background_geojson(id), _public(request, here))


@router.get("/v1/grids/{code}", summary="One grid", **answers(GridAnswer, 404, 422, 503))
async def grid(request: Request, here: Here, code: str) -> Response:
    """Tell what a grid covers, which branch serves it and who leads it; a vacancy is told as vacant."""
    here.card(code)
    body = here.body(f"grid/{code}", lambda: facts.grid_answer(here, code))
    return reply(request, body, _public(request, here))


def _public(request: Request, here: Served) -> str:
    return here.public(request.app.state.settings.max_age_s)
