"""Open the planners' office when somebody comes for it: until then neither database nor solver is loaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import Depends

from api.asked import known_only
from api.problems import to_planner
from api.served import settle
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.settings import Settings

DOORS = ("/planner", "/v1/planning/")
# What any of the planners' routes may refuse with.
REFUSED = (400, 401, 403, 404, 409, 413, 415, 422, 503)
NAMING = (*DOORS, "/openapi.json", "/docs")  # the documentation names the planners' routes too


class Porter:
    """Stands before the routes of an application with a store; ``open_office`` adds the planners' to them."""

    def __init__(self, routes: ASGIApp, *, app: FastAPI, settings: Settings) -> None:
        self.routes = routes
        self.app = app
        self.settings = settings
        self._opening = asyncio.Lock()
        self._is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in; where the store cannot be opened, who came for the office is told so."""
        if not self._is_open and scope["type"] == "http" and scope["path"].startswith(NAMING):
            try:
                await self._open()
            except GeogridError as error:
                if scope["path"].startswith(DOORS):
                    await to_planner(error)(scope, receive, send)
                    return
        await self.routes(scope, receive, send)

    async def _open(self) -> None:
        async with self._opening:
            if not self._is_open:
                await asyncio.to_thread(open_office, self.app, self.settings)
                self._is_open = True


def open_office(app: FastAPI, settings: Settings) -> None:
    """Open the store and add the planners' routes to an application.

    :raises StoreError: the store cannot be opened; nothing is added.
    """
    from api.documented import refusals
    from api.planning import page
    from api.planning.office import Office
    from api.planning.routers import ROUTERS

    app.state.office = Office(settings)
    app.include_router(page.router)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(known_only)], responses=refusals(*REFUSED))
    app.openapi_schema = None  # it is told anew, with these
    settle()


def close_office(app: FastAPI) -> None:
    """Let go of the store where it was opened."""
    office = getattr(app.state, "office", None)
    if office is not None:
        office.close()
