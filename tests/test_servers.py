"""Three servers behind nginx on one database: a publication reaches all, whatever happens to one of them.

The town is that of ``governed``; D lies in grid 1 of the first plan and in grid 2 of the second.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from geogrid.archive import Archive
from geogrid.clock import SHANGHAI, now
from geogrid.snapshot import publish_snapshot
from tests.governed import PLANS, division, filled
from tests.servers import GridServer, Line, nginx_before, wait_until
from tests.stores import kept_on, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer

QUESTION = "/v1/lookup?address=D小区1号楼"
SECOND = {"c1": PLANS["c1"], "c2": {"D": 2, "E": 1}}


@dataclass
class Asker:
    """Asks the same question again and again, and keeps every (status, version, grid) it is told."""

    url: str
    told: list[tuple[int, int, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cut_short: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask until told to stop."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.done.wait(0.01):
                try:
                    answer = client.get(QUESTION)
                    content = answer.json()
                    self.told.append(
                        (answer.status_code, content["plan"]["version"], content["grid"]["number"])
                    )
                except httpx.RemoteProtocolError:
                    self.cut_short += 1
                except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                    self.errors.append(repr(error))


@pytest.mark.slow
def test_a_slow_database_keeps_planners_waiting_and_nobody_else(
    postgres: PostgresServer, tmp_path: Path, asking: list[Asker]
) -> None:
    """Every packet takes 0.1 s each way: a planner waits, residents do not, a publication arrives."""
    today = now().astimezone(SHANGHAI).date()
    with kept_on(postgres), ExitStack() as stack:
        store = store_of(tmp_path)
        archive = stack.enter_context(Archive.open(store))
        first = filled(archive)
        publish_snapshot(archive, first.id, today, tmp_path / "publisher" / "1")
        line = Line(postgres.port)
        stack.callback(line.close)
        server = GridServer(store.replace(f":{postgres.port}/", f":{line.port}/"), tmp_path / "a")
        stack.callback(server.kill)
        server.start()
        session = f"{server.url}/v1/planning/session"
        assert httpx.get(session, timeout=60).status_code == 401  # the office is open
        line.delay_s = 0.1
        resident = begin(asking, server.url)
        wrong = {"name": "planner", "password": "wrong wrong wrong"}
        began, asked = time.monotonic(), len(resident.told)
        assert httpx.post(session, json=wrong, timeout=120).status_code == 401
        waited = time.monotonic() - began
        assert waited > 0.2  # it did go to the database
        assert len(resident.told) > asked + 3  # and they were answered meanwhile
        second = archive.add_version("town", [division(*one) for one in SECOND.items()])
        publish_snapshot(archive, second.id, today, tmp_path / "publisher" / "2")
        wait_until(lambda: version_at(server.url) == second.id, 120)
        resident.done.set()
        assert resident.errors == []
        assert set(resident.told) == {(200, first.id, 1), (200, second.id, 2)}


def version_at(url: str) -> int:
    return int(httpx.get(url + QUESTION, timeout=30).json()["plan"]["version"])


@pytest.fixture
def asking() -> Iterator[list[Asker]]:
    """Give a list of askers; what is put in asks until the test is over."""
    askers: list[Asker] = []
    yield askers
    for one in askers:
        one.done.set()


def begin(askers: list[Asker], url: str) -> Asker:
    one = Asker(url)
    askers.append(one)
    threading.Thread(target=one.ask, daemon=True).start()
    return one


@pytest.mark.slow
def test_a_publication_reaches_every_server_through_kill_and_cut(
    postgres: PostgresServer, tmp_path: Path, asking: list[Asker]
) -> None:
    today = now().astimezone(SHANGHAI).date()
    with kept_on(postgres), ExitStack() as stack:
        store = store_of(tmp_path)
        archive = stack.enter_context(Archive.open(store))
        first = filled(archive)
        publish_snapshot(archive, first.id, today, tmp_path / "publisher" / "1")
        line = Line(postgres.port)
        stack.callback(line.close)
        over_line = store.replace(f":{postgres.port}/", f":{line.port}/")
        servers = [GridServer(url, tmp_path / name) for name, url in
                   (("a", store), ("b", store), ("c", over_line))]  # fmt: skip
        for one in servers:
            stack.callback(one.kill)
            one.start()
        front = stack.enter_context(nginx_before(servers, tmp_path / "nginx"))
        public, cut_off = begin(asking, front), begin(asking, servers[2].url)
        wait_until(lambda: len(public.told) > 50, 60)

        servers[0].kill()
        line.set_cut(cut=True)
        second = archive.add_version("town", [division(*one) for one in SECOND.items()])
        publish_snapshot(archive, second.id, today, tmp_path / "publisher" / "2")
        wait_until(lambda: version_at(servers[1].url) == second.id, 30)
        asked = len(cut_off.told)
        wait_until(lambda: len(cut_off.told) > asked + 20, 30)
        assert {version for _, version, _ in cut_off.told} == {first.id}

        line.set_cut(cut=False)
        wait_until(lambda: version_at(servers[2].url) == second.id, 60)
        before = len(public.told)
        wait_until(lambda: len(public.told) > before + 20 or public.errors, 30)
        assert public.errors == []
        assert set(public.told[before + 1 :]) == {(200, second.id, 2)}

        line.set_cut(cut=True)  # a server that is started while its database is away serves what it has
        servers[2].kill()
        servers[2].start()
        assert version_at(servers[2].url) == second.id
        public.done.set()
        cut_off.done.set()
        assert public.errors == []
        assert public.cut_short <= 1  # an answer that was on its way when its server was killed
        assert {*public.told, *cut_off.told} == {(200, first.id, 1), (200, second.id, 2)}
