"""Advice on a draft: previews, nudges, mends, parts, proposals and why not."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from shapely import LineString
from starlette.responses import Response  # noqa: TC002 - read at run time by FastAPI

from api.asked import read_body
from api.documented import gives, takes
from api.planning.drafts import LARGE, Planner, Viewer, drafted, editable, told
from api.planning.shapes import Asked, PartsAsked, ProposalAsked, WhyAsked
from api.planning.told import breaches_told, encode, preview_told, proposal_told
from api.problems import Refusal
from api.replies import EVENTS, Events
from geogrid.crs import points_to_metres
from geogrid.errors import Fault, GeogridError, RefusedError
from geogrid.partition import why_not
from geogrid.policy import policy_from_table
from geogrid.rules import RULES
from geogrid.workbench import (
    mends,
    nudges,
    operation_from_json,
    operation_to_json,
    parts_by_line,
    parts_by_solver,
    preview,
    propose,
    propose_several,
)
from maps.words import language_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from geogrid.workbench import Proposal

router = APIRouter(prefix="/v1/planning/drafts/{draft_id}", tags=["planning: advice"])
# Two cores: more runs at once would only make all of them slower.
MOST_RUNS = 2
WHY_S = 8.0  # somebody waits for the answer
_runs = threading.Semaphore(MOST_RUNS)


@router.post("/preview", summary="What an operation would do", **takes(Asked))
async def look_before(request: Request, who: Viewer, draft_id: int) -> Response:
    """Tell the rows that would change, before and after, and what the rules would say."""
    asked = await read_body(request, Asked, LARGE)
    operation = operation_from_json(asked.operation)
    here = await drafted(who, draft_id)
    return told(preview_told(await asyncio.to_thread(preview, here.bench, here.draft, operation)))


@router.get("/nudges", summary="What can be moved across the border of two grids")
async def border(
    who: Viewer,
    draft_id: int,
    one: Annotated[int, Query(ge=1, le=999)],
    other: Annotated[int, Query(ge=1, le=999)],
) -> Response:
    """List every move across the border with both grids before and after it, the best first."""
    here = await drafted(who, draft_id)
    found = await asyncio.to_thread(nudges, here.bench, here.draft, one, other)
    return told([{**asdict(nudge), "move": operation_to_json(nudge.move)} for nudge in found])


@router.get("/mends", summary="How a broken rule could be mended")
async def mendings(who: Viewer, draft_id: int, rule: Annotated[str, Query(max_length=60)]) -> Response:
    """List operations that lessen the breaches of a rule and harm no hard one."""
    if rule not in {one.__name__ for one in RULES}:
        raise Refusal(422, errors=[{"in": "query", "name": "rule", "message": "there is no such rule"}])
    here = await drafted(who, draft_id)
    found = await asyncio.to_thread(mends, here.bench, here.draft, rule)
    return told([{**asdict(mend), "operation": operation_to_json(mend.operation)} for mend in found])


@router.post("/parts", summary="How a grid could be parted", **takes(PartsAsked))
async def parts(request: Request, who: Viewer, draft_id: int) -> Response:
    """Part a grid by the solver or along a line; do it with the operation ``split``."""
    asked = await read_body(request, PartsAsked, LARGE)
    here = await drafted(who, draft_id)
    units = here.draft.members.get(asked.grid, ())
    if not units or (asked.count is None) == (asked.line is None):
        words = "name a grid with units, and either a count or a line"
        raise RefusedError((Fault("parts-of-what", words, field="grid"),))
    if asked.count is not None:
        found = await asyncio.to_thread(parts_by_solver, here.bench, units, asked.count)
    else:
        lon, lat = zip(*(asked.line or []), strict=True)
        x, y = points_to_metres(lon, lat, who.office.plane)
        line = LineString(list(zip(x.tolist(), y.tolist(), strict=True)))
        found = await asyncio.to_thread(parts_by_line, here.bench, units, line)
    return told({"kind": "split", "grid": asked.grid, "parts": found})


@router.post("/why-not", summary="Why a unit does not lie in a grid", **takes(WhyAsked))
async def why(request: Request, who: Viewer, draft_id: int) -> Response:
    """Tell what forbids that a unit lies in a grid, or what it costs, and the least that would allow it."""
    asked = await read_body(request, WhyAsked)
    here = await drafted(who, draft_id)
    faults = [] if asked.unit in here.bench.units else [Fault("unknown-unit", "there is no such unit")]
    if not here.draft.members.get(asked.grid):
        faults.append(Fault("unknown-grid", "there is no such grid, or it has no units"))
    if faults or len(here.draft.assignment) < len(here.bench.units):
        raise RefusedError(tuple(faults) or (Fault("not-finished", "units have no grid yet"),))
    found = await asyncio.to_thread(
        partial(why_not, time_limit_s=WHY_S),
        here.bench.graph, here.bench.policy, here.draft.plan, asked.unit, asked.grid,
    )  # fmt: skip
    language = language_for(request.query_params.get("lang"))
    return told(
        {
            "forbidden": [one.words for one in found.forbidden],
            "breaches": breaches_told(found.forbidden),
            "costs": dict(found.costs),
            "proved": found.proved,
            "plan": None if found.plan is None else dict(found.plan.assignment),
            "reason": "" if found.reason is None else found.reason.say(language),
        }
    )


@router.post("/proposals", summary="Let the solver propose", **takes(ProposalAsked), **gives(EVENTS))
async def proposals(request: Request, who: Planner, draft_id: int) -> Response:
    """Stream each better proposal with its objectives, bounds and gap, as server-sent events.

    ``event: better`` as often as it gets better, then one ``event: done``; whoever stops reading stops the
    run. With ``alternatives`` above one they come together at the end.
    """
    asked = await read_body(request, ProposalAsked)
    here = await editable(who, draft_id)
    policy = here.bench.policy if asked.policy is None else policy_from_table(asked.policy)

    def several() -> list[Proposal]:
        return list(
            propose_several(
                here.bench, here.draft, policy,
                how_many=asked.alternatives, share=asked.share, time_limit_s=asked.seconds,
            )
        )  # fmt: skip

    def single(progress: Callable[[Proposal], None], stop: Callable[[], bool]) -> list[Proposal]:
        limit = asked.seconds
        done = propose(
            here.bench,
            here.draft,
            policy,
            grids=asked.grids,
            time_limit_s=limit,
            progress=progress,
            stop=stop,
        )
        return [done]

    run = single if asked.alternatives == 1 else lambda _progress, _stop: several()
    return Events(_streamed(run))


async def _streamed(
    run: Callable[[Callable[[Proposal], None], Callable[[], bool]], list[Proposal]],
) -> AsyncIterator[bytes]:
    """Run the solver in a thread and give what it tells as it comes; stop it when nobody listens any more."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    stopped = threading.Event()

    def put(kind: str, content: Any) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event(kind, content))

    def work() -> None:
        if not _runs.acquire(timeout=10):
            put("refused", {"detail": "Other runs are under way; ask again later."})
        else:
            try:
                found = run(lambda better: put("better", proposal_told(better)), stopped.is_set)
                put("done", [proposal_told(one) for one in found])
            except GeogridError as error:
                put("refused", {"detail": str(error)})
            finally:
                _runs.release()
        loop.call_soon_threadsafe(queue.put_nowait, None)

    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        while (content := await queue.get()) is not None:
            yield content
    finally:
        stopped.set()
        await task


def event(kind: str, content: Any) -> bytes:
    """Return a server-sent event."""
    return b"event: " + kind.encode() + b"\ndata: " + encode(content) + b"\n\n"
