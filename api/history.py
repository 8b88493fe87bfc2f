"""The plans of other days: opened when they are asked for, a few kept open."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query
from starlette.requests import Request  # noqa: TC002 - read at run time by FastAPI

from api.problems import Refusal
from api.served import Desk, Served
from geogrid.errors import SnapshotError
from geogrid.snapshot import Period, Snapshot, read_timeline

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 4  # snapshots of other days that stay open
AsOf = Annotated[
    date | None,
    Query(description="A day in Asia/Shanghai: answer from the plan in force then.", examples=["2026-12-01"]),
]


class History:
    """Gives the plan of any day from the snapshots that lie beside the one that is served."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: OrderedDict[int, Served] = OrderedDict()

    def periods(self, now: Served) -> tuple[Period, ...]:
        """Return when each published version is in force; only what is served where no timeline was kept."""
        try:
            return read_timeline(self.root)
        except SnapshotError:
            begins = date.fromisoformat(now.plan.effective_from)
            return (Period(now.plan.version, begins, None),)

    def on(self, day: date, now: Served) -> Served:
        """Return the plan in force on a day.

        :raises Refusal: none was.
        :raises SnapshotError: its snapshot is missing or damaged.
        """
        found = next((one for one in self.periods(now) if one.holds(day)), None)
        if found is None:
            raise Refusal(404, "No published plan was in force on that day.")
        return self.version(found.version, now)

    def version(self, version: int, now: Served) -> Served:
        """Return a published version.

        :raises Refusal: there is none of that number.
        :raises SnapshotError: its snapshot is missing or damaged.
        """
        period = next((one for one in self.periods(now) if one.version == version), None)
        if period is None:
            raise Refusal(404, "There is no published plan of that version.")
        if version == now.plan.version:
            return now
        held = self._open.pop(version, None)
        if held is None or held.until != period.effective_until:  # its fixed answers tell the last day
            snapshot = held.snapshot if held else Snapshot.open(self.root / str(version), numba=False)
            held = Served(snapshot, period.effective_until, now.clock)
        self._open[version] = held
        while len(self._open) > KEPT:
            self._open.popitem(last=False)
        return held


def history_of(request: Request) -> History:
    """Return the plans of other days (a dependency of the routes)."""
    state = request.app.state
    if not hasattr(state, "history"):
        state.history = History(state.settings.snapshot.parent)
    found: History = state.history
    return found


async def served_as_of(request: Request, as_of: AsOf = None) -> Served:
    """Return the plan that is served, or that of another day (a dependency of the routes).

    :raises Refusal: no plan was in force then.
    :raises SnapshotError: there is nothing to serve yet, or the snapshot of that day is damaged.
    """
    desk: Desk = request.app.state.desk
    return await plan_of_day(request, as_of, desk.now())


async def plan_of_day(request: Request, day: date | None, now: Served) -> Served:
    """Return the plan of a day that a body names, ``now`` where it names none.

    :raises Refusal: no plan was in force then.
    :raises SnapshotError: its snapshot is missing or damaged.
    """
    return now if day is None else await asyncio.to_thread(history_of(request).on, day, now)


HereOrThen = Annotated[Served, Depends(served_as_of)]
