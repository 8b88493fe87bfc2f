"""The snapshot that is served, and its fixed answers, built once each."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from starlette.requests import Request  # noqa: TC002 - read at run time by FastAPI

from api.batch_shapes import Row
from api.facts import credit_of, grid_of, plan_of
from api.replies import GEOJSON, JSON, Body
from api.words import DEFAULT, reason_of
from geogrid.addresses import warm
from geogrid.batch.matchers import SnapshotMatcher
from geogrid.clock import SHANGHAI, now
from geogrid.errors import GeogridError, NotFoundError, SnapshotError
from geogrid.snapshot import Period, Snapshot, read_timeline
from geogrid.snapshot.nearby import NearbyIndex
from maps.colours import colours_of
from maps.drawing import Drawing
from maps.dress import dress_communities, dress_grids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from api.settings import Settings
    from api.shapes import GridFacts
    from geogrid.batch import RowAnswer

log = logging.getLogger("geogrid.api")
TURN_LOOKS, TURN_LOOK_S = 50, 0.02  # for a second: a publication reaches everybody within two
AT_EASE_S = 0.2  # after the start, before what is not needed at once is made ready


def row_of(one: RowAnswer, language: str) -> Row:
    """Return what a row is told, the columns of a file; its reason in a language."""
    status: Any = one.status
    judged = one.match_level, one.score, one.margin, one.missing
    return Row(status, reason_of(one, language), one.grid_code, one.grid_name, *judged)


@dataclass
class Served:
    """One open snapshot with the answers made from it so far; dropped whole when another takes its place.

    A snapshot cannot know its last day, because a later publication decides it: ``until`` is the day from
    which another plan is in force, as far as it is announced.
    """

    snapshot: Snapshot
    until: date | None = None
    clock: Callable[[], datetime] = now
    bodies: dict[str, Body] = field(default_factory=dict)
    cards: dict[str, GridFacts] = field(default_factory=dict)
    rows: dict[str, list[bytes]] = field(default_factory=dict)
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        plan = plan_of(self.snapshot.city)
        until = self.until.isoformat() if self.until else plan.effective_until
        self.plan = msgspec.structs.replace(plan, effective_until=until)
        self.credit = credit_of(self.snapshot.city)
        self.raw_plan = msgspec.Raw(msgspec.json.encode(self.plan))
        self.raw_cards: dict[str, msgspec.Raw] = {}
        self.known = {str(one["id"]): one for one in self.snapshot.communities()}

    def body(self, key: str, make: Callable[[], Any], media_type: str = JSON) -> Body:
        """Return the fixed answer ``key``, made on its first use."""
        found = self.bodies.get(key)
        if found is None:
            made = make()
            found = self.bodies[key] = Body(
                made if isinstance(made, bytes) else msgspec.json.encode(made), media_type
            )
        return found

    def card(self, code: str) -> GridFacts:
        """Return what is shown of a grid.

        :raises NotFoundError: the plan has no such grid.
        """
        found = self.cards.get(code)
        if found is None:
            found = self.cards[code] = grid_of(self.snapshot.grid(code))
        return found

    def raw_card(self, code: str) -> msgspec.Raw:
        """Return ``card`` as JSON, encoded once.

        :raises NotFoundError: the plan has no such grid.
        """
        found = self.raw_cards.get(code)
        if found is None:
            found = self.raw_cards[code] = msgspec.Raw(msgspec.json.encode(self.card(code)))
        return found

    def warm(self) -> None:
        """Make ready what the first batch, misspelt address, suggestion and reverse lookup wait for."""
        warm(self.snapshot.addresses)
        _ = self.point_rows(DEFAULT), self.nearby

    @cached_property
    def matcher(self) -> SnapshotMatcher:
        """Return what answers the rows of a batch, as it answers those of a file."""
        return SnapshotMatcher(self.snapshot)

    @cached_property
    def drawing(self) -> Drawing:
        """Return what embedded maps draw of this plan."""
        return Drawing(self.snapshot, colours_of(self.snapshot), orjson.Fragment)

    def choices(self) -> dict[str, list[dict[str, Any]]]:
        """Return the areas that can be embedded, by level."""
        return self.drawing.choices()

    async def drawn(self, path: str) -> Body:
        """Return a piece of the drawings; who asks while one is being made waits for it, and in no thread.

        :raises NotFoundError: there is no such piece.
        """
        key = f"embed/{path}"
        if key in self.bodies:
            return self.bodies[key]
        async with self.making:
            return await asyncio.to_thread(self.body, key, lambda: orjson.dumps(self.drawing.piece(path)))

    @cached_property
    def nearby(self) -> NearbyIndex:
        """Return what finds addresses near a point."""
        return NearbyIndex(self.snapshot)

    def point_rows(self, language: str) -> list[bytes]:
        """Return every answer that the position of a row can get, as JSON; the last one is of no position."""
        found = self.rows.get(language)
        if found is None:
            answers = self.matcher.of_points.and_invalid.answers
            found = self.rows[language] = [msgspec.json.encode(row_of(one, language)) for one in answers]
        return found

    def collection(self, key: str, make: Callable[[], Any]) -> Body:
        """Return a fixed GeoJSON answer that carries the plan and its credit."""
        return self.body(key, lambda: orjson.dumps({**make(), **self.head()}), GEOJSON)

    def communities_geojson(self) -> Body:
        """Return all communities with the places of their labels."""
        return self.collection("communities.geojson", lambda: dress_communities(self.snapshot))

    def city_background(self) -> Body:
        """Return what is drawn under the whole city."""
        return self._told("background", self.snapshot.city_ground_bytes)

    def grids_geojson(self, community_id: str) -> Body:
        """Return the grids of a community with colours, label places and everything their cards show."""
        self.require(community_id)
        return self.collection(f"grids/{community_id}", lambda: self._grids(community_id))

    def _grids(self, community_id: str) -> dict[str, Any]:
        dressed = dress_grids(self.snapshot.grids_geojson(community_id), colours_of(self.snapshot))
        return {**dressed, "community": {"id": community_id}}

    def background_geojson(self, community_id: str) -> Body:
        """Return what is drawn under the grids of a community."""
        self.require(community_id)
        return self._told(f"background/{community_id}", lambda: self.snapshot.background_bytes(community_id))

    def _told(self, key: str, read: Callable[[], bytes]) -> Body:
        """Return a collection of the snapshot as it lies there, unread, with the plan and its credit."""
        return self.body(key, lambda: read()[:-1] + b"," + orjson.dumps(self.head())[1:], GEOJSON)

    def require(self, community_id: str) -> None:
        """Refuse an unknown community.

        :raises NotFoundError: the plan has no such community.
        """
        if community_id not in self.known:
            raise NotFoundError("community", community_id)

    def head(self) -> dict[str, Any]:
        """Return what every answer carries beside its own content."""
        return {"plan": msgspec.to_builtins(self.plan), **self.credit}

    def public(self, longest: int) -> str:
        """Return the Cache-Control of public answers: never past the day on which another plan takes over."""
        until = self.plan.effective_until
        if until is not None:
            begins = datetime.combine(date.fromisoformat(until), datetime.min.time(), SHANGHAI)
            longest = max(0, min(longest, int((begins - self.clock()).total_seconds())))
        return f"public, max-age={longest}"


class Desk:
    """Holds what is served now; another snapshot takes its place in one step.

    Where ``settings.snapshot`` is a link, the timeline beside the snapshots decides: on the day on which an
    announced plan comes into force it is served, without a word from anybody. A folder is served as it is.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        self.clock = clock or settings.clock
        self._served: Served | None = None
        self._stamp: object = None
        self._periods: tuple[Period, ...] = ()
        self._said = ""

    def now(self) -> Served:
        """Return what is served.

        :raises SnapshotError: there is nothing to serve yet.
        """
        if self._served is None:
            raise SnapshotError("no snapshot is open")
        return self._served

    def version(self) -> int:
        """Return the version that is served, 0 where there is none."""
        return 0 if self._served is None else self._served.plan.version

    def refresh(self) -> None:
        """Open the snapshot when it is another one than before; keep the old one when that fails."""
        with contextlib.suppress(SnapshotError):  # then what was announced before still holds
            self._periods = read_timeline(self.settings.snapshot.resolve().parent)
        place = self._due()
        stamp = _stamp(place)
        if stamp is None or (stamp, self._periods) == self._stamp:
            return
        try:
            if self._served is None:  # somebody waits for the first answer
                self._served = self._opened(place)
                settle()
            else:
                with turn(place):
                    fresh = self._opened(place)
                    fresh.warm()
                self._served = fresh
            self._stamp = (stamp, self._periods)
        except (GeogridError, OSError) as error:
            if str(error) != self._said:  # once, not every few seconds
                log.error("the snapshot cannot be opened: %s", error)  # noqa: TRY400 - the reason is enough
            self._said = str(error)

    def _due(self) -> Path:
        """Return the folder of the plan in force today behind a link, else ``settings.snapshot`` itself."""
        place = self.settings.snapshot
        if not place.is_symlink():
            return place
        today = self.clock().astimezone(SHANGHAI).date()
        due = [place.resolve().parent / str(one.version) for one in self._periods if one.holds(today)]
        return next((folder for folder in due if folder.is_dir()), place)

    def _opened(self, place: Path) -> Served:
        snapshot = Snapshot.open(place, numba=False)  # a batch is small, and memory is not
        version = snapshot.city["version"]
        until = next((one.effective_until for one in self._periods if one.version == version), None)
        return Served(snapshot, until, self.clock)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Keep looking for a newly published snapshot."""
        self.refresh()
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        await asyncio.sleep(AT_EASE_S)
        if self._served is not None:
            await asyncio.to_thread(self._served.warm)
            # For the first map of the whole city. Of a later plan whoever asks first waits a little: beside
            # many questions its making would delay all of them.
            await self._served.drawn("mosaic.json")
        while self.settings.reload_s:
            await asyncio.sleep(self.settings.reload_s)
            await asyncio.to_thread(self.refresh)  # every file is read and checked; answers go on meanwhile


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait, for a while, until no other worker on this machine opens the snapshot in ``folder``.

    Whoever opens one has less time for answers; the others answer meanwhile.
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(TURN_LOOKS):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(TURN_LOOK_S)
            except OSError:  # nothing can be locked on this file system, which is no reason to wait
                break
            else:
                break
        yield
    finally:
        os.close(held)


def settle() -> None:
    """Keep the garbage collector from walking what is here now again and again: every answer would wait.

    A plan that is replaced later goes without the collector, since nothing in it leads back to it.
    """
    gc.freeze()


def _stamp(folder: Path) -> object:
    """Return what changes when another snapshot stands at ``folder``; None where nothing does."""
    try:
        real = folder.resolve(strict=True)
        state = real.stat()
    except OSError:
        return None
    return real, state.st_ino, state.st_mtime_ns


async def served(request: Request) -> Served:
    """Return what is served (a dependency of the routes).

    :raises SnapshotError: there is nothing to serve yet.
    """
    desk: Desk = request.app.state.desk
    return desk.now()
