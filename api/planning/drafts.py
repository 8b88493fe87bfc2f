"""Drafts: begin, read, do, undo, redo, jump."""

from __future__ import annotations

import asyncio
from datetime import date  # noqa: TC003 - read at run time by FastAPI
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.asked import read_body
from api.documented import takes
from api.planning.office import Office  # noqa: TC001 - read at run time by FastAPI
from api.planning.shapes import NewDraft, NewStep, Retitled, Seen
from api.planning.told import bench_told, encode, open_told, record_told
from api.planning.who import Who, needs
from api.problems import to_planner
from api.replies import JSON, PRIVATE, Body, reply
from geogrid.accounts import Right
from geogrid.archive import DraftStatus, OpenDraft
from geogrid.errors import NotFoundError, StaleError
from geogrid.policy import policy_from_table
from geogrid.workbench import operation_from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.archive import DraftRecord

router = APIRouter(prefix="/v1/planning", tags=["planning: drafts"])
Viewer = Annotated[Who, needs(Right.VIEW)]
Planner = Annotated[Who, needs(Right.EDIT)]
NO_STORE = {"Cache-Control": "no-store"}
LARGE = 4 << 20  # an operation may name every unit of a community


def told(content: Any, status: int = 200) -> Response:
    """Return an answer that nobody keeps."""
    return Response(encode(content), status, NO_STORE, JSON)


async def changed(who: Who, draft_id: int, change: Callable[[], OpenDraft | DraftRecord]) -> Response:
    """Do a write and tell how the draft stands; a stale one is answered with how it stands now."""
    try:
        done = await asyncio.to_thread(change)
    except StaleError as error:
        now = await asyncio.to_thread(who.office.archive.drafts.open, draft_id)
        return to_planner(error, {"current": msgspec.to_builtins(await opened_told(who.office, now))})
    return told(await opened_told(who.office, done) if isinstance(done, OpenDraft) else record_told(done))


async def opened_told(office: Office, opened: OpenDraft) -> dict[str, Any]:
    """Return a draft with its table, its checks, its history, and who would serve its grids."""
    return await asyncio.to_thread(_served, office, opened)


def _served(office: Office, opened: OpenDraft) -> dict[str, Any]:
    return open_told(opened, office.services(opened.bench, opened.draft.plan))


async def shown(office: Office, opened: OpenDraft, **more: Any) -> Response:
    """Return the answer that shows a draft to read, with the units that it lies on."""

    def work() -> Response:
        city = office.locality(opened.record.community_id)
        return told({**_served(office, opened), **more, "bench": bench_told(opened.bench, city)})

    return await asyncio.to_thread(work)


async def drafted(who: Who, draft_id: int) -> OpenDraft:
    """Return a draft of the office's city.

    :raises NotFoundError: it has none such.
    """
    opened = await asyncio.to_thread(who.office.archive.drafts.open, draft_id)
    if opened.record.city_id != who.office.city_id:
        raise NotFoundError("draft", str(draft_id))
    return opened


async def editable(who: Who, draft_id: int) -> OpenDraft:
    """Return a draft in whose community the account may edit."""
    opened = await drafted(who, draft_id)
    who.require(Right.EDIT, opened.record.community_id)
    return opened


@router.get("/communities", summary="The communities and their drafts")
async def communities(who: Viewer) -> Response:
    """List every community with the number of its open drafts, and whether this account may edit there."""
    drafts = await asyncio.to_thread(who.office.archive.drafts.all, who.office.city_id)
    places = await asyncio.to_thread(who.office.places)
    alive = (DraftStatus.OPEN, DraftStatus.SUBMITTED, DraftStatus.APPROVED)
    count = dict.fromkeys(places, 0)
    for one in drafts:
        if one.status in alive and one.community_id in count:
            count[one.community_id] += 1
    return told(
        [
            {
                "id": place.id,
                "name": place.name,
                "code": place.code,
                "subdistrict": place.subdistrict,
                "district": place.district,
                "drafts": count[place.id],
                "editable": Right.EDIT in who.rights
                and who.account.may(Right.EDIT, subdistrict=place.subdistrict_id),
            }
            for place in places.values()
        ]
    )


@router.get("/communities/{community_id}/plan", summary="The plan of a community on a day")
async def plan_on_a_day(
    who: Viewer,
    community_id: str,
    on: Annotated[date | None, Query(description="A day in Asia/Shanghai; without it today.")] = None,
) -> Response:
    """Give the plan that is in force on a day as a draft is given, with its units, to read."""
    office = who.office
    office.place(community_id)
    seen = await asyncio.to_thread(office.archive.drafts.published, office.city_id, community_id, on=on)
    return await shown(office, seen)


@router.get("/drafts", summary="The drafts, the one saved last first")
async def drafts(
    who: Viewer,
    community: Annotated[str | None, Query(description="Only of this community.")] = None,
    status: Annotated[DraftStatus | None, Query(description="Only those that stand there.")] = None,
) -> Response:
    """List drafts."""
    found = await asyncio.to_thread(
        who.office.archive.drafts.all, who.office.city_id, community_id=community, status=status
    )
    return told([record_told(one) for one in found])


@router.post("/drafts", summary="Begin a draft", status_code=201, **takes(NewDraft))
async def begin(request: Request, who: Planner) -> Response:
    """Begin a draft on the newest units of a community, as the plan in force or another version."""
    asked = await read_body(request, NewDraft)
    who.require(Right.EDIT, asked.community)
    policy = None if asked.policy is None else policy_from_table(asked.policy)
    record = await asyncio.to_thread(
        who.office.archive.drafts.begin,
        who.office.city_id,
        asked.community,
        title=asked.title,
        by=who.actor,
        base=asked.base,
        policy=policy,
        start=asked.start,
    )
    opened = await asyncio.to_thread(who.office.archive.drafts.open, record.id)
    return told(await opened_told(who.office, opened), 201)


@router.get("/drafts/{draft_id}", summary="A draft with its table, its checks and its history")
async def draft(
    who: Viewer,
    draft_id: int,
    at: Annotated[int | None, Query(description="As it was after this step; 0: at its beginning.")] = None,
) -> Response:
    """Tell a draft as it stands, or as it was after a step."""
    opened = await drafted(who, draft_id)
    if at is not None:
        opened = await asyncio.to_thread(who.office.archive.drafts.open_at, draft_id, at or None)
    return told(await opened_told(who.office, opened))


@router.get("/drafts/{draft_id}/bench", summary="The units, the graph and the reference of a draft")
async def bench(request: Request, who: Viewer, draft_id: int) -> Response:
    """Give all that a page needs to draw the units and to count by itself; it never changes for a draft."""
    opened = await drafted(who, draft_id)
    city = await asyncio.to_thread(who.office.locality, opened.record.community_id)
    content = await asyncio.to_thread(lambda: encode(bench_told(opened.bench, city)))
    return reply(request, Body(content, JSON), PRIVATE)


@router.patch("/drafts/{draft_id}", summary="Give a draft another title", **takes(Retitled))
async def retitle(request: Request, who: Planner, draft_id: int) -> Response:
    """Change the title."""
    asked = await read_body(request, Retitled)
    await editable(who, draft_id)
    change = partial(who.office.archive.drafts.retitle, draft_id, asked.title)
    return await changed(who, draft_id, partial(change, revision=asked.revision, by=who.actor))


@router.post("/drafts/{draft_id}/steps", summary="Do an operation", **takes(NewStep))
async def do(request: Request, who: Planner, draft_id: int) -> Response:
    """Add a step to a draft; a stale revision gets 409 and nothing is changed."""
    asked = await read_body(request, NewStep, LARGE)
    operation = operation_from_json(asked.operation)
    await editable(who, draft_id)
    change = partial(who.office.archive.drafts.do, draft_id, operation)
    return await changed(who, draft_id, partial(change, revision=asked.revision, by=who.actor))


@router.post("/drafts/{draft_id}/undo", summary="Go back one step", **takes(Seen))
async def undo(request: Request, who: Planner, draft_id: int) -> Response:
    """Undo; a lock is broken only with ``force``."""
    return await _moved(request, who, draft_id, who.office.archive.drafts.undo)


@router.post("/drafts/{draft_id}/redo", summary="Go forward one step", **takes(Seen))
async def redo(request: Request, who: Planner, draft_id: int) -> Response:
    """Redo the newest of the steps that were made after the head."""
    return await _moved(request, who, draft_id, who.office.archive.drafts.redo)


async def _moved(request: Request, who: Who, draft_id: int, move: Callable[..., OpenDraft]) -> Response:
    asked = await read_body(request, Seen)
    await editable(who, draft_id)
    change = partial(move, draft_id, revision=asked.revision, by=who.actor, force=asked.force)
    return await changed(who, draft_id, change)


@router.post("/drafts/{draft_id}/jump", summary="Go to any step of the history", **takes(Seen))
async def jump(request: Request, who: Planner, draft_id: int) -> Response:
    """Go to a step, or without one to the beginning."""
    asked = await read_body(request, Seen)
    await editable(who, draft_id)
    jump_to = partial(who.office.archive.drafts.jump, draft_id, asked.step, force=asked.force)
    return await changed(who, draft_id, partial(jump_to, revision=asked.revision, by=who.actor))
