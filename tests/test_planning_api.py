"""The planner's service: who may do what, edits that cannot be lost, and the way to a published plan."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.planning.routers import ROUTERS
from api.planning.who import COOKIE, right_of
from geogrid.accounts import RIGHTS, AccountRole, Right
from geogrid.workbench.wire import KINDS
from tests.conftest import listening
from tests.governed import NOON, TODAY
from tests.planned import PASSWORD, Person, prepare, sign_in

TOMORROW = (TODAY + timedelta(days=1)).isoformat()


def begun(planner: Person, **more: Any) -> dict[str, Any]:
    answer = planner.post("/drafts", community="c1", title="新建小区", **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def step(planner: Person, here: dict[str, Any], **operation: Any) -> dict[str, Any]:
    draft = here["draft"]
    answer = planner.post(f"/drafts/{draft['id']}/steps", revision=draft["revision"], operation=operation)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


OTHER = "a staple for the battery"


def newcomer(client: TestClient, name: str, roles: list[str], **more: Any) -> Person:
    """Let the operator add an account, and its owner sign in and change the password."""
    added = sign_in(client, "operator").post("/accounts", name=name, roles=roles, password=PASSWORD, **more)
    assert added.status_code == 201
    new = sign_in(client, name)
    assert new.post("/password", old=PASSWORD, new=OTHER).status_code == 204
    return new


# Who may do what

OPEN_TO_ALL = {("POST", "/v1/planning/session"), ("DELETE", "/v1/planning/session"),
               ("GET", "/v1/planning/session"), ("POST", "/v1/planning/password"),  # one's own
               ("GET", "/v1/planning/sessions"), ("POST", "/v1/planning/sessions/end"),
               ("GET", "/v1/planning/shared/{secret}"), ("GET", "/v1/planning/openid"),
               ("GET", "/v1/planning/openid/back")}  # fmt: skip


def routes() -> dict[tuple[str, str], Right | None]:
    """Return every route of the planner's service with the right that it declares."""
    found = {}
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            rights = [right_of(one.call) for one in route.dependant.dependencies if one.call]
            declared = [right for right in rights if right is not None]
            for method in route.methods or ():
                found[method, route.path] = declared[0] if declared else None
    return found


def test_every_route_declares_what_it_needs() -> None:
    undeclared = {route for route, right in routes().items() if right is None}
    assert undeclared == OPEN_TO_ALL
    assert len(routes()) > 30


def fill(path: str) -> str:
    return re.sub(r"\{\w+\}", "1", path).removeprefix("/v1/planning")


def test_every_route_refuses_every_role_without_its_right(client: TestClient) -> None:
    """All routes times all roles and nobody: 401, 403, or let in (whatever it then says)."""
    people = {role: sign_in(client, role.value) for role in AccountRole}
    nobody = Person(TestClient(client.app))
    walked = 0
    for (method, path), right in routes().items():
        if right is None or path.endswith("/events"):
            continue
        assert nobody.send(method, fill(path)).status_code == 401, (method, path)
        for role, person in people.items():
            status = person.send(method, fill(path)).status_code
            assert (status == 403) == (right not in RIGHTS[role]), (method, path, role, status)
            assert status < 500, (method, path, role)
            walked += 1
    assert walked > 150


def test_without_a_store_there_is_no_planner(town_snapshot: Path) -> None:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        assert client.get("/v1/planning/session").status_code == 404


def test_a_wrong_password_opens_nothing_and_tells_nothing(client: TestClient) -> None:
    answer = client.post("/v1/planning/session", json={"name": "planner", "password": "wrong wrong wrong"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    other = client.post("/v1/planning/session", json={"name": "nobody", "password": PASSWORD})
    assert other.json() == answer.json()
    assert "planner" not in answer.text
    assert COOKIE not in client.cookies


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(client: TestClient) -> None:
    answer = client.post("/v1/planning/session", json={"name": "planner", "password": PASSWORD})
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert answer.headers["cache-control"] == "no-store"


def test_over_tls_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    """A proxy ends TLS and says so; without one the client's own word counts for nothing."""
    told = {"name": "planner", "password": PASSWORD}
    secure = {"X-Forwarded-Proto": "https"}
    for proxies, name in ((1, "__Host-geogrid-session"), (0, "geogrid-session")):
        folder = tmp_path / str(proxies)
        app = create_app(replace(prepare(folder), proxies=proxies))
        with TestClient(app, base_url="https://testserver" if proxies else "http://testserver") as client:
            answer = client.post("/v1/planning/session", json=told, headers=secure)
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith(f"{name}=")
            assert ("; secure" in cookie.lower()) == bool(proxies)
            assert "; path=/" in cookie.lower()
            assert "domain" not in cookie.lower()
            strict = answer.headers.get("strict-transport-security")
            assert strict == ("max-age=63072000; includeSubDomains" if proxies else None)
            assert client.get("/v1/planning/session", headers=secure).status_code == 200
            plain = client.get("/v1/planning/session", headers={"X-Forwarded-Proto": "http"})
            assert plain.status_code == (401 if proxies else 200)
        app.state.office.close()


def test_whoever_got_a_password_changes_it_first(client: TestClient) -> None:
    operator = sign_in(client, "operator")
    added = operator.post("/accounts", name="wang", roles=["planner"], password=PASSWORD)
    assert added.status_code == 201
    wang = sign_in(client, "wang")
    assert (wang.get("/session").json()["provisional"], wang.get("/session").json()["rights"]) == (True, [])
    assert wang.get("/drafts").status_code == 403
    assert (
        wang.post("/password", old="a wrong password", new=OTHER).json()["errors"][0]["rule"]
        == "wrong-password"
    )
    assert (
        wang.post("/password", old=PASSWORD, new="password1234").json()["errors"][0]["rule"]
        == "weak-password"
    )
    assert wang.post("/password", old=PASSWORD, new=OTHER).status_code == 204
    assert wang.get("/session").json()["provisional"] is False
    assert wang.get("/drafts").status_code == 200
    again = client.post("/v1/planning/session", json={"name": "wang", "password": PASSWORD})
    assert again.status_code == 401
    assert operator.send("PATCH", "/accounts/operator", {"password": OTHER}).status_code == 200
    own = client.post("/v1/planning/session", json={"name": "operator", "password": OTHER})
    assert own.json()["provisional"] is False


def test_a_provisional_account_may_change_its_password_and_nothing_else(client: TestClient) -> None:
    """All routes, by session and by a token made before: 403, and why; then the token works again."""
    roles = [role.value for role in AccountRole]
    wang = newcomer(client, "wang", roles)
    scopes = [right.value for right in Right]
    program = TestClient(client.app)
    secret = wang.post("/tokens", label="robot", scopes=scopes).json()["secret"]
    program.headers["Authorization"] = f"Bearer {secret}"
    sign_in(client, "operator").send("PATCH", "/accounts/wang", {"password": PASSWORD})
    wang = sign_in(client, "wang")
    own = {("GET", "/v1/planning/sessions"), ("POST", "/v1/planning/sessions/end")}
    for method, path in routes().keys() - OPEN_TO_ALL | own:
        answer = wang.send(method, fill(path))
        told = [one["rule"] for one in answer.json().get("errors", ())]
        assert (answer.status_code, told) == (403, ["provisional-password"]), (method, path)
        assert program.request(method, f"/v1/planning{fill(path)}").status_code == 403, (method, path)
    assert program.get("/v1/planning/session").json()["rights"] == []
    assert wang.post("/password", old=PASSWORD, new=OTHER).status_code == 204
    assert program.get("/v1/planning/drafts").status_code == 200


def test_sessions_elsewhere_are_ended_by_who_shows_who_asks(tmp_path: Path) -> None:
    at = [NOON]
    app = create_app(replace(prepare(tmp_path), clock=lambda: at[0]))
    with TestClient(app) as client:
        here, there, third = (sign_in(client, "planner") for _ in range(3))
        assert [one["current"] for one in here.get("/sessions").json()].count(True) == 1
        at[0] = NOON + timedelta(minutes=6)
        assert here.post("/sessions/end").status_code == 403
        (other, *_) = (one["id"] for one in there.get("/sessions").json() if one["current"])
        assert here.post("/sessions/end", session=other, password=PASSWORD).status_code == 204
        assert [one.get("/session").status_code for one in (here, there, third)] == [200, 401, 200]
        fresh = sign_in(client, "planner")
        assert fresh.post("/sessions/end").status_code == 204
        assert [one.get("/session").status_code for one in (here, third, fresh)] == [401, 401, 200]
        operator = sign_in(client, "operator")
        assert operator.send("DELETE", "/accounts/planner/sessions").status_code == 204
        assert fresh.get("/session").status_code == 401
        made = operator.post("/tokens", label="x", scopes=["view"]).json()
        program = TestClient(app, headers={"Authorization": f"Bearer {made['secret']}"})
        assert program.get("/v1/planning/sessions").status_code == 403
    app.state.office.close()


def test_a_write_needs_the_csrf_token_of_its_session(client: TestClient, planner: Person) -> None:
    forged = Person(planner.client, "guess")
    other = Person(planner.client, sign_in(client, "approver").csrf)
    for person in (forged, other, Person(planner.client)):
        assert person.post("/drafts", community="c1", title="x").status_code == 403
    assert planner.get("/drafts").json() == []


def test_signing_in_again_ends_the_session_that_the_browser_had(planner: Person) -> None:
    before = dict(planner.client.cookies)
    again = planner.client.post("/v1/planning/session", json={"name": "planner", "password": PASSWORD})
    assert again.json()["csrf"] != planner.csrf
    assert dict(planner.client.cookies) != before
    stolen = TestClient(planner.client.app, cookies=before)
    assert stolen.get("/v1/planning/session").status_code == 401
    assert planner.get("/session").status_code == 200


def test_signing_out_ends_the_session(planner: Person) -> None:
    assert planner.get("/session").json()["csrf"] == planner.csrf
    cookie = dict(planner.client.cookies)
    left = planner.send("DELETE", "/session")
    assert (left.status_code, left.headers["clear-site-data"]) == (204, '"cache", "storage"')
    planner.client.cookies.update(cookie)
    assert planner.get("/session").status_code == 401


def test_a_token_works_without_a_cookie_and_no_further_than_its_scopes(
    client: TestClient, planner: Person
) -> None:
    made = planner.post("/tokens", label="脚本", scopes=["view"]).json()
    assert planner.post("/tokens", label="x", scopes=["publish"]).status_code == 403
    program = TestClient(client.app, headers={"Authorization": f"Bearer {made['secret']}"})
    assert program.get("/v1/planning/drafts").status_code == 200
    refused = program.post("/v1/planning/drafts", json={"community": "c1", "title": "x"})
    assert refused.status_code == 403
    assert made["secret"] not in planner.get("/tokens").text
    assert planner.send("DELETE", f"/tokens/{made['id']}").status_code == 204
    assert program.get("/v1/planning/drafts").status_code == 401


def test_a_planner_edits_only_in_the_subdistricts_of_the_account(client: TestClient) -> None:
    """c1 lies in t1, c2 in none."""
    local = newcomer(client, "local", ["planner"], subdistricts=["t1"])
    assert local.post("/drafts", community="c2", title="x").status_code == 403
    assert local.post("/drafts", community="c1", title="x").status_code == 201
    editable = {one["id"]: one["editable"] for one in local.get("/communities").json()}
    assert editable == {"c1": True, "c2": False}


def test_an_operator_keeps_the_own_account(client: TestClient) -> None:
    operator = sign_in(client, "operator")
    assert operator.send("PATCH", "/accounts/operator", {"active": False}).status_code == 422
    assert operator.send("PATCH", "/accounts/operator", {"roles": ["viewer"]}).status_code == 422
    assert operator.send("PATCH", "/accounts/viewer", {"active": False}).json()["active"] is False
    assert {one["name"] for one in operator.get("/accounts").json()} == {role.value for role in AccountRole}


# Working on a draft


def test_a_draft_comes_with_its_table_its_checks_and_its_history(planner: Person) -> None:
    here = begun(planner)
    assert [(row["grid"], row["households"]) for row in here["tally"]["grids"]] == [
        (1, 160),
        (2, 80),
        (3, 120),
    ]
    moved = step(planner, here, kind="assign", units=["c1/h01"], grid=2)
    assert [row["households"] for row in moved["tally"]["grids"]] == [160, 120, 80]
    assert moved["tally"]["moved"] == 40
    assert {one["state"] for one in moved["tally"]["verdicts"]} <= {"holds", "broken", "not_finished"}
    assert [(one["who"], one["done"]) for one in moved["history"]] == [("planner", True)]
    draft = moved["draft"]
    undone = planner.post(f"/drafts/{draft['id']}/undo", revision=draft["revision"]).json()
    assert undone["state"]["assignment"] == here["state"]["assignment"]
    assert [one["done"] for one in undone["history"]] == [False]
    back = planner.get(f"/drafts/{draft['id']}?at={moved['history'][0]['id']}").json()
    assert back["state"] == moved["state"]


def test_the_bench_lets_a_page_count_by_itself(planner: Person) -> None:
    here = begun(planner)
    answer = planner.get(f"/drafts/{here['draft']['id']}/bench")
    bench = answer.json()
    units = {one["id"]: one["properties"] for one in bench["features"]}
    assert units["A"]["compound_name"] == "A小区"
    assert sum(one["households"] for one in units.values()) == 360
    assert all(124 < one["spot"][0] < 125 and 40 < one["spot"][1] < 41 for one in units.values())
    assert {(edge["a"], edge["b"]) for edge in bench["edges"] if edge["open"]} >= {("A", "B"), ("A", "C")}
    assert bench["reference"] == here["state"]["assignment"]
    same = {"If-None-Match": answer.headers["etag"]}
    again = planner.client.get(f"/v1/planning/drafts/{here['draft']['id']}/bench", headers=same)
    assert again.status_code == 304


def test_a_stale_write_gets_both_sides_and_changes_nothing(client: TestClient, planner: Person) -> None:
    second = newcomer(client, "second", ["planner"])
    here = begun(planner)
    step(second, here, kind="rename", grid=1, name="甲")
    draft = here["draft"]
    mine = {"revision": draft["revision"], "operation": {"kind": "rename", "grid": 1, "name": "乙"}}
    answer = planner.send("POST", f"/drafts/{draft['id']}/steps", mine)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:geogrid:problem:stale")
    current = answer.json()["current"]
    assert (current["draft"]["revision"], current["state"]["names"]) == (2, {"1": "甲"})
    step(planner, current, kind="rename", grid=1, name="乙")
    names = [one["operation"]["name"] for one in planner.get(f"/drafts/{draft['id']}").json()["history"]]
    assert names == ["甲", "乙"]


def test_a_draft_begins_as_one_whose_special_grid_has_homes_by_now(planner: Person) -> None:
    """Grid 4 was for a park until the house came into it: its purpose is not taken over, all else is."""
    here = step(planner, begun(planner), kind="open-grid", name="南网格")
    here = step(planner, here, kind="dedicate", grid=4, purpose="公园")
    here = step(planner, here, kind="assign", units=["c1/h01"], grid=4)
    other = begun(planner, start=f"draft-{here['draft']['id']}")
    assert other["state"]["assignment"] == here["state"]["assignment"]
    assert (other["state"]["names"], other["state"]["purposes"]) == ({"4": "南网格"}, {})
    assert [one["operation"]["kind"] for one in other["history"]] == ["clear", "adopt", "rename"]
    assert planner.get(f"/drafts/{other['draft']['id']}").json() == other


def test_a_refused_operation_tells_every_fault(planner: Person) -> None:
    here = begun(planner)["draft"]
    operation = {"kind": "assign", "units": ["X", "Y"], "grid": 9}
    answer = planner.post(f"/drafts/{here['id']}/steps", revision=1, operation=operation)
    assert answer.status_code == 422
    rules = [one["rule"] for one in answer.json()["errors"]]
    assert rules == ["unknown-unit", "unknown-unit", "unknown-grid"]
    answer = planner.post(f"/drafts/{here['id']}/steps", revision=1, operation={"kind": "explode"})
    assert [one["rule"] for one in answer.json()["errors"]] == ["unknown-operation"]


def test_advice_changes_nothing(planner: Person) -> None:
    here = begun(planner)
    path = f"/drafts/{here['draft']['id']}"
    operation = {"kind": "assign", "units": ["c1/h01"], "grid": 2}
    seen = planner.post(f"{path}/preview", operation=operation).json()
    assert [(row["grid"], row["households"]) for row in seen["after"]] == [(2, 120), (3, 80)]
    moves = planner.get(f"{path}/nudges?one=2&other=3").json()
    assert {"kind": "assign", "units": ["c1/h01"], "grid": 2, "reason": ""} in [one["move"] for one in moves]
    assert planner.get(f"{path}/mends?rule=every_grid_is_in_one_piece").json() == []
    assert planner.get(f"{path}/mends?rule=nonsense").status_code == 422
    parts = planner.post(f"{path}/parts", grid=3, count=2).json()
    assert sorted(parts["parts"]) == [["B"], ["c1/h01"]]
    why = planner.post(f"{path}/why-not", unit="c1/h01", grid=1)
    assert why.status_code == 200
    compared = planner.get(f"{path}/comparison").json()
    assert (compared["flows"], compared["households"]) == ([], 0)
    assert planner.get(path).json() == here


def test_no_bench_is_told_on_the_event_loop(planner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a while for thousands of units, and all other requests would wait."""
    looped = []

    def watched(*told: Any) -> dict[str, Any]:
        with suppress(RuntimeError):
            looped.append(asyncio.get_running_loop())
        return {}

    monkeypatch.setattr("api.planning.drafts.bench_told", watched)
    path = f"/drafts/{begun(planner)['draft']['id']}"
    link = planner.post(f"{path}/shares", days=1).json()["path"].rpartition("/")[2]
    for asked in ("/communities/c1/plan", f"{path}/bench", f"/shared/{link}"):
        assert planner.get(asked).status_code == 200, asked
    assert looped == []


def test_a_line_parts_a_grid(planner: Person) -> None:
    here = begun(planner)
    path = f"/drafts/{here['draft']['id']}"
    units = {one["id"]: one["properties"]["spot"] for one in planner.get(f"{path}/bench").json()["features"]}
    between = (units["B"][1] + units["c1/h01"][1]) / 2
    line = [[units["B"][0] - 0.01, between], [units["B"][0] + 0.01, between]]
    parts = planner.post(f"{path}/parts", grid=3, line=line).json()
    assert parts == {"kind": "split", "grid": 3, "parts": [["B"], ["c1/h01"]]}


def events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.splitlines() for block in text.strip().split("\n\n") if block.startswith("event")]
    return [
        (block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))) for block in blocks
    ]


def test_the_solver_streams_what_it_finds(planner: Person) -> None:
    here = begun(planner)
    path = f"/drafts/{here['draft']['id']}/proposals"
    policy = {"grids": {"min": 2, "max": 3}, "band": {"share": 0.2}}
    told = events(planner.post(path, seconds=10, policy=policy).text)
    kind, found = told[-1]
    assert kind == "done"
    assert found[0]["proved"]
    assert set(found[0]["vector"]) == set(found[0]["bounds"])
    assert all(kind == "better" for kind, _ in told[:-1])
    done = step(planner, here, **found[0]["operation"])
    assert done["tally"]["unassigned"] == []
    several = events(planner.post(path, alternatives=2, seconds=5, policy=policy).text)
    assert several[-1][0] == "done"


def test_others_see_what_happens_to_a_draft(tmp_path: Path) -> None:
    """Over a real connection: a first event at once, another one after each step and each comment."""
    app = create_app(prepare(tmp_path))
    with listening(app) as url, httpx.Client(base_url=f"{url}/v1/planning", timeout=20) as http:
        signed = http.post("/session", json={"name": "planner", "password": PASSWORD}).json()
        http.headers["X-CSRF-Token"] = signed["csrf"]
        draft = http.post("/drafts", json={"community": "c1", "title": "x"}).json()["draft"]
        path = f"/drafts/{draft['id']}"
        with http.stream("GET", f"{path}/events") as stream:
            seen = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
            assert next(seen)["draft"]["revision"] == 1
            rename = {"kind": "rename", "grid": 1, "name": "甲"}
            http.post(f"{path}/steps", json={"revision": 1, "operation": rename})
            assert next(seen)["draft"]["revision"] == 2
            first, second = (
                http.post(f"{path}/comments", json={"text": "好"}).json()["id"] for _ in range(2)
            )
            told = next(one for one in seen if one["comments"] == 2)
            assert told["open"] == [first, second]
            http.patch(f"{path}/comments/{first}", json={"resolved": True})
            assert next(seen)["open"] == [second]
    app.state.office.close()


# The way to publication


def to_approval(client: TestClient, planner: Person, here: dict[str, Any]) -> dict[str, Any]:
    draft = here["draft"]
    sent = planner.post(f"/drafts/{draft['id']}/submit", revision=draft["revision"])
    assert sent.status_code == 200, sent.text
    approver = sign_in(client, "approver")
    done = approver.post(f"/drafts/{draft['id']}/approve", revision=sent.json()["revision"], decision="同意")
    assert done.status_code == 200, done.text
    record: dict[str, Any] = done.json()
    return record


def grid_of(client: TestClient, spot: list[float]) -> int:
    answer = client.post("/v1/lookup", json={"lon": spot[0], "lat": spot[1]}).json()
    return int(answer["grid"]["number"])


def test_a_draft_is_approved_published_looked_up_and_rolled_back(client: TestClient, planner: Person) -> None:
    """The house goes from grid 3 to 2 and home again; B stays in 3 all the time."""
    here = begun(planner)
    bench = planner.get(f"/drafts/{here['draft']['id']}/bench").json()
    spots = {one["id"]: one["properties"]["spot"] for one in bench["features"]}
    house, other = spots["c1/h01"], spots["B"]
    assert (grid_of(client, house), grid_of(client, other)) == (3, 3)
    ready = to_approval(client, planner, step(planner, here, kind="assign", units=["c1/h01"], grid=2))
    publisher = sign_in(client, "publisher")
    late = publisher.post("/releases", drafts=[ready["id"]], effective_from="2026-11-22")
    assert [one["rule"] for one in late.json()["errors"]] == ["past-day"]
    done = publisher.post("/releases", drafts=[ready["id"]], effective_from=TODAY.isoformat(), note="十一月")
    assert done.status_code == 201, done.text
    client.app.state.desk.refresh()  # type: ignore[attr-defined]
    assert (grid_of(client, house), grid_of(client, other)) == (2, 3)
    assert planner.get(f"/drafts/{ready['id']}").json()["draft"]["status"] == "published"
    back = publisher.post("/rollbacks", version=1, effective_from=TODAY.isoformat())
    assert back.status_code == 201, back.text
    client.app.state.desk.refresh()  # type: ignore[attr-defined]
    assert (grid_of(client, house), grid_of(client, other)) == (3, 3)
    told = [(one["version"], one["status"], one["drafts"]) for one in publisher.get("/versions").json()]
    assert [version for version, _, _ in told] == [1, 2, 3]
    assert told[1][2] == [ready["id"]]


def test_an_announced_plan_can_be_withdrawn(client: TestClient, planner: Person) -> None:
    ready = to_approval(client, planner, step(planner, begun(planner), kind="rename", grid=1, name="甲"))
    publisher = sign_in(client, "publisher")
    made = publisher.post("/releases", drafts=[ready["id"]], effective_from=TOMORROW).json()
    assert made["effective_from"] == TOMORROW
    gone = publisher.send("POST", f"/versions/{made['version']}/withdraw")
    assert (gone.status_code, gone.json()["status"]) == (200, "retired")


def test_nobody_approves_the_own_draft(client: TestClient) -> None:
    both = newcomer(client, "both", ["planner", "approver"])
    here = begun(both)["draft"]
    sent = both.post(f"/drafts/{here['id']}/submit", revision=1).json()
    answer = both.post(f"/drafts/{here['id']}/approve", revision=sent["revision"])
    assert [one["rule"] for one in answer.json()["errors"]] == ["own-draft"]


def test_a_draft_comes_back_with_a_reason_or_is_given_up(client: TestClient, planner: Person) -> None:
    here = begun(planner)["draft"]
    sent = planner.post(f"/drafts/{here['id']}/submit", revision=1).json()
    frozen = planner.post(
        f"/drafts/{here['id']}/steps", revision=sent["revision"], operation={"kind": "renumber"}
    )
    assert frozen.status_code == 409
    approver = sign_in(client, "approver")
    back = approver.post(f"/drafts/{here['id']}/reopen", revision=sent["revision"], decision="请补充").json()
    assert (back["status"], back["decision"]) == ("open", "请补充")
    gone = planner.post(f"/drafts/{here['id']}/abandon", revision=back["revision"]).json()
    assert gone["status"] == "abandoned"


# Comments, links, the trail


def test_comments_are_pinned_and_settled(client: TestClient, planner: Person) -> None:
    path = f"/drafts/{begun(planner)['draft']['id']}/comments"
    approver = sign_in(client, "approver")
    said = approver.post(path, text="<b>为什么</b>", subject="grid", subject_id="2").json()
    assert (said["text"], said["who"]) == ("<b>为什么</b>", "approver")
    settled = planner.send("PATCH", f"{path}/{said['id']}", {"resolved": True}).json()
    assert settled["resolved_by"] == "planner"
    assert [one["id"] for one in sign_in(client, "viewer").get(path).json()] == [said["id"]]


def test_a_shared_link_shows_a_draft_to_read_only(client: TestClient, planner: Person) -> None:
    here = begun(planner)["draft"]
    made = planner.post(f"/drafts/{here['id']}/shares", days=1).json()
    stranger = TestClient(client.app)
    seen = stranger.get(f"/v1/planning/shared/{made['secret']}")
    assert seen.json()["draft"]["id"] == here["id"]
    assert seen.json()["bench"]["reference"]
    assert stranger.get("/v1/planning/shared/guess").status_code == 404
    assert planner.send("DELETE", f"/drafts/{here['id']}/shares/{made['id']}").status_code == 200
    assert stranger.get(f"/v1/planning/shared/{made['secret']}").status_code == 404
    assert made["secret"] not in planner.get(f"/drafts/{here['id']}/shares").text


def test_the_trail_tells_who_did_what_from_where(client: TestClient, planner: Person) -> None:
    here = begun(planner)
    step(planner, here, kind="rename", grid=1, name="甲")
    operator = sign_in(client, "operator")
    told = operator.get(f"/audit?subject=draft {here['draft']['id']}").json()
    assert [one["what"] for one in told["entries"]] == ["begin-draft", "draft-step"]
    assert all(one["who"] == "planner" and one["details"]["from"] for one in told["entries"])


def test_the_open_api_document_names_the_planner_too(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert "/v1/planning/drafts/{draft_id}/steps" in document["paths"]
    assert "NewStep" in document["components"]["schemas"]


RESIDENTS_FIRST = """
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from api import Settings, create_app
snapshot, store = sys.argv[1:3]
settings = Settings(Path(snapshot), reload_s=0, hot=sys.argv[3] == "hot", store=store, city="town")
loaded = lambda: sorted({"sqlalchemy", "ortools", "highspy", "numba", "scipy"} & set(sys.modules))
with TestClient(create_app(settings)) as client:
    assert client.post("/v1/lookup", json={"address": "A小区1号楼"}).json()["status"] == "matched"
    assert client.get("/readyz").status_code == 200
    print(loaded())
    assert client.get("/v1/planning/session").status_code == 401
    print("sqlalchemy" in loaded())
"""


@pytest.mark.parametrize("way", ["hot", "routes"])
def test_a_lookup_loads_neither_database_nor_solver_and_a_planner_does(tmp_path: Path, way: str) -> None:
    settings = prepare(tmp_path)
    words = [sys.executable, "-c", RESIDENTS_FIRST, str(settings.snapshot), settings.store, way]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.stdout.split("\n")[:2] == ["[]", "True"], told.stderr


def test_a_store_that_is_down_stops_planners_only(tmp_path: Path) -> None:
    settings = prepare(tmp_path)
    store = tmp_path / "store.db"
    aside = store.rename(tmp_path / "aside.db")
    store.mkdir()  # no database can be opened there
    with TestClient(create_app(settings)) as client:
        assert client.post("/v1/lookup", json={"address": "A小区1号楼"}).json()["status"] == "matched"
        down = client.get("/v1/planning/session")
        assert (down.status_code, down.headers["content-type"]) == (503, "application/problem+json")
        assert "/v1/lookup" in client.get("/openapi.json").json()["paths"]
        store.rmdir()
        aside.rename(store)
        assert client.get("/v1/planning/session").status_code == 401
        assert "/v1/planning/session" in client.get("/openapi.json").json()["paths"]


def test_every_path_is_in_the_page() -> None:
    page = (Path(__file__).parent.parent / "docs" / "planning-api.md").read_text(encoding="utf-8")
    for _, path in routes():
        assert f"`{path}`" in page, path
    for kind in KINDS:
        assert f"`{kind}`" in page, kind
