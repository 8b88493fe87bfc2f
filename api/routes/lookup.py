"""Which grid is mine? By address or by position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.answering import answer_of
from api.asked import read_body
from api.documented import answers, takes
from api.history import HereOrThen, plan_of_day
from api.problems import Refusal
from api.replies import JSON, PRIVATE, Body, reply
from api.served import Served, served
from api.shapes import Answer, Language, Question, Suggestion, SuggestionList, Typed
from geogrid.crs import to_wgs84

if TYPE_CHECKING:
    from api.settings import Settings

router = APIRouter(tags=["lookup"])
Here = Annotated[Served, Depends(served)]
Crs = Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"]
DIGITS = 7  # of a degree that are told: a centimetre
BOTH = "Give either an address, or lon and lat."


@router.get(
    "/v1/lookup", summary="Find the grid of an address or a position", **answers(Answer, 404, 422, 503)
)
async def lookup(
    request: Request,
    here: HereOrThen,
    address: Annotated[str | None, Query(description="An address as somebody would type it.")] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, description="Longitude in degrees.")] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90, description="Latitude in degrees.")] = None,
    crs: Annotated[Crs, Query(description="What lon and lat are given in.")] = "WGS-84",
    limit: Annotated[int, Query(ge=1, le=20, description="Most candidates to answer with.")] = 5,
    lang: Annotated[
        Language | None, Query(description="Answer with a sentence in this language, too; refuse in it.")
    ] = None,
    explain: Annotated[bool, Query(description="Say how the address was read.")] = False,
) -> Response:
    """Answer by link. An address in a link is kept by browsers; prefer POST for people's addresses."""
    question = Question(address, lon, lat, crs, limit, lang=lang, explain=explain)
    content = answer(here, question, request.app.state.settings)
    return reply(request, Body(content, JSON), PRIVATE)


@router.post(
    "/v1/lookup",
    summary="Find the grid, with the address in the body",
    **answers(Answer, 404, 413, 415, 422, 503),
    **takes(Question),
)
async def lookup_by_post(request: Request, here: Here) -> Response:
    """Answer without the address in any URL, history or log."""
    question = await read_body(request, Question)
    here = await plan_of_day(request, question.as_of, here)
    content = answer(here, question, request.app.state.settings)
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=JSON)


@router.get("/v1/suggest", summary="Complete an address", **answers(SuggestionList, 404, 422, 503))
async def suggest(
    request: Request,
    here: HereOrThen,
    q: Annotated[str, Query(description="What was typed so far.")],
    limit: Annotated[int, Query(ge=1, le=20, description="Most suggestions to answer with.")] = 8,
    lon: Annotated[float | None, Query(ge=-180, le=180, description="Where somebody looks.")] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90, description="Where somebody looks.")] = None,
    crs: Annotated[Crs, Query(description="What lon and lat are given in.")] = "WGS-84",
) -> Response:
    """Suggest addresses and names that begin like, or sound like, what was typed, near ones first."""
    content = _suggest(here, Typed(q, limit, None, lon, lat, crs), request.app.state.settings)
    return reply(request, Body(content, JSON), PRIVATE)


@router.post(
    "/v1/suggest",
    summary="Complete an address, with the text in the body",
    **answers(SuggestionList, 404, 413, 415, 422, 503),
    **takes(Typed),
)
async def suggest_by_post(request: Request, here: Here) -> Response:
    """Suggest without the text in any URL, history or log."""
    typed = await read_body(request, Typed)
    here = await plan_of_day(request, typed.as_of, here)
    content = _suggest(here, typed, request.app.state.settings)
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=JSON)


def answer(here: Served, question: Question, settings: Settings) -> bytes:
    """Return the answer to one question as JSON.

    :raises Refusal: it is no question.
    """
    if (question.address is None) == (question.lon is None and question.lat is None):
        raise Refusal(422, BOTH)
    why = question.explain
    if question.address is not None:
        text = _short(question.address, settings)
        found = here.snapshot.lookup_address(text, limit=question.limit, explain=why)
        return msgspec.json.encode(answer_of(found, here, question.lang, explain=why))
    lon, lat = _degrees(question.lon, question.lat, question.crs)
    found = here.snapshot.lookup_point(lon=lon, lat=lat)
    told = answer_of(found, here, question.lang, explain=why)
    told.lon, told.lat = round(lon, DIGITS), round(lat, DIGITS)
    return msgspec.json.encode(told)


def _suggest(here: Served, typed: Typed, settings: Settings) -> bytes:
    somewhere = typed.lon is not None or typed.lat is not None
    near = _degrees(typed.lon, typed.lat, typed.crs) if somewhere else None
    found = here.snapshot.suggestions(_short(typed.q, settings), limit=typed.limit, near=near)
    told = [Suggestion(text, detail) for text, detail in found]
    return msgspec.json.encode(SuggestionList(told, here.plan, **here.credit))


def _degrees(lon: float | None, lat: float | None, crs: Crs) -> tuple[float, float]:
    """Return a position in WGS-84.

    :raises Refusal: only half of one is given.
    """
    if lon is None or lat is None:
        raise Refusal(422, "A longitude and a latitude belong together.")
    if crs in ("WGS-84", "CGCS2000"):
        return lon, lat
    east, north = to_wgs84(lon, lat, crs=crs)
    return float(east), float(north)


def _short(text: str, settings: Settings) -> str:
    """Return ``text``, or refuse one that no address is as long as."""
    if not text.strip():
        raise Refusal(422, "The text is empty.")
    if len(text) > settings.max_text:
        raise Refusal(422, f"The text has more than {settings.max_text} characters.")
    return text
