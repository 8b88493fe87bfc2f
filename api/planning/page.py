"""The planner's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.replies import HTML, Body, reply
from maps.planner import planner_page
from maps.words import language_for

if TYPE_CHECKING:
    from api.planning.office import Office

router = APIRouter(include_in_schema=False)


@router.get("/planner")
async def page(request: Request) -> Response:
    """Show the workbench in the language of ``lang=``; it asks for a sign-in itself."""
    return _page(request, "")


@router.get("/planner/shared/{secret}")
async def shared(request: Request, secret: str) -> Response:
    """Show one draft, to read, to whoever has the link."""
    return _page(request, secret)


def _page(request: Request, secret: str) -> Response:
    office: Office = request.app.state.office
    language = language_for(request.query_params.get("lang"))
    provider = office.provider.said.label if office.provider else ""
    today = office.archive.today().isoformat()
    content = planner_page(language, today, shared=secret[:100], provider=provider)
    return reply(request, Body(content.encode(), HTML), "private, no-cache")
