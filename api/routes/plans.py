"""The published plans: when each is in force, and how two of them differ."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.documented import answers
from api.history import history_of
from api.plan_shapes import PlanDiff, PlanList, PlanPeriod
from api.problems import Refusal
from api.replies import JSON, Body, reply
from api.served import Served, served
from geogrid.clock import SHANGHAI

router = APIRouter(tags=["plans"])
Here = Annotated[Served, Depends(served)]
Day = Annotated[date, Query(description="A day in Asia/Shanghai.", examples=["2026-12-01"])]


@router.get("/v1/plans", summary="The published plans and their days", **answers(PlanList, 422, 503))
async def plans(request: Request, here: Here) -> Response:
    """List every published version with the days on which it is in force, the first one first."""
    today = here.clock().astimezone(SHANGHAI).date()
    found = [
        PlanPeriod(
            version=one.version,
            effective_from=one.effective_from.isoformat(),
            effective_until=one.effective_until.isoformat() if one.effective_until else None,
            in_force=one.holds(today),
            downloads={ending: f"/download/{one.version}.{ending}" for ending in ("gpkg", "pmtiles")},
        )
        for one in history_of(request).periods(here)
    ]
    body = Body(msgspec.json.encode(PlanList(found, here.plan, **here.credit)), JSON)
    return reply(request, body, "public, no-cache")


@router.get(
    "/v1/plans/diff", summary="What differs between the plans of two days", **answers(PlanDiff, 404, 422, 503)
)
async def diff(
    request: Request,
    here: Here,
    start: Annotated[date, Query(alias="from", description="The earlier day.", examples=["2026-11-23"])],
    to: Day,
    limit: Annotated[int, Query(ge=0, le=10_000, description="Most moved addresses to list.")] = 1000,
) -> Response:
    """Tell which grids changed, merged or split between two days, and which homes and addresses moved."""
    if to < start:
        raise Refusal(422, "The second day lies before the first.")
    history = history_of(request)
    old = await asyncio.to_thread(history.on, start, here)
    new = await asyncio.to_thread(history.on, to, here)
    key = f"diff/{old.snapshot.manifest['sha256']}/{limit}"
    made = await asyncio.to_thread(lambda: new.body(key, lambda: _differences(old, new, limit)))
    return reply(request, made, here.public(request.app.state.settings.max_age_s))


def _differences(old: Served, new: Served, limit: int) -> PlanDiff:
    # It brings scipy; a service that is not asked for differences starts without it.
    from geogrid.snapshot.changes import compare_plans

    found: Any = compare_plans(old.snapshot, new.snapshot, most_moved=limit)
    told = {"before": old.plan, "after": new.plan, "counts": new.snapshot.city["counts"], **new.credit}
    return msgspec.convert({**found, **told}, PlanDiff)
