"""Whatever the OpenAPI document allows, asked by schemathesis of residents' and planners' routes."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import schemathesis
from fastapi.testclient import TestClient

from api import Settings, create_app
from benchmarks.bars import Bar, at_least, at_most
from geogrid.accounts import AccountRole
from tests.planned import cheap_hashing, office
from tests.published import publish
from tests.questions import ask_all, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bars import Clock
    from tests.questions import Asked

ROUND, QUICK_ROUND = 10, 2  # questions of each route in one round


def requests(clock: Clock, *, count: int, seed: int) -> list[Bar]:
    """Ask ``count`` questions in rounds over all routes and roles, or as many as there is time for."""
    logging.getLogger("geogrid.api").setLevel(logging.CRITICAL)  # a 5xx is told below
    asked, statuses, wrong = 0, Counter[int](), set[str]()
    with tempfile.TemporaryDirectory() as name:
        for told in _rounds(Path(name), seed, ROUND if clock.until is None else QUICK_ROUND):
            asked += told.questions
            statuses.update(told.statuses)
            wrong.update(told.wrong)
            if asked >= count or clock.is_over():
                break
    print(f"{asked:,} questions: " + ", ".join(f"{n:,} x {status}" for status, n in sorted(statuses.items())))
    for one in sorted(wrong):
        print(f"WRONG {one[:1000]}")
    return [
        at_least("questions asked of the API", asked, count if clock.until is None else 100),
        at_most("answers 5xx", sum(n for status, n in statuses.items() if status >= 500), 0),
        at_most(
            "routes with an answer outside of the document", len({one.split(":")[0] for one in wrong}), 0
        ),
    ]


def _rounds(folder: Path, seed: int, each: int) -> Iterator[Asked]:
    """Ask residents' routes, then planners' by each role, again and again with other seeds."""
    app = create_app(
        Settings(publish(folder / "town"), reload_s=0, rate=0, jobs=folder / "jobs", jobs_waiting=10_000_000)
    )
    with cheap_hashing(), TestClient(app), office(folder / "planned") as client:
        residents = schemathesis.openapi.from_asgi("/openapi.json", app)
        planners = schemathesis.openapi.from_asgi("/openapi.json", client.app)
        while True:
            yield ask_all(residents, each, seeded=seed)
            for role in AccountRole:
                told = signed_in(client, role)
                yield ask_all(planners, each, seeded=seed, headers=told, under="/v1/planning")
            seed += 1
