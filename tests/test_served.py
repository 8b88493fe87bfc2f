"""Tests of what is served on which day: the plan changes at midnight in Shanghai, no cache outlives it."""

from __future__ import annotations

import asyncio
import gc
import shutil
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.served import Desk, turn
from api.settings import Settings
from geogrid.clock import SHANGHAI
from geogrid.snapshot import publish_snapshot
from tests.governed import NOON, TODAY, filled, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from api.served import Served

CHANGE = TODAY + timedelta(days=2)
MIDNIGHT = datetime.combine(CHANGE, time(), SHANGHAI)


class Clock:
    """A clock that a test sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two published plans, the second announced for CHANGE; ``current`` is the first."""
    folder = tmp_path_factory.mktemp("two")
    with opened(folder) as archive:
        first = filled(archive)
        publish_snapshot(archive, first.id, TODAY, folder / "1")
        publish_snapshot(archive, archive.copy_version(first.id).id, CHANGE, folder / "2")
    (folder / "current").symlink_to("1", target_is_directory=True)
    return folder


def service(snapshot: Path, clock: Callable[[], datetime]) -> FastAPI:
    """Return the service with a clock of the test's; it opens the snapshot when it starts."""
    app = create_app(Settings(snapshot, reload_s=0))
    app.state.desk = Desk(app.state.settings, clock)
    app.state.desk.refresh()
    return app


def plan_and_cache(client: TestClient) -> tuple[int, str | None, str]:
    answer = client.get("/v1/city")
    plan = answer.json()["plan"]
    return plan["version"], plan["effective_until"], answer.headers["cache-control"]


def test_the_plan_changes_by_itself_at_midnight_in_shanghai(two: Path) -> None:
    """Nothing is published, linked or restarted at the change; in London it is still the day before."""
    clock = Clock(NOON)
    app = service(two / "current", clock)
    with TestClient(app) as client:
        assert plan_and_cache(client) == (1, CHANGE.isoformat(), "public, max-age=300")
        clock.at = MIDNIGHT - timedelta(seconds=20)
        app.state.desk.refresh()
        assert plan_and_cache(client) == (1, CHANGE.isoformat(), "public, max-age=20")
        clock.at = MIDNIGHT.astimezone(UTC)
        assert plan_and_cache(client) == (1, CHANGE.isoformat(), "public, max-age=0")  # not looked yet
        app.state.desk.refresh()
        assert plan_and_cache(client) == (2, None, "public, max-age=300")


def test_a_service_started_later_serves_the_plan_of_that_day(two: Path) -> None:
    app = service(two / "current", Clock(MIDNIGHT))
    with TestClient(app) as client:
        assert plan_and_cache(client)[0] == 2


def test_a_named_folder_is_served_as_it_is(two: Path) -> None:
    app = service(two / "1", Clock(MIDNIGHT))
    with TestClient(app) as client:
        assert plan_and_cache(client) == (1, CHANGE.isoformat(), "public, max-age=0")


def test_an_announcement_shortens_the_caches_of_the_plan_in_force(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        first = filled(archive)
        publish_snapshot(archive, first.id, TODAY, tmp_path / "1")
        app = service(tmp_path / "1", Clock(MIDNIGHT - timedelta(seconds=9)))
        with TestClient(app) as client:
            assert plan_and_cache(client) == (1, None, "public, max-age=300")
            before = client.get("/v1/communities/c1/grids").json()
            publish_snapshot(archive, archive.copy_version(first.id).id, CHANGE, tmp_path / "2")
            app.state.desk.refresh()
            assert plan_and_cache(client) == (1, CHANGE.isoformat(), "public, max-age=9")
            after = client.get("/v1/communities/c1/grids").json()
    assert before["plan"]["effective_until"] is None
    assert after["plan"]["effective_until"] == CHANGE.isoformat()
    assert after["features"] == before["features"]


def test_a_plan_without_its_snapshot_leaves_the_old_one_in_service(two: Path, tmp_path: Path) -> None:
    (tmp_path / "timeline.json").write_bytes((two / "timeline.json").read_bytes())
    shutil.copytree(two / "1", tmp_path / "1")
    (tmp_path / "current").symlink_to("1")
    app = service(tmp_path / "current", Clock(MIDNIGHT))
    with TestClient(app) as client:
        assert plan_and_cache(client)[0] == 1


def test_a_damaged_timeline_does_not_bring_an_old_plan_back(two: Path, tmp_path: Path) -> None:
    folder = tmp_path / "town"
    shutil.copytree(two, folder, symlinks=True)
    app = service(folder / "current", Clock(MIDNIGHT))
    with TestClient(app) as client:
        assert plan_and_cache(client)[0] == 2
        (folder / "timeline.json").write_text("")
        app.state.desk.refresh()
        assert plan_and_cache(client)[0] == 2


def test_what_was_replaced_goes_without_the_collector(two: Path) -> None:
    """It is frozen, which the collector never looks at: whatever led back to it would keep it for ever."""
    clock = Clock(NOON)
    app = service(two / "current", clock)
    desk: Desk = app.state.desk
    gone: list[Callable[[], object]] = [weakref.ref(desk.now()), weakref.ref(desk.now().snapshot)]
    gc.disable()
    try:
        with TestClient(app) as client:
            for path in ("/v1/communities", "/v1/communities/c1/grids", "/v1/lookup?address=A小区1号楼", "/"):
                assert client.get(path).status_code == 200
            desk.now().warm()
            asyncio.run(desk.now().drawn("mosaic.json"))
            clock.at = MIDNIGHT
            desk.refresh()
            assert plan_and_cache(client)[0] == 2
        assert [one() for one in gone] == [None, None]
    finally:
        gc.enable()
        gc.unfreeze()


class SlowDesk(Desk):
    """A worker that takes its time to open a plan, and knows how many do at once."""

    opening: ClassVar[list[int]] = []
    most: ClassVar[list[int]] = []

    def _opened(self, place: Path) -> Served:
        self.opening.append(1)
        self.most.append(len(self.opening))
        threading.Event().wait(0.1)
        self.opening.pop()
        return super()._opened(place)


def changing(folder: Path, workers: int) -> list[SlowDesk]:
    """Return workers that serve the first of two plans; by the clock it is time for the second."""
    clock = Clock(NOON)
    desks = [SlowDesk(Settings(folder / "current", reload_s=0), clock) for _ in range(workers)]
    for desk in desks:
        desk.refresh()
    clock.at = MIDNIGHT
    SlowDesk.most.clear()
    return desks


def test_workers_open_a_new_plan_one_after_the_other(two: Path) -> None:
    desks = changing(two, 2)
    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(desk.refresh) for desk in desks]] == [None, None]
    assert SlowDesk.most == [1, 1]
    assert [desk.version() for desk in desks] == [2, 2]


def test_no_worker_waits_for_its_turn_for_ever(two: Path) -> None:
    (desk,) = changing(two, 1)
    with turn(two / "2"):
        desk.refresh()
    assert desk.version() == 2


def test_where_nothing_can_be_locked_nobody_waits(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("api.served.fcntl.flock", refuse)
    (desk,) = changing(two, 1)
    desk.refresh()
    assert desk.version() == 2


def test_a_plan_of_another_day_tells_its_last_day_everywhere(tmp_path: Path) -> None:
    """The plan of tomorrow is open already when a third one is announced that ends it."""
    third = CHANGE + timedelta(days=5)
    with opened(tmp_path) as archive:
        first = filled(archive)
        publish_snapshot(archive, first.id, TODAY, tmp_path / "1")
        publish_snapshot(archive, archive.copy_version(first.id).id, CHANGE, tmp_path / "2")
        app = service(tmp_path / "1", Clock(NOON))
        with TestClient(app) as client:
            assert [until_on(client, path) for path in ON_CHANGE] == [None] * len(ON_CHANGE)
            publish_snapshot(archive, archive.copy_version(first.id).id, third, tmp_path / "3")
            assert [until_on(client, path) for path in ON_CHANGE] == [third.isoformat()] * len(ON_CHANGE)


ON_CHANGE = [
    f"{path}as_of={CHANGE}"
    for path in ("/v1/communities/c1?", "/v1/communities/c1/grids?", "/v1/lookup?address=A小区1号楼&")
]


def until_on(client: TestClient, path: str) -> str | None:
    plan = client.get(path).json()["plan"]
    assert plan["version"] == 2
    until: str | None = plan["effective_until"]
    return until


ANSWER = """
import asyncio, sys
from pathlib import Path
from api import Settings, create_app
from api.batch_shapes import AskedRow, Batch
from api.routes.batch import told_batch
app = create_app(Settings(Path(sys.argv[1]), reload_s=0))
app.state.desk.refresh()
here = app.state.desk.now()
here.warm()
rows = [AskedRow(lon=124.3905866, lat=40.1318012), AskedRow(address="A小区1号搂")]
told = asyncio.run(told_batch(here, Batch(rows), app.state.settings))
assert told.count(b'"matched"') == 2, told
needless = {"numba", "folium", "pandas", "scipy", "geopandas", "pyogrio", "sqlalchemy", "highspy", "pypinyin"}
print(sorted(needless & set(sys.modules)))
"""


def test_a_worker_starts_without_what_only_files_pages_and_plans_need(two: Path) -> None:
    asked = [sys.executable, "-c", ANSWER, str(two / "current")]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.stdout.strip() == "[]", told.stderr
