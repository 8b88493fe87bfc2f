"""Many questions at once, and the addresses near a point."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.answering import candidate_of, readings_of
from api.asked import read_body
from api.batch_shapes import Around, Batch, BatchAnswer, NearAddress, ReverseAnswer
from api.documented import answers, takes
from api.facts import name_of
from api.history import HereOrThen, plan_of_day
from api.problems import Refusal
from api.replies import JSON, PRIVATE, Body, reply
from api.routes.lookup import Crs  # noqa: TC001 - read at run time by FastAPI
from api.served import Served, row_of, served
from api.words import DEFAULT, language_of
from geogrid.batch.told import EMPTY, RowAnswer
from geogrid.crs import to_wgs84

if TYPE_CHECKING:
    from api.batch_shapes import AskedRow, Row
    from api.settings import Settings

router = APIRouter(tags=["lookup"])
Here = Annotated[Served, Depends(served)]
NO_STORE = {"Cache-Control": "no-store"}
TURN = 8  # addresses between two turns of everybody else
BOTH = RowAnswer("invalid", "give either an address, or lon and lat")
TOO_LONG = RowAnswer("invalid", "the address is too long")


@router.post(
    "/v1/lookup/batch",
    summary="Find the grids of up to 1,000 addresses or positions",
    **answers(BatchAnswer, 404, 413, 415, 422, 503),
    **takes(Batch),
)
async def lookup_batch(request: Request, here: Here) -> Response:
    """Answer every row, in order, with the columns that a file would get.

    A bad row does not harm the others.
    """
    settings = request.app.state.settings
    asked = await read_body(request, Batch, settings.max_batch_body)
    if len(asked.rows) > settings.max_batch:
        raise Refusal(422, f"A batch may have {settings.max_batch} rows.")
    here = await plan_of_day(request, asked.as_of, here)
    request.scope["geogrid.rows"] = len(asked.rows)
    language = language_of(request.scope)
    return Response(await told_batch(here, asked, settings, language), headers=NO_STORE, media_type=JSON)


async def told_batch(here: Served, asked: Batch, settings: Settings, language: str = DEFAULT) -> bytes:
    """Return the answer to a batch as JSON, the reasons in a language."""
    told = _positions(here, asked, language)
    done = 0
    for place, row in enumerate(asked.rows):
        if row.address is None:
            continue
        told[place] = msgspec.json.encode(_address(here, row, asked, settings, language))
        done += 1
        if done % TURN == 0:
            await asyncio.sleep(0)
    head = msgspec.json.encode({"plan": here.raw_plan, **here.credit})
    return b'{"rows":[' + b",".join(told) + b"]," + head[1:]


def _positions(here: Served, asked: Batch, language: str) -> list[bytes]:
    """Return what each row's position is told; a row without one is told that it is invalid."""
    lon = np.array([row.lon for row in asked.rows], dtype=np.float64)  # None becomes NaN
    lat = np.array([row.lat for row in asked.rows], dtype=np.float64)
    readable = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    east, north = lon[readable], lat[readable]
    if asked.crs not in ("WGS-84", "CGCS2000"):
        east, north = to_wgs84(east, north, crs=asked.crs)
    found = here.matcher.points(east, north)
    of_row = np.full(len(lon), -1, dtype=np.int32)  # the last of the rows: invalid
    of_row[readable] = found.of_row
    rows = here.point_rows(language)
    return [rows[at] for at in of_row.tolist()]


def _address(here: Served, row: AskedRow, asked: Batch, settings: Settings, language: str) -> Row:
    text = (row.address or "").strip()
    if row.lon is not None or row.lat is not None:
        return row_of(BOTH, language)
    if not text:
        return row_of(EMPTY, language)
    if len(text) > settings.max_text:
        return row_of(TOO_LONG, language)
    told = row_of(here.matcher.addresses([text])[0], language)
    if asked.limit or asked.explain:
        found = here.snapshot.lookup_address(text, limit=max(asked.limit, 1), explain=asked.explain)
        if asked.limit:
            told.candidates = [candidate_of(one) for one in found.candidates]
        if asked.explain:
            told.explain = readings_of(found)
    return told


@router.get(
    "/v1/reverse", summary="Find the addresses near a position", **answers(ReverseAnswer, 404, 422, 503)
)
async def reverse(
    request: Request,
    here: HereOrThen,
    lon: Annotated[float, Query(ge=-180, le=180, description="Longitude in degrees.")],
    lat: Annotated[float, Query(ge=-90, le=90, description="Latitude in degrees.")],
    crs: Annotated[Crs, Query(description="What lon and lat are given in.")] = "WGS-84",
    radius: Annotated[float, Query(gt=0, le=1000, description="Metres around the position.")] = 200.0,
    limit: Annotated[int, Query(ge=1, le=20, description="Most addresses to answer with.")] = 5,
) -> Response:
    """Tell the buildings' addresses near a position, the nearest first; units and rooms are never told."""
    content = _around(here, Around(lon, lat, crs, radius, limit))
    return reply(request, Body(content, JSON), PRIVATE)


@router.post(
    "/v1/reverse",
    summary="Find the addresses near a position, with the position in the body",
    **answers(ReverseAnswer, 404, 413, 415, 422, 503),
    **takes(Around),
)
async def reverse_by_post(request: Request, here: Here) -> Response:
    """Answer without the position in any URL, history or log."""
    asked = await read_body(request, Around)
    here = await plan_of_day(request, asked.as_of, here)
    return Response(_around(here, asked), headers=NO_STORE, media_type=JSON)


def _around(here: Served, asked: Around) -> bytes:
    lon, lat = asked.lon, asked.lat
    if asked.crs not in ("WGS-84", "CGCS2000"):
        lon, lat = (float(one) for one in to_wgs84(lon, lat, crs=asked.crs))
    grids = here.snapshot.grids()
    found = here.nearby.near(lon=lon, lat=lat, radius_m=asked.radius, limit=asked.limit)
    told = [
        NearAddress(
            one.address,
            one.distance_m,
            one.lon,
            one.lat,
            name_of(grids[one.label]) if one.label >= 0 else None,
        )
        for one in found
    ]
    return msgspec.json.encode(ReverseAnswer(told, here.plan, **here.credit))
