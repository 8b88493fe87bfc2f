"""The city, its communities, their grids and what is drawn under them."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.answering import city_of, community_answer, grid_answer
from api.documented import answers
from api.history import HereOrThen  # noqa: TC001 - read at run time by FastAPI
from api.negotiated import chosen_format
from api.replies import reply
from api.routes.levels import Format, answer_item, told_of
from api.served import Served  # noqa: TC001 - read at run time by FastAPI
from api.shapes import CityFacts, CommunityAnswer, FeatureCollection, GridAnswer

router = APIRouter(tags=["plan"])


@router.get(
    "/v1/city", summary="The city, its plan, its data and their licence", **answers(CityFacts, 404, 422, 503)
)
async def city(request: Request, here: HereOrThen) -> Response:
    """Tell what is served, from which data, under which licence, valid from when."""
    body = here.body("city", lambda: city_of(here))
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/city/background",
    summary="What is drawn under the whole city, as GeoJSON",
    **answers(FeatureCollection, 404, 422, 503),
)
async def city_background(request: Request, here: HereOrThen) -> Response:
    """Give water, parks and dividing lines of the whole city, smoothed by about four metres."""
    # The first asker's answer takes a second to make; the others are not made to wait for it.
    body = await asyncio.to_thread(here.city_background)
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/communities/{id}",
    summary="One community and its grids",
    **told_of(CommunityAnswer, 404, 406, 422, 503),
)
async def community(request: Request, here: HereOrThen, id: str, f: Format = None) -> Response:  # noqa: A002
    """Tell what a community's grids are and who looks after them."""
    here.require(id)
    if chosen_format(f, request.headers.get("accept")) != "json":
        return await answer_item(request, here, here.snapshot.layer("communities"), id, f)
    body = here.body(f"community/{id}", lambda: community_answer(here, id))
    return reply(request, body, _public(request, here), {"Vary": "Accept"})


@router.get(
    "/v1/communities/{id}/grids",
    summary="A community's grids as GeoJSON",
    **answers(FeatureCollection, 404, 422, 503),
)
async def grids(request: Request, here: HereOrThen, id: str) -> Response:  # noqa: A002
    """Give the grids' borders; each carries its card, a colour and a label place."""
    # The first asker's answer colours the whole plan; the others are not made to wait for it.
    body = await asyncio.to_thread(here.grids_geojson, id)
    return reply(request, body, _public(request, here))


@router.get(
    "/v1/communities/{id}/background",
    summary="What is drawn under the grids, as GeoJSON",
    **answers(FeatureCollection, 404, 422, 503),
)
async def background(request: Request, here: HereOrThen, id: str) -> Response:  # noqa: A002
    """Give water, parks, compounds, buildings and streets of a community."""
    return reply(request, here.background_geojson(id), _public(request, here))


@router.get("/v1/grids/{code}", summary="One grid", **told_of(GridAnswer, 404, 406, 422, 503))
async def grid(request: Request, here: HereOrThen, code: str, f: Format = None) -> Response:
    """Tell what a grid covers, which branch serves it and who leads it; a vacancy is told as vacant."""
    here.card(code)
    if chosen_format(f, request.headers.get("accept")) != "json":
        return await answer_item(request, here, here.snapshot.layer("grids"), code, f)
    body = here.body(f"grid/{code}", lambda: grid_answer(here, code))
    return reply(request, body, _public(request, here), {"Vary": "Accept"})


def _public(request: Request, here: Served) -> str:
    return here.public(request.app.state.settings.max_age_s)
