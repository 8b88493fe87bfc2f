"""The way of a draft over the service on every kind of store: begun, edited by two, decided, published, read.

The town is that of ``governed``: A (160 households), B (80), C (80), c1/h01 (40); in force A is in grid 1, C
in 2, B and the house in 3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.governed import TODAY
from tests.planned import Person, office, sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

IN_FORCE = {"A": 1, "B": 3, "C": 2, "c1/h01": 3}
MOVED = {**IN_FORCE, "c1/h01": 2}
TOMORROW = (TODAY + timedelta(days=1)).isoformat()


def begun(planner: Person, **more: Any) -> dict[str, Any]:
    answer = planner.post("/drafts", community="c1", title="x", **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def step(who: Person, here: dict[str, Any], revision: int, **operation: Any) -> Any:
    return who.post(f"/drafts/{here['draft']['id']}/steps", revision=revision, operation=operation)


@pytest.mark.usefixtures("each_store")
def test_a_draft_goes_its_whole_way(tmp_path: Path) -> None:
    with office(tmp_path) as client:
        planner = sign_in(client, "planner")
        here = begun(planner)
        path = f"/drafts/{here['draft']['id']}"
        assert here["state"]["assignment"] == IN_FORCE
        done = step(planner, here, 1, kind="assign", units=["c1/h01"], grid=2)
        assert done.json()["state"]["assignment"] == MOVED
        stale = step(planner, here, 1, kind="rename", grid=1, name="甲")
        assert (stale.status_code, stale.json()["current"]["draft"]["revision"]) == (409, 2)
        assert planner.post(f"{path}/undo", revision=2).json()["state"]["assignment"] == IN_FORCE
        assert planner.post(f"{path}/redo", revision=3).json()["state"]["assignment"] == MOVED
        said = planner.post(f"{path}/comments", text="请核对", subject="grid", subject_id="2")
        assert (
            planner.send("PATCH", f"{path}/comments/{said.json()['id']}", {"resolved": True}).status_code
            == 200
        )
        secret = planner.post(f"{path}/shares", days=1).json()["secret"]
        assert client.get(f"/v1/planning/shared/{secret}").json()["state"]["assignment"] == MOVED
        assert planner.post(f"{path}/submit", revision=4).json()["status"] == "submitted"
        assert sign_in(client, "approver").post(f"{path}/approve", revision=5).json()["status"] == "approved"
        publisher = sign_in(client, "publisher")
        made = publisher.post("/releases", drafts=[here["draft"]["id"]], effective_from=TOMORROW)
        assert made.status_code == 201, made.text
        for day, plan in ((TODAY.isoformat(), IN_FORCE), (TOMORROW, MOVED)):
            seen = planner.get(f"/communities/c1/plan?on={day}").json()
            assert (seen["state"]["assignment"], seen["draft"]["status"]) == (plan, "published")
        assert publisher.post(f"/versions/{made.json()['version']}/withdraw").status_code == 200
        assert sign_in(client, "operator").get("/audit").json()["lines"] > 10


def test_a_draft_begins_with_another_plan_or_with_nothing(planner: Person) -> None:
    """What it begins with are its first steps; it is compared with the plan in force all the same."""
    first = begun(planner)
    step(planner, first, 1, kind="assign", units=["c1/h01"], grid=2)
    step(planner, first, 2, kind="rename", grid=2, name="滨江")
    copy = begun(planner, start=f"draft-{first['draft']['id']}")
    assert (copy["state"]["assignment"], copy["state"]["names"]) == (MOVED, {"2": "滨江"})
    assert copy["tally"]["moved"] == 40
    assert begun(planner, start="version-1")["state"]["assignment"] == IN_FORCE
    empty = begun(planner, start="empty")
    assert (empty["state"]["assignment"], empty["state"]["opened"]) == ({}, [])
    assert empty["tally"]["unassigned"] == sorted(IN_FORCE)
    back = planner.post(f"/drafts/{empty['draft']['id']}/undo", revision=2)
    assert back.json()["state"]["assignment"] == IN_FORCE


@pytest.mark.parametrize(("start", "status"), [("draft-99", 404), ("version-99", 404), ("anything", 422)])
def test_a_beginning_that_is_none_begins_nothing(planner: Person, start: str, status: int) -> None:
    answer = planner.post("/drafts", community="c1", title="x", start=start)
    assert answer.status_code == status
    assert planner.get("/drafts").json() == []


def test_why_not_names_the_rule_and_its_place(planner: Person) -> None:
    """The house touches A's grid at a corner only: grid 1 would lie in two pieces."""
    here = begun(planner)
    found = planner.post(f"/drafts/{here['draft']['id']}/why-not", unit="c1/h01", grid=1).json()
    assert [(one["rule"], one["where"], one["by"]) for one in found["breaches"]] == [
        ("every_grid_is_in_one_piece", ["1"], 1)
    ]


def test_the_page_gets_every_building_with_its_place(planner: Person, client: TestClient) -> None:
    here = begun(planner)
    told = client.get(f"/v1/planning/drafts/{here['draft']['id']}/bench")
    assert told.status_code == 401
    buildings = planner.get(f"/drafts/{here['draft']['id']}/bench").json()["buildings"]
    homes = {unit: sum(one["households"] for one in some) for unit, some in buildings.items()}
    assert homes == {"A": 160, "B": 80, "C": 80, "c1/h01": 40}
    assert all(124 < one["spot"][0] < 125 for some in buildings.values() for one in some)
