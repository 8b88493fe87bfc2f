"""What tests of several rooms share: published towns, a live server, a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.planned import Person, cheap_hashing, office, sign_in
from tests.postgres import PostgresServer
from tests.published import hostile_town, publish
from tests.stores import POSTGRESQL, SQLITE, kept_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser
    from starlette.applications import Starlette


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with little work."""
    with cheap_hashing():
        yield


@pytest.fixture(scope="session")
def town_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the compiled snapshot of the governed town."""
    return publish(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def hostile_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the snapshot of the same town with hostile text in every published name."""
    return publish(tmp_path_factory.mktemp("hostile"), hostile_town())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start a PostgreSQL with PostGIS."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of the governed town's planning service that nobody has signed in to."""
    with office(tmp_path) as client:
        yield client


@pytest.fixture
def planner(client: TestClient) -> Person:
    """Sign the town's planner in."""
    return sign_in(client, "planner")


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def each_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test on every kind of store."""
    on_server = request.param == POSTGRESQL
    with kept_on(request.getfixturevalue("postgres") if on_server else None):
        yield request.param


def serving(snapshot: Path, **settings: Any) -> AbstractContextManager[str]:
    """Serve a snapshot on a free port of this machine; give its address."""
    from api import Settings, create_app

    return listening(create_app(Settings(snapshot, reload_s=0, **settings)))


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """Run an application on a free port of this machine; give its address."""
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = uvicorn.Config(app, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(told)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def live(town_snapshot: Path) -> Iterator[str]:
    """Serve the governed town."""
    with serving(town_snapshot) as url:
        yield url


@pytest.fixture(scope="session")
def live_hostile(hostile_snapshot: Path) -> Iterator[str]:
    """Serve the hostile town."""
    with serving(hostile_snapshot) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the Chromium found on PATH; for one module, because an event loop runs as long as it does."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found), None)
    assert path, "the browser tests need Chromium on PATH; see .ci/system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
