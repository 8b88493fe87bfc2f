"""Tell whether the service is alive, and whether it has something to serve."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.documented import answers
from api.metrics import MEDIA_TYPE
from api.problems import Refusal
from api.replies import JSON
from api.shapes import Health
from geogrid.errors import SnapshotError

router = APIRouter(tags=["service"])
NO_STORE = {"Cache-Control": "no-store"}


@router.get("/healthz", summary="The process answers", **answers(Health))
async def healthz() -> Response:
    """Answer as long as the process does."""
    return Response(msgspec.json.encode(Health("ok")), headers=NO_STORE, media_type=JSON)


@router.get("/readyz", summary="A plan is being served", **answers(Health, 503))
async def readyz(request: Request) -> Response:
    """Tell which plan is served; 503 where there is none."""
    try:
        version = request.app.state.desk.now().plan.version
    except SnapshotError:
        return Response(msgspec.json.encode(Health("unavailable")), 503, NO_STORE, JSON)
    return Response(msgspec.json.encode(Health("ready", version)), headers=NO_STORE, media_type=JSON)


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    response_model=None,
    responses={
        200: {"description": "Prometheus' text format", "content": {"text/plain": {}}},
        404: answers(Health, 404)["responses"][404],
    },
)
async def metrics(request: Request) -> Response:
    """Tell how many requests there were, how long they took, and which plan is served."""
    if not request.app.state.settings.metrics:
        raise Refusal(404)
    content = request.app.state.metrics.text(request.app.state.desk)
    return Response(content, headers={**NO_STORE, "Content-Type": MEDIA_TYPE})
