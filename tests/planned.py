"""The governed town with its planner's service, four people who work in it, and what they do."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api import Settings, create_app
from geogrid.accounts import AccountRole
from geogrid.archive import Actor
from geogrid.snapshot import publish_snapshot, put_in_force
from tests.governed import TODAY, filled, governed_town, noon, opened
from tests.published import hostile_town
from tests.stores import on_server, store_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response

PASSWORD = "correct horse battery"
TOWNS = {"plain": governed_town, "hostile": hostile_town}
PEOPLE = {role.value: role for role in AccountRole}


@contextmanager
def cheap_hashing() -> Iterator[None]:
    """Hash passwords with little work in this process; what geogrid starts has its own parameters."""
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    nobodys = cheap.hash("nobody has this password")
    with patch("geogrid.passwords._HASHER", cheap), patch("geogrid.passwords._NOBODYS", nobodys):
        yield


@cache
def _template(name: str) -> Path:
    """Make the town once: hashing passwords is slow on purpose."""
    folder = Path(tempfile.mkdtemp(prefix="geogrid-planned-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _furnish(folder, name)
    return folder


def _furnish(folder: Path, name: str) -> None:
    with opened(folder) as archive:
        draft = filled(archive, TOWNS[name]())
        publish_snapshot(archive, draft.id, TODAY, folder / "snapshots" / str(draft.id))
        for name, role in PEOPLE.items():
            archive.accounts.add(name, by=Actor("test"), roles=[role], password=PASSWORD)
    put_in_force(folder / "snapshots" / str(draft.id))


def prepare(folder: Path, *, hostile: bool = False) -> Settings:
    """Publish the town, add one account of each role (named like it), and return the service's settings."""
    name = "hostile" if hostile else "plain"
    if on_server():
        _furnish(folder, name)
    else:
        shutil.copytree(_template(name), folder, symlinks=True, dirs_exist_ok=True)
    current = folder / "snapshots" / "current"
    # Beside other tests no processor is ever idle: what is published does not wait for that.
    return Settings(
        current, reload_s=0, rate=0, store=store_of(folder), city="town", publish_idle_s=0, clock=noon
    )


@dataclass
class Person:
    """Somebody signed in: asks with the session's cookie and sends its CSRF token with every write."""

    client: TestClient
    csrf: str = field(default="", repr=False)

    def get(self, path: str) -> Response:
        answer: Response = self.client.get(f"/v1/planning{path}")
        return answer

    def send(self, method: str, path: str, body: Any = None) -> Response:
        headers = {"X-CSRF-Token": self.csrf}
        answer: Response = self.client.request(method, f"/v1/planning{path}", json=body, headers=headers)
        return answer

    def post(self, path: str, **body: Any) -> Response:
        return self.send("POST", path, body)


def sign_in(client: TestClient, name: str) -> Person:
    """Sign somebody in on a client of their own, over the same application."""
    own = TestClient(client.app)
    answer = own.post("/v1/planning/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Person(own, answer.json()["csrf"])


@contextmanager
def office(folder: Path) -> Iterator[TestClient]:
    """Give a client of the town's service that nobody has signed in to."""
    app = create_app(prepare(folder))
    with TestClient(app) as client:
        yield client
    app.state.office.close()
