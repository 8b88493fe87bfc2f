"""The application: routes, problems and edge put together for one set of settings."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from api import problems
from api.asked import known_only
from api.documented import DESCRIPTION, describe
from api.edge import Edge
from api.hosting import sites_of, verification_files
from api.hot import Hot
from api.jobs import Jobs
from api.limits import Gate
from api.metrics import Metrics
from api.porter import Porter, close_office
from api.routes import (
    batch,
    communities,
    embeds,
    files,
    levels,
    lookup,
    ogc,
    pages,
    plans,
    prints,
    service,
    tiles,
)
from api.served import Desk
from api.words import language_asked
from geogrid.tiles.basemap import Basemap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.settings import Settings


class Fronted(FastAPI):
    """FastAPI with layers before all of its own: what they answer is spared its work for each request."""

    front: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self.front or super().__call__)(scope, receive, send)


def create_app(settings: Settings) -> FastAPI:
    """Return the service over ``settings.snapshot``; it starts without one too, and then says so."""
    desk = Desk(settings)
    jobs = Jobs(settings, settings.jobs) if settings.jobs else None
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with desk.watching(), metrics.shared(), jobs.working() if jobs else nullcontext():
            try:
                yield
            finally:
                close_office(app)

    app = Fronted(
        title="geogrid",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.desk = desk
    problems.install(app)
    for room in (lookup, batch, files, communities, levels, plans, ogc, tiles, prints, service):
        app.include_router(room.router, dependencies=[Depends(known_only), Depends(language_asked)])
    app.include_router(pages.router)
    app.include_router(embeds.router)
    app.state.sites = sites_of(settings)
    app.state.verification = verification_files(settings.verification)
    app.state.basemap = Basemap.open(settings.basemap) if settings.basemap else None
    app.state.jobs = jobs
    app.state.metrics = metrics
    routes: ASGIApp = partial(FastAPI.__call__, app)
    if settings.store:
        routes = Porter(routes, app=app, settings=settings)
    behind = Hot(routes, desk=desk, settings=settings) if settings.hot else routes
    app.front = Edge(behind, settings=settings, gate=Gate(settings), metrics=metrics)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app
