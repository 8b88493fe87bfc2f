"""Files of addresses or positions: sent, worked at in the background, fetched."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response

from api.batch_shapes import Job
from api.documented import answers
from api.history import AsOf, plan_of_day
from api.jobs import FORMATS, Jobs
from api.problems import Refusal
from api.replies import JSON
from api.served import Served, served
from api.words import language_of, said

router = APIRouter(tags=["files"])
Here = Annotated[Served, Depends(served)]
NO_STORE = {"Cache-Control": "no-store"}
Column = Annotated[str, Query(max_length=200, description="The column; found by its name where not told.")]
FILE = {"type": "string", "format": "binary"}
BODY = {"requestBody": {"required": True, "content": {name: {"schema": FILE} for name in FORMATS}}}
TAKEN = answers(Job, 404, 408, 413, 415, 422, 429, 503)
TAKEN["responses"][202] = TAKEN["responses"].pop(200)
RESULT = answers(Job, 404, 422)
RESULT["responses"][200] = {
    "description": "The file with grid_code, grid_name, status, reason, and of addresses how they matched.",
    "content": {name: {"schema": FILE} for name in FORMATS},
}


def jobs_of(request: Request) -> Jobs:
    """Return the jobs (a dependency of the routes).

    :raises Refusal: this service takes no files.
    """
    found: Jobs | None = request.app.state.jobs
    if found is None:
        raise Refusal(404, "This service takes no files.")
    return found


There = Annotated[Jobs, Depends(jobs_of)]


@router.post("/v1/jobs", summary="Assign a file", status_code=202, openapi_extra=BODY, **TAKEN)
async def send_file(
    request: Request,
    here: Here,
    jobs: There,
    address: Column = "",
    lon: Column = "",
    lat: Column = "",
    crs: Annotated[str, Query(max_length=40, description="What lon and lat are given in.")] = "WGS-84",
    as_of: AsOf = None,
) -> Response:
    """Take a CSV or Parquet file; every row comes out once, in order, with columns added.

    These are grid_code, grid_name, status and reason, and of addresses match_level, score, margin and
    missing.

    A plan has to be served; without ``as_of`` the one that is in force when the work begins answers.
    """
    kind = FORMATS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind is None:
        raise Refusal(415, f"A file is one of {', '.join(FORMATS)}.")
    plan = await plan_of_day(request, as_of, here)
    version = {"version": str(plan.plan.version)} if as_of else {}
    place = jobs.begin(kind, {"address": address, "lon": lon, "lat": lat, "crs": crs, **version})
    try:
        await _keep(request, place / "upload", request.app.state.settings.job_bytes)
        jobs.submit(place)
    except BaseException:
        jobs.drop(place)
        raise
    headers = {**NO_STORE, "Location": f"/v1/jobs/{place.name}"}
    return Response(_told(request, jobs.told(place)), 202, headers, JSON)


def _told(request: Request, job: Job) -> bytes:
    """Return what a job is told as JSON, its words in the language of the request."""
    language = language_of(request.scope)
    job.warnings = [said(one, language) for one in job.warnings]
    job.errors = [{**one, "message": said(one["message"], language)} for one in job.errors]
    return msgspec.json.encode(job)


async def _keep(request: Request, path: object, most: int) -> None:
    """Write a body to disk as it comes.

    :raises Refusal: it is too large, or empty.
    """
    if int(request.headers.get("content-length") or 0) > most:
        raise Refusal(413, f"A file may have {most:,} bytes.")
    taken = 0
    with open(str(path), "xb", opener=_private) as file:  # noqa: ASYNC230 - a write to the page cache
        async for part in request.stream():
            taken += len(part)
            if taken > most:
                raise Refusal(413, f"A file may have {most:,} bytes.")
            await asyncio.to_thread(file.write, part)
    if not taken:
        raise Refusal(422, "The file is empty.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@router.get("/v1/jobs/{id}", summary="How far a file is", **answers(Job, 404, 422))
async def job(request: Request, jobs: There, id: str) -> Response:  # noqa: A002
    """Tell what has been done and what is left."""
    return Response(_told(request, jobs.told(jobs.place(id))), headers=NO_STORE, media_type=JSON)


@router.get("/v1/jobs/{id}/result", summary="The assigned file", **RESULT)
async def result(jobs: There, id: str) -> Response:  # noqa: A002
    """Give the file back; it is kept for a limited time."""
    path = jobs.result(jobs.place(id))
    media = next(name for name, kind in FORMATS.items() if path.suffix == f".{kind}")
    told = {**NO_STORE, "Content-Disposition": f'attachment; filename="grids{path.suffix}"'}
    return FileResponse(path, headers=told, media_type=media)


@router.delete(
    "/v1/jobs/{id}",
    summary="Cancel a file, or forget its result",
    status_code=204,
    response_model=None,
    responses={status: one for status, one in answers(Job, 404, 422)["responses"].items() if status != 200},
)
async def cancel(jobs: There, id: str) -> Response:  # noqa: A002
    """Stop working at a file and delete everything about it."""
    await asyncio.to_thread(jobs.drop, jobs.place(id))
    return Response(status_code=204, headers=NO_STORE)
