"""Submit, approve, give back, abandon; comments, shared links, and what others are doing."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.asked import read_body
from api.documented import gives, takes
from api.planning.advice import event
from api.planning.drafts import Planner, Viewer, changed, drafted, editable, shown, told
from api.planning.shapes import CommentState, Judged, NewComment, NewShare, Seen
from api.planning.told import record_told
from api.planning.who import Who, needs
from api.replies import EVENTS, Events
from geogrid.accounts import Right
from geogrid.archive import Subject
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from api.planning.office import Office
    from geogrid.archive import DraftRecord

router = APIRouter(prefix="/v1/planning", tags=["planning: review"])
Approver = Annotated[Who, needs(Right.APPROVE)]
Speaker = Annotated[Who, needs(Right.COMMENT)]
LOOK_S = 0.5  # how often a draft is looked at for those who watch it
BEAT_S = 15.0  # a comment line keeps proxies from closing a quiet stream


@router.post("/drafts/{draft_id}/submit", summary="Hand a draft in", **takes(Seen))
async def submit(request: Request, who: Planner, draft_id: int) -> Response:
    """Submit a draft; units without a grid and broken hard rules are refused, all at once."""
    return await _by_planner(request, who, draft_id, who.office.archive.reviews.submit)


@router.post("/drafts/{draft_id}/abandon", summary="Give a draft up", **takes(Seen))
async def abandon(request: Request, who: Planner, draft_id: int) -> Response:
    """Abandon a draft; it can still be read."""
    return await _by_planner(request, who, draft_id, who.office.archive.reviews.abandon)


@router.post("/drafts/{draft_id}/approve", summary="Approve a draft", **takes(Judged))
async def approve(request: Request, who: Approver, draft_id: int) -> Response:
    """Approve a submitted draft; whoever worked on it cannot."""
    return await _by_approver(request, who, draft_id, who.office.archive.reviews.approve)


@router.post("/drafts/{draft_id}/reopen", summary="Give a draft back for editing", **takes(Judged))
async def reopen(request: Request, who: Approver, draft_id: int) -> Response:
    """Give a submitted or approved draft back, with the reason."""
    return await _by_approver(request, who, draft_id, who.office.archive.reviews.reopen)


async def _by_planner(request: Request, who: Who, draft_id: int, act: Callable[..., DraftRecord]) -> Response:
    asked = await read_body(request, Seen)
    await editable(who, draft_id)
    return await changed(who, draft_id, partial(act, draft_id, revision=asked.revision, by=who.actor))


async def _by_approver(
    request: Request, who: Who, draft_id: int, act: Callable[..., DraftRecord]
) -> Response:
    asked = await read_body(request, Judged)
    await drafted(who, draft_id)
    judge = partial(act, draft_id, decision=asked.decision)
    return await changed(who, draft_id, partial(judge, revision=asked.revision, by=who.actor))


@router.get("/drafts/{draft_id}/comments", summary="What is said about a draft")
async def comments(who: Viewer, draft_id: int) -> Response:
    """List the comments, the oldest first."""
    await drafted(who, draft_id)
    found = await asyncio.to_thread(who.office.archive.comments.of, draft_id)
    return told([asdict(one) for one in found])


@router.post("/drafts/{draft_id}/comments", summary="Comment", status_code=201, **takes(NewComment))
async def comment(request: Request, who: Speaker, draft_id: int) -> Response:
    """Pin a comment on a draft, a grid or a unit."""
    asked = await read_body(request, NewComment)
    await drafted(who, draft_id)
    added = await asyncio.to_thread(
        who.office.archive.comments.add,
        draft_id,
        asked.text,
        by=who.actor,
        subject=Subject(asked.subject),
        subject_id=asked.subject_id,
    )
    return told(asdict(added), 201)


@router.patch("/drafts/{draft_id}/comments/{comment_id}", summary="Settle a comment", **takes(CommentState))
async def settle(request: Request, who: Speaker, draft_id: int, comment_id: int) -> Response:
    """Resolve a comment, or open it again."""
    asked = await read_body(request, CommentState)
    await drafted(who, draft_id)
    done = await asyncio.to_thread(
        who.office.archive.comments.resolve, draft_id, comment_id, by=who.actor, resolved=asked.resolved
    )
    return told(asdict(done))


@router.get("/drafts/{draft_id}/shares", summary="The links that show a draft")
async def shares(who: Planner, draft_id: int) -> Response:
    """List the links; their secrets are known to nobody."""
    await editable(who, draft_id)
    return told([asdict(one) for one in await asyncio.to_thread(who.office.archive.shares.of, draft_id)])


@router.post("/drafts/{draft_id}/shares", summary="Share a draft", status_code=201, **takes(NewShare))
async def share(request: Request, who: Planner, draft_id: int) -> Response:
    """Make a link that shows the draft to whoever has it, for some days; the secret is told only now."""
    asked = await read_body(request, NewShare)
    await editable(who, draft_id)
    made, secret = await asyncio.to_thread(
        who.office.archive.shares.add, draft_id, lasts=timedelta(days=asked.days), by=who.actor
    )
    return told({**asdict(made), "secret": secret, "path": f"/planner/shared/{secret}"}, 201)


@router.delete("/drafts/{draft_id}/shares/{share_id}", summary="Take a link back")
async def unshare(who: Planner, draft_id: int, share_id: int) -> Response:
    """Revoke a link."""
    await editable(who, draft_id)
    done = await asyncio.to_thread(who.office.archive.shares.revoke, draft_id, share_id, by=who.actor)
    return told(asdict(done))


@router.get("/shared/{secret}", summary="What a shared link shows")
async def shared(request: Request, secret: str) -> Response:
    """Give a draft and its units to whoever has the link, to read."""
    office: Office = request.app.state.office
    draft_id = await asyncio.to_thread(office.archive.shares.draft_of, secret)
    opened = await asyncio.to_thread(office.archive.drafts.open, draft_id)
    return await shown(office, opened, history=[])


@router.get("/drafts/{draft_id}/events", summary="What others do to a draft, as it happens", **gives(EVENTS))
async def events(request: Request, who: Viewer, draft_id: int) -> Response:
    """Stream ``event: changed`` with where the draft stands, each time it changes."""
    await drafted(who, draft_id)
    return Events(_watched(request, who, draft_id))


async def _watched(request: Request, who: Who, draft_id: int) -> AsyncIterator[bytes]:
    """Look at the store itself, so that it does not matter which server the change went through."""
    seen: object = None
    quiet = 0.0
    while not await request.is_disconnected():
        try:
            record = await asyncio.to_thread(who.office.archive.drafts.record, draft_id)
            spoken = await asyncio.to_thread(who.office.archive.comments.of, draft_id)
        except GeogridError:
            return
        now = (record, spoken)
        if now != seen:
            seen, quiet = now, 0.0
            open_ones = [one.id for one in spoken if one.resolved_at is None]
            yield event("changed", {"draft": record_told(record), "comments": len(spoken), "open": open_ones})
        elif quiet >= BEAT_S:
            quiet = 0.0
            yield b": still here\n\n"
        await asyncio.sleep(LOOK_S)
        quiet += LOOK_S
