"""Sheets for walls and stairwells, as PDF or PNG."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.history import HereOrThen  # noqa: TC001 - read at run time by FastAPI
from api.ogc import base_of
from api.printing import MEDIA, Order, Prints, tag_of
from api.problems import Refusal
from api.replies import has_already
from api.routes.tiles import told_of
from api.served import Served  # noqa: TC001 - read at run time by FastAPI
from maps.printed import Job

router = APIRouter(tags=["print"])
Ending = Annotated[Literal["pdf", "png"], Path(description="PDF, or a picture of one page.")]
Lang = Annotated[
    Literal["zh-Hans", "zh-Hant", "en"],
    Query(description="The language of the words; names stay as they are."),
]
PaperSize = Annotated[
    Literal["a1", "a2", "a3", "a4", "a5"] | None,
    Query(description="The paper: A3 for walls and books, A4 for notices if left out."),
]
Page = Annotated[int, Query(ge=1, le=1000, description="Which page a PNG shows.")]
ID = Path(max_length=100)
SHEET = told_of("The sheet.", MEDIA["pdf"], {"type": "string", "format": "binary"}, 404, 422, 429, 503)
SHEET["responses"][200]["content"][MEDIA["png"]] = {"schema": {"type": "string", "format": "binary"}}


@router.get("/print/c/{community}.{ending}", summary="The wall sheet of a community", **SHEET)
async def wall(
    request: Request,
    here: HereOrThen,
    community: Annotated[str, ID],
    ending: Ending,
    lang: Lang = "zh-Hans",
    paper: PaperSize = None,
    page: Page = 1,
) -> Response:
    """Give an A3 sheet: the map, a table of the grids, what they cover and who leads them."""
    here.require(community)
    order = Order("wall", community, _job(request, ending, lang, paper))
    return await _printed(request, here, order, page)


@router.get("/print/g/{grid}.{ending}", summary="The notice of a grid", **SHEET)
async def notice(
    request: Request,
    here: HereOrThen,
    grid: Annotated[str, ID],
    ending: Ending,
    lang: Lang = "zh-Hans",
    paper: PaperSize = None,
    page: Page = 1,
) -> Response:
    """Give an A4 notice for a stairwell: the grid, its leader, where to turn."""
    here.card(grid)
    order = Order("notice", grid, _job(request, ending, lang, paper))
    return await _printed(request, here, order, page)


@router.get("/print/s/{subdistrict}.{ending}", summary="All wall sheets of a subdistrict", **SHEET)
async def book(
    request: Request,
    here: HereOrThen,
    subdistrict: Annotated[str, ID],
    ending: Ending,
    lang: Lang = "zh-Hans",
    paper: PaperSize = None,
    page: Page = 1,
) -> Response:
    """Give a book: an index page, then the wall sheet of each community."""
    order = Order("book", subdistrict, _job(request, ending, lang, paper))
    return await _printed(request, here, order, page)


def _job(request: Request, ending: str, lang: str, paper: str | None) -> Job:
    settings = request.app.state.settings
    site = settings.site or base_of(request)
    return Job(lang, ending == "png", paper or "", site, settings.issuer, settings.review_number)


async def _printed(request: Request, here: Served, order: Order, page: int) -> Response:
    tag = tag_of(here.snapshot, order)
    headers = {
        "ETag": f'{tag[:-1]}-{page}"',
        "Cache-Control": here.public(request.app.state.settings.max_age_s),
    }
    if has_already(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    document, fresh = await _prints(request).document(here.snapshot, order)
    if fresh:
        request.scope["geogrid.sheets"] = document.sheets
    if page > len(document.pages):
        raise Refusal(404, "The document has no such page.")
    ending = "png" if order.job.png else "pdf"
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(order.about, safe='')}.{ending}"
    return Response(document.pages[page - 1], headers=headers, media_type=MEDIA[ending])


def _prints(request: Request) -> Prints:
    state = request.app.state
    if not hasattr(state, "prints"):
        state.prints = Prints()
    found: Prints = state.prints
    return found
