"""Files of a draft, out and in: its assignment as CSV, GeoJSON or GeoPackage."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.documented import gives
from api.planning.drafts import NO_STORE, Viewer, drafted, told
from api.problems import Refusal
from api.replies import CSV, GEOJSON
from geogrid.assignments import MOST_BYTES, read_assignment, write_draft
from geogrid.workbench import operation_to_json, read_entries

if TYPE_CHECKING:
    from geogrid.archive import OpenDraft

router = APIRouter(prefix="/v1/planning/drafts/{draft_id}", tags=["planning: files"])
MEDIA = {
    "csv": CSV,
    "geojson": GEOJSON,
    "gpkg": "application/geopackage+sqlite3",
}
ENDINGS = {media.partition(";")[0]: ending for ending, media in MEDIA.items()}
FileName = Annotated[str, Query(max_length=80, description="What the history calls the file.")]
SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in ENDINGS},
    }
}


@router.get("/assignment", summary="A draft as a file: its units and their grids", **gives(*MEDIA.values()))
async def export(
    who: Viewer,
    draft_id: int,
    format: Annotated[Literal["csv", "geojson", "gpkg"], Query(description="csv: unit,grid.")] = "csv",  # noqa: A002
) -> Response:
    """Give the assignment as a file that can be read in again."""
    opened = await drafted(who, draft_id)
    content = await asyncio.to_thread(_written, opened, who.office.plane, format)
    name = f"draft-{draft_id}-revision-{opened.record.revision}.{format}"
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=MEDIA[format])


def _written(opened: OpenDraft, plane: str, ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"draft.{ending}"
        write_draft(path, opened, plane)
        return path.read_bytes()


@router.post("/assignment", summary="What an assignment file would do", openapi_extra=SENT)
async def look_through(request: Request, who: Viewer, draft_id: int, name: FileName = "") -> Response:
    """Flag a file row by row and return the operation that takes over what is right; do it as a step.

    The body is the file itself.
    """
    ending = ENDINGS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if ending is None:
        raise Refusal(415, f"Send one of {', '.join(ENDINGS)}.")
    here = await drafted(who, draft_id)
    content = await _received(request)
    entries = await asyncio.to_thread(_read, content, ending)
    printable = "".join(char for char in name if char.isprintable())
    found = await asyncio.to_thread(read_entries, here.bench, here.draft, entries, origin=printable)
    return told(
        {
            "rows": found.rows,
            "moved": found.moved,
            "left_out": found.left_out,
            "faults": [asdict(one) for one in found.faults],
            "operation": operation_to_json(found.operation),
        }
    )


async def _received(request: Request) -> bytes:
    taken = bytearray()
    async for part in request.stream():
        taken += part
        if len(taken) > MOST_BYTES:
            raise Refusal(413, f"A file may have {MOST_BYTES >> 20} MB.")
    return bytes(taken)


def _read(content: bytes, ending: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"assignment.{ending}"
        path.write_bytes(content)
        return read_assignment(path)
