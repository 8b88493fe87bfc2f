"""What the service does beside answering: batches, limits, counts, settings, and one answer on every path."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.deadline import answer_in_time
from api.edge import RENEWED
from api.limits import Buckets, Gate, UnknownToken, client_of
from api.problems import Refusal
from api.settings import NOT_IN_FILE, read_settings
from geogrid.errors import InputError
from geogrid.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
INSIDE = {"lon": 124.3905866, "lat": 40.1318012}  # in A
SECRET = "SECRET-STRASSE-7"


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0))) as client:
        yield client


@pytest.fixture(scope="module")
def plain(town_snapshot: Path) -> Iterator[TestClient]:
    """The same service without the hot path."""
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0, hot=False))) as client:
        yield client


# The hot path and the route

LINKS = [
    *(
        "address=A小区1号楼",
        "address=小区1号楼&limit=2",
        "address=x&limit=20",
        "address=A%E5%B0%8F%E5%8C%BA1%E5%8F%B7",
    ),
    *("lon=124.3905866&lat=40.1318012", "lon=124.38&lat=40.1318", "lon=0&lat=0", "lon=-180&lat=-90&limit=1"),
    *("lon=124.3905866&lat=40.1318012&crs=GCJ-02", "lon=124.3905866&lat=40.1318012&crs=BD-09"),
    *(
        "",
        "address=",
        "address=+",
        "lon=1",
        "lat=1",
        "lon=181&lat=0",
        "lon=nan&lat=1",
        "lon=1e2&lat=1",
        "lon=1_0&lat=1",
    ),
    *("lon=1&lat=1&address=A", "address=A&address=B", "adress=A", "address=A&limit=0", "address=A&limit=21"),
    *(
        "address=A&limit=05",
        "address=A&limit=x",
        "lon=%31&lat=2",
        "lon=+1&lat=2",
        "lon=1&lat=2&crs=X",
        "&&address=A",
    ),
    *(
        "address=A%00",
        "address=%FF%FE",
        "address=A%0AB",
        "address=" + "A" * 201,
        "address=A;lon=1",
        "address=A=B",
        "a",
    ),
    *("address=A&as_of=2026-11-23", "address=A&as_of=1999-01-01", "address=A&as_of=x"),
]
BODIES: list[bytes] = [
    b'{"address": "A\xe5\xb0\x8f\xe5\x8c\xba1\xe5\x8f\xb7\xe6\xa5\xbc"}',
    b'{"lon": 124.3905866, "lat": 40.1318012}',
    b'{"lon": 124.3905866, "lat": 40.1318012, "crs": "BD-09", "limit": 1}',
    b'{"lon": 124, "lat": 40}',
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"address": null}',
    b'{"address": "A", "lon": 1}',
    b'{"lon": 1e999, "lat": 1}',
    b'{"lon": 200, "lat": 1}',
    b'{"adress": "A"}',
    b'{"address": 1}',
    b'{"address": "\xff"}',
    b'{"address": " "}',
    b'{"address": "A", "limit": 0}',
    b'{"address": "' + b"A" * 300 + b'"}',
    b" " * 20_000,
    b'{"address": "A", "as_of": "2026-11-23"}',
    b'{"address": "A", "as_of": "x"}',
]


def same(one: Any, other: Any) -> None:
    assert one.status_code == other.status_code
    assert one.content == other.content
    heads = [{k: v for k, v in r.headers.items() if k != "x-request-id"} for r in (one, other)]
    assert heads[0] == heads[1]


@pytest.mark.parametrize("query", LINKS)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_link_gets_one_answer_with_and_without_the_hot_path(
    client: TestClient, plain: TestClient, query: str, coding: str
) -> None:
    asked = {"url": f"/v1/lookup?{query}", "headers": {"Accept-Encoding": coding}}
    same(client.get(**asked), plain.get(**asked))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "text/plain"])
def test_a_body_gets_one_answer_with_and_without_the_hot_path(
    client: TestClient, plain: TestClient, body: bytes, kind: str
) -> None:
    asked = {"url": "/v1/lookup", "content": body, "headers": {"Content-Type": kind}}
    same(client.post(**asked), plain.post(**asked))


def test_a_link_that_is_known_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/v1/lookup", params=INSIDE)
    again = client.get("/v1/lookup", params=INSIDE, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert client.head("/v1/lookup", params=INSIDE).content == b""


# Batches


def test_every_row_of_a_batch_is_told_in_its_place(client: TestClient) -> None:
    rows: list[dict[str, Any]] = [
        INSIDE,
        {"address": "A小区1号楼"},
        {"lon": 0, "lat": 0},
        {"address": " "},
        {},
        {"lon": 1},
        {"lon": 200, "lat": 0},
        {"address": "A", **INSIDE},
        {"address": "小区1号楼"},
        {"address": "A" * 201},
    ]
    told = client.post("/v1/lookup/batch", json={"rows": rows}).json()
    assert [one["status"] for one in told["rows"]] == [
        "matched",
        "matched",
        "outside",
        "empty",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "ambiguous",
        "invalid",
    ]
    assert told["rows"][0]["grid_code"] == told["rows"][1]["grid_code"] == "210602001001001"
    assert told["plan"]["version"] == 1


def test_a_batch_is_bounded(client: TestClient) -> None:
    assert client.post("/v1/lookup/batch", json={"rows": [INSIDE] * 1000}).status_code == 200
    assert client.post("/v1/lookup/batch", json={"rows": [INSIDE] * 1001}).status_code == 422
    assert client.post("/v1/lookup/batch", json={"rows": []}).json()["rows"] == []
    assert (
        client.post(
            "/v1/lookup/batch", content=b" " * 1_100_000, headers={"Content-Type": "application/json"}
        ).status_code
        == 413
    )


def test_reverse_tells_buildings_only_the_nearest_first(client: TestClient) -> None:
    told = client.get("/v1/reverse", params={**INSIDE, "limit": 3}).json()
    far = [one["distance_m"] for one in told["addresses"]]
    assert len(far) == 3
    assert far == sorted(far)
    assert all(metres <= 200 for metres in far)
    assert told["addresses"][0]["grid"]["code"] == "210602001001001"
    assert client.post("/v1/reverse", json={**INSIDE, "limit": 3}).json() == told
    assert client.get("/v1/reverse", params={"lon": 0, "lat": 0}).json()["addresses"] == []
    assert not any("单元" in one["address"] or "室" in one["address"] for one in told["addresses"])


# Limits


def test_a_bucket_lets_a_burst_through_and_then_a_steady_rate() -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0])

    def take() -> float:
        return buckets.take("a", 2.0, 3)

    assert [take(), take(), take()] == [0, 0, 0]
    assert take() == pytest.approx(0.5)  # one token at two a second
    assert buckets.take("b", 2.0, 3) == 0
    now[0] = 0.5
    assert take() == 0
    assert take() > 0
    now[0] = 100.0
    assert [take(), take(), take(), take() > 0] == [0, 0, 0, True]


def test_a_client_that_asks_too_often_is_told_when_to_come_back(town_snapshot: Path) -> None:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0.1, burst=2))) as limited:
        assert [limited.get("/v1/city").status_code for _ in range(2)] == [200, 200]
        refused = limited.get("/v1/lookup", params={"address": SECRET})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert refused.json()["type"] == "urn:geogrid:problem:too-many"
        assert limited.get("/healthz").status_code == 200
        assert b"geogrid_limited_total 1.0" in limited.get("/metrics").content


def test_the_rows_of_a_batch_count(town_snapshot: Path) -> None:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0.1, burst=10))) as limited:
        assert limited.post("/v1/lookup/batch", json={"rows": [INSIDE] * 1000}).status_code == 200
        assert limited.get("/v1/city").status_code == 429  # 1 + 1000 / 50 of 10


@pytest.mark.parametrize(
    ("proxies", "told", "client"),
    [
        (0, "9.9.9.9", "1.2.3.4"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "1.2.3.4"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:9.9.9.9", "9.9.9.9"),
        (1, "nonsense:" + "x" * 999, "nonsense:" + "x" * 55),
    ],
)
def test_who_asks_is_what_a_trusted_proxy_saw(proxies: int, told: str, client: str) -> None:
    scope = {"client": ("1.2.3.4", 5), "headers": [(b"x-forwarded-for", told.encode())]}
    assert client_of(scope, proxies) == client


def test_a_token_has_a_rate_and_a_quota_of_its_own(town_snapshot: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    digest = hashlib.sha256(b"open sesame").hexdigest()
    file.write_text(f'[portal]\nsha256 = "{digest}"\nrate = 100\nburst = 100\nper_day = 3\n')
    gate = Gate(Settings(town_snapshot, rate=0.1, burst=1, tokens=file))

    def ask(token: str) -> float:
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        return gate.wait_s({"path": "/v1/city", "client": ("1.2.3.4", 5), "headers": headers})

    assert ask("") == 0
    assert ask("") > 0
    assert [ask("open sesame") for _ in range(3)] == [0, 0, 0]
    assert ask("open sesame") > 0  # three a day
    with pytest.raises(UnknownToken):
        ask("open sesam")


def test_a_bad_token_file_is_refused_with_all_its_faults(town_snapshot: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text('[a]\nsha256 = "12"\nrate = 1\nburst = 1\n[b]\nrate = 1\n')
    with pytest.raises(InputError) as caught:
        Gate(Settings(town_snapshot, tokens=file))
    assert [fault.field for fault in caught.value.faults] == ["a", "b"]


# Counting and logging


def test_counts_tell_routes_and_never_questions(client: TestClient) -> None:
    client.get("/v1/lookup", params={"address": SECRET})
    client.get(f"/{SECRET}")
    client.request(SECRET, "/v1/city")
    text = client.get("/metrics").text
    assert 'geogrid_requests_total{method="GET",route="/v1/lookup",status="200"}' in text
    assert 'route="unmatched",status="404"' in text
    assert "geogrid_plan_version 1.0" in text
    assert SECRET not in text
    assert "testclient" not in text


def test_every_answer_has_a_number_that_is_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "geogrid.api"):
        number = client.get("/v1/lookup", params={"address": SECRET}).headers["x-request-id"]
    (line,) = [json.loads(record.message) for record in caplog.records if record.name == "geogrid.api"]
    assert line["request"] == number
    assert (line["route"], line["status"]) == ("/v1/lookup", 200)
    assert SECRET not in caplog.text


def test_one_answer_in_a_thousand_ends_its_connection(client: TestClient) -> None:
    """So that no worker keeps most of a proxy's connections for ever."""
    told = [client.get("/healthz").headers.get("connection") for _ in range(2 * RENEWED)]
    assert told.count("close") == 2
    assert told.count(None) == 2 * RENEWED - 2


def test_readiness_names_the_plan(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "version": 1}


def test_counts_can_be_kept_in_house(town_snapshot: Path) -> None:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, metrics=False))) as closed:
        assert closed.get("/metrics").status_code == 404


# Settings


def test_the_table_of_settings_is_the_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    told = {one.name: one.default for one in dataclasses.fields(Settings) if one.name not in NOT_IN_FILE}
    shown = {name: None if text == "none" else json.loads(text) for name, text in rows}
    assert shown == told
    assert list(shown) == list(told)


def test_settings_are_read_and_all_faults_told(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('rate = 7\njobs = "jobs"\nmetrics = false\n')
    found = read_settings(good, tmp_path)
    assert (found.rate, found.jobs, found.metrics) == (7, tmp_path / "jobs", False)
    bad.write_text('rat = 7\nburst = "many"\nrate = -1\nmetrics = 1\nmax_text = true\n')
    with pytest.raises(InputError) as caught:
        read_settings(bad, tmp_path)
    assert [fault.field for fault in caught.value.faults] == ["rat", "burst", "rate", "metrics", "max_text"]


# The zoo


def zoo(snapshot: Snapshot) -> tuple[list[float], list[float]]:
    """Return vertices and middles of edges, and one lattice step to every side of each."""
    corners = [
        point
        for card in snapshot.communities()
        for feature in snapshot.grids_geojson(str(card["id"]))["features"]
        for ring in rings(feature["geometry"])
        for point in (*ring, *(np.add(ring[:-1], ring[1:]) / 2).tolist())
    ]
    steps = [(i * 1e-7, j * 1e-7) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    found = sorted({(x + a, y + b) for x, y in corners for a, b in steps})
    return [x for x, _ in found], [y for _, y in found]


def rings(geometry: dict[str, Any]) -> list[Any]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [ring for part in parts for ring in part]


def test_one_and_many_agree_on_the_border(client: TestClient, town_snapshot: Path) -> None:
    lon, lat = zoo(Snapshot.open(town_snapshot))
    assert len(lon) > 300
    rows = [{"lon": x, "lat": y} for x, y in zip(lon, lat, strict=True)]
    many: list[str] = []
    for start in range(0, len(rows), 1000):
        batch = client.post("/v1/lookup/batch", json={"rows": rows[start : start + 1000]}).json()
        many += [one["grid_code"] for one in batch["rows"]]
    for row, code in list(zip(rows, many, strict=True))[::3]:
        grid = client.post("/v1/lookup", json=row).json()["grid"]
        assert (grid["code"] if grid else "") == code


# A body that does not come


def asked_in_parts(app: Any, parts: list[bytes | None]) -> int:
    """Send a body to ``POST /v1/lookup/batch`` in parts, None for waiting; return the status."""
    told: list[int] = []
    left = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)  # as a line does that has to be waited for
        part = left.pop(0)
        if part is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": part, "more_body": bool(left)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    head = [(b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/lookup/batch",
        "query_string": b"",
        "headers": head,
    }
    asyncio.run(app({**scope, "raw_path": b"/v1/lookup/batch", "http_version": "1.1"}, receive, send))
    return told[0]


def test_a_body_may_come_slowly_but_must_come(town_snapshot: Path) -> None:
    app = create_app(Settings(town_snapshot, reload_s=0, rate=0, body_s=0.05))
    app.state.desk.refresh()
    assert asked_in_parts(app, [b'{"rows": [{"lon"', b": 1, ", b'"lat": 2}]}']) == 200
    assert asked_in_parts(app, [b'{"rows": [', None]) == 408
    assert asked_in_parts(app, [None]) == 408


# An answer that takes too long


def answered(app: Any, parts: int = 1, seconds: float = 0.05) -> list[str]:
    """Answer a body of some parts, 0.1 s before each, in ``seconds``; return the messages sent."""
    told: list[str] = []
    left = list(range(parts))

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.1)
        if not left:
            return {"type": "http.disconnect"}
        left.pop()
        return {"type": "http.request", "body": b"", "more_body": bool(left)}

    async def send(message: Any) -> None:
        told.append(message["type"].rpartition(".")[2])

    asyncio.run(answer_in_time(app, {"type": "http"}, receive, send, seconds))
    return told


async def slow_to_begin(_: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await asyncio.sleep(0.2)
    await send({"type": "http.response.start"})


async def slow_to_end(_: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start"})
    await receive()  # whether the client has gone
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body"})


async def impatient_itself(_: Any, __: Any, ___: Any) -> None:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(1)


async def never_heard(_: Any, __: Any, ___: Any) -> None:
    await asyncio.sleep(1)


async def at_once(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start"})


def test_an_answer_that_does_not_begin_is_given_up_and_one_that_has_is_not() -> None:
    assert answered(at_once) == ["start"]
    assert answered(slow_to_end, parts=3) == ["start", "body"]
    assert answered(slow_to_begin, parts=3, seconds=1) == ["start"]
    for app in (slow_to_begin, never_heard):
        with pytest.raises(Refusal) as refused:
            answered(app, parts=3)
        assert refused.value.status == 504
    with pytest.raises(TimeoutError):
        answered(impatient_itself, seconds=0.5)


def test_who_waits_too_long_is_told_when_to_ask_again(
    town_snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.history.History.on", lambda *_: time.sleep(0.3))
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, rate=0, answer_s=0.05))) as client:
        late = client.get("/v1/lookup?address=A&as_of=2020-01-01&lang=zh-Hans")
        assert (late.status_code, late.headers["retry-after"]) == (504, "10")
        assert late.json()["title"] == "处理超时，请稍后再试"
        assert client.post("/v1/lookup", json={"address": "A小区1号楼"}).status_code == 200


def test_the_counts_of_several_processes_add_up(
    town_snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOGRID_COUNTS", str(tmp_path))
    settings = Settings(town_snapshot, reload_s=0, rate=0)
    with TestClient(create_app(settings)) as one:
        one.get("/v1/city")
        one.get("/v1/city")
    with TestClient(create_app(settings)) as other:  # the first has ended; what it counted still counts
        other.get("/v1/city")
        text = other.get("/metrics").text
    assert 'geogrid_requests_total{method="GET",route="/v1/city",status="200"} 3.0' in text
    assert 'geogrid_request_seconds_count{route="/v1/city"} 3.0' in text
    assert 'geogrid_request_seconds_bucket{le="+Inf",route="/v1/city"} 3.0' in text


# Every door has the same gate


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/lookup?address=x"),
        ("POST", "/v1/lookup/batch"),
        ("POST", "/v1/planning/session"),
        ("GET", "/v1/planning/drafts"),
        ("GET", "/planner"),
        ("GET", "/v1/planning/openid/back?state=x"),
        ("GET", "/v1/planning/shared/guess"),
        ("GET", "/print/c/c1.pdf"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/0123456789abcdef0123456789abcdef"),
        ("GET", "/ogc/collections/grids/items"),
        ("GET", "/embed/city"),
        ("GET", "/openapi.json"),
        ("HEAD", "/"),
        ("GET", "/there/is/no/such/page"),
    ],
)
def test_no_door_is_without_the_limit(tmp_path: Path, town_snapshot: Path, method: str, path: str) -> None:
    """A burst of one: whatever the first answer is, the second is to wait, with the time to wait for."""
    settings = Settings(
        town_snapshot,
        reload_s=0,
        rate=0.01,
        burst=1,
        jobs=tmp_path / "jobs",
        store=f"sqlite:///{tmp_path}/s.db",
    )
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/there/is/no/such/page").status_code == 404
        refused = client.request(method, path)
        assert refused.status_code == 429
        assert 90 <= int(refused.headers["retry-after"]) <= 100
        assert "set-cookie" not in refused.headers
        for free in ("/healthz", "/metrics"):
            assert client.get(free).status_code == 200
