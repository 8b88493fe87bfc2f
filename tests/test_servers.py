"""Three servers behind nginx on one database: a publication reaches all, whatever happens to one of them.

The town is that of ``governed``; D lies in grid 1 of the first plan and in grid 2 of the second.
"""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from geogrid.archive import Archive
from geogrid.clock import SHANGHAI, now
from geogrid.snapshot import publish_snapshot
from tests.governed import PLANS, division, filled
from tests.planned import PASSWORD, prepare
from tests.servers import Asker, GridServer, Line, nginx_before, version_at, wait_until
from tests.stores import kept_on, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from tests.postgres import PostgresServer

ADDRESS = "D小区1号楼"
SECOND = {"c1": PLANS["c1"], "c2": {"D": 2, "E": 1}}


@dataclass(frozen=True)
class Begun:
    """A store on PostgreSQL with the first plan in force today, and a line to it."""

    store: str
    archive: Archive
    first: int
    today: date
    line: Line
    stack: ExitStack

    @property
    def over_line(self) -> str:
        """Return the store's URL over the line."""
        return re.sub(r":\d+/", f":{self.line.port}/", self.store)

    def serve(self, store: str, folder: Path) -> GridServer:
        """Start a server of a store, which ends with the test."""
        server = GridServer(store, folder)
        self.stack.callback(server.kill)
        return server.start()


@pytest.fixture
def begun(postgres: PostgresServer, tmp_path: Path) -> Iterator[Begun]:
    with kept_on(postgres), ExitStack() as stack:
        store = store_of(tmp_path)
        archive = stack.enter_context(Archive.open(store))
        first, today = filled(archive), now().astimezone(SHANGHAI).date()
        publish_snapshot(archive, first.id, today, tmp_path / "publisher" / "1")
        line = Line(postgres.port)
        stack.callback(line.close)
        yield Begun(store, archive, first.id, today, line, stack)


def publish_second(begun: Begun, folder: Path) -> int:
    second = begun.archive.add_version("town", [division(*one) for one in SECOND.items()])
    publish_snapshot(begun.archive, second.id, begun.today, folder / "publisher" / "2")
    return second.id


@pytest.mark.slow
def test_a_slow_database_keeps_planners_waiting_and_nobody_else(
    begun: Begun, tmp_path: Path, asking: list[Asker]
) -> None:
    """Every packet takes 0.1 s each way: a planner waits, residents do not, a publication arrives."""
    server = begun.serve(begun.over_line, tmp_path / "a")
    session = f"{server.url}/v1/planning/session"
    assert httpx.get(session, timeout=60).status_code == 401  # the office is open
    begun.line.delay_s = 0.1
    resident = begin(asking, server.url)
    wrong = {"name": "planner", "password": "wrong wrong wrong"}
    began, asked = time.monotonic(), len(resident.told)
    assert httpx.post(session, json=wrong, timeout=120).status_code == 401
    waited = time.monotonic() - began
    assert waited > 0.2  # it did go to the database
    assert len(resident.told) > asked + 3  # and they were answered meanwhile
    second = publish_second(begun, tmp_path)
    wait_until(lambda: (200, second, 2) in resident.told, 120)
    resident.done.set()
    assert resident.errors == []
    assert set(resident.told) == {(200, begun.first, 1), (200, second, 2)}


@pytest.fixture
def asking() -> Iterator[list[Asker]]:
    """Give a list of askers; what is put in asks until the test is over."""
    askers: list[Asker] = []
    yield askers
    for one in askers:
        one.done.set()


def begin(askers: list[Asker], url: str) -> Asker:
    askers.append(Asker(url, ADDRESS).start())
    return askers[-1]


@pytest.mark.slow
def test_a_publication_reaches_every_server_through_kill_and_cut(
    begun: Begun, tmp_path: Path, asking: list[Asker]
) -> None:
    servers = [begun.serve(store, tmp_path / name) for name, store in
               (("a", begun.store), ("b", begun.store), ("c", begun.over_line))]  # fmt: skip
    front = begun.stack.enter_context(nginx_before(servers, tmp_path / "nginx"))
    public, cut_off = begin(asking, front), begin(asking, servers[2].url)
    wait_until(lambda: len(public.told) > 50, 60)

    servers[0].kill()
    begun.line.set_cut(cut=True)
    second = publish_second(begun, tmp_path)
    wait_until(lambda: version_at(servers[1].url, ADDRESS) == second, 30)
    asked = len(cut_off.told)
    wait_until(lambda: len(cut_off.told) > asked + 20, 30)
    assert {version for _, version, _ in cut_off.told} == {begun.first}

    begun.line.set_cut(cut=False)
    wait_until(lambda: version_at(servers[2].url, ADDRESS) == second, 60)
    before = len(public.told)
    wait_until(lambda: len(public.told) > before + 20 or public.errors, 30)
    assert public.errors == []
    assert set(public.told[before + 1 :]) == {(200, second, 2)}

    begun.line.set_cut(cut=True)  # a server that is started while its database is away serves what it has
    servers[2].kill()
    servers[2].start()
    assert version_at(servers[2].url, ADDRESS) == second
    public.done.set()
    cut_off.done.set()
    assert public.errors == []
    assert public.cut_short <= 1  # an answer that was on its way when its server was killed
    assert {*public.told, *cut_off.told} == {(200, begun.first, 1), (200, second, 2)}


def test_a_server_stops_soon_though_a_planner_listens(tmp_path: Path) -> None:
    """The stream of a draft's events has no end of its own."""
    server = GridServer(prepare(tmp_path).store, tmp_path / "a")
    try:
        server.start()
        with httpx.Client(base_url=f"{server.url}/v1/planning", timeout=60) as planner:
            csrf = planner.post("/session", json={"name": "planner", "password": PASSWORD}).json()["csrf"]
            planner.headers["X-CSRF-Token"] = csrf
            draft = planner.post("/drafts", json={"community": "c1", "title": "x"}).json()["draft"]["id"]
            with planner.stream("GET", f"/drafts/{draft}/events") as stream:
                assert stream.status_code == 200
                assert server.process is not None
                server.process.terminate()
                server.process.wait(30)
                assert b"event: changed" in stream.read()  # to its end: it is not cut off
        assert "CancelledError" not in server.said()
    finally:
        server.kill()
