"""Files are taken, worked at, given back and forgotten; the client asks what a person would ask by hand."""

from __future__ import annotations

import asyncio
import csv
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.jobs import Jobs
from api.remembered import Remembered
from geogrid.batch import JUDGED, assign_file, matcher_of
from geogrid.batch.told import RowAnswer
from geogrid.client import Answer, AsyncClient, Client, Place, Row, ServiceError
from geogrid.crs import from_wgs84
from geogrid.snapshot import Snapshot
from tests.governed import TODAY
from tests.test_service import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TEXTS = [
    "A小区1号楼",
    "B小区2号楼",
    "小区1号楼",
    "A小区9号楼",
    "无名路2号",
    "",
    "=1+1",
    "E小区门卫室",
    "D小区3号楼",
]
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def served(town_snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("jobs")
    settings = Settings(town_snapshot, reload_s=0, rate=0, jobs=folder, job_bytes=1 << 20, job_rows=50_000)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def client(served: TestClient) -> Client:
    """A client whose line is the application itself."""
    return Client("http://testserver", transport=served._transport)


def in_csv(path: Path, texts: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["address"], *([text] for text in texts)])
    return path


def codes(path: Path) -> list[tuple[str, str]]:
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    return [(row["status"], row["grid_code"]) for row in rows]


def judged(path: Path) -> list[tuple[str, ...]]:
    """Return what a CSV file says of each row beside its grid."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row[name] for name in JUDGED) for row in csv.DictReader(file)]


def in_words(one: Row | Answer) -> tuple[str, ...]:
    """Return the same of a row or an answer, as CSV writes it."""
    numbers = ("" if number is None else str(number) for number in (one.score, one.margin))
    return one.match_level, *numbers, ", ".join(one.missing)


def test_one_batch_job_and_file_give_the_same_answer(
    client: Client, town_snapshot: Path, tmp_path: Path
) -> None:
    texts = [text for text in TEXTS * 250 if text]  # 2,000 rows
    source = in_csv(tmp_path / "in.csv", texts)
    assign_file(source, tmp_path / "own.csv", matcher_of(Snapshot.open(town_snapshot)))
    own = codes(tmp_path / "own.csv")
    job = client.wait(client.send_file(source).id, every_s=0.1)
    assert (job.status, job.rows_done, job.plan) == ("done", len(texts), 1)
    client.fetch(job.id, tmp_path / "job.csv")
    assert codes(tmp_path / "job.csv") == own
    assert [(row.status, row.grid_code) for row in client.lookup_many(texts)] == own
    one = {text: client.lookup(text) for text in set(texts)}
    told = judged(tmp_path / "job.csv")
    assert told == judged(tmp_path / "own.csv")
    assert told == [in_words(row) for row in client.lookup_many(texts)]
    assert told == [in_words(one[text]) for text in texts]
    assert [(one[text].status, one[text].grid_code) for text in texts] == own
    client.cancel(job.id)
    with pytest.raises(ServiceError, match="404"):
        client.job(job.id)


def test_the_border_gets_one_answer_on_every_way(client: Client, town_snapshot: Path, tmp_path: Path) -> None:
    lon, lat = zoo(Snapshot.open(town_snapshot))
    pq.write_table(pa.table({"lon": lon, "lat": lat}), tmp_path / "in.parquet")
    job = client.wait(client.send_file(tmp_path / "in.parquet").id, every_s=0.1)
    client.fetch(job.id, tmp_path / "out.parquet")
    batch = client.lookup_many([Place(x, y) for x, y in zip(lon, lat, strict=True)])
    assert codes(tmp_path / "out.parquet") == [(row.status, row.grid_code) for row in batch]
    snapshot = Snapshot.open(town_snapshot)
    own = [snapshot.lookup_point(lon=x, lat=y) for x, y in zip(lon, lat, strict=True)]
    assert [row.grid_code for row in batch] == [one.grid["code"] if one.grid else "" for one in own]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"address\nA\n", "text/plain", 415),
        (b"", "text/csv", 422),
        (b"x" * ((1 << 20) + 1), "text/csv", 413),
    ],
)
def test_a_bad_upload_is_refused(served: TestClient, content: bytes, kind: str, status: int) -> None:
    found = served.post("/v1/jobs", content=content, headers={"Content-Type": kind})
    assert found.status_code == status


@pytest.mark.parametrize(
    ("content", "query", "told"),
    [
        (b"a,b\n1,2\n", "", "no column of addresses"),
        (b"a\n1\n", "address=../../etc/passwd", "there is no such column"),
        (b"\x00\xff\xfe\xfa", "", ""),
        (b"address\n" + b"A\n" * 60_000, "", "50,000 rows"),
        (b"lon,lat\n1,2\n", "crs=NONSENSE", "no coordinate system"),
    ],
)
def test_a_bad_file_fails_in_words(
    client: Client, served: TestClient, content: bytes, query: str, told: str
) -> None:
    job_id = served.post(f"/v1/jobs?{query}", content=content, headers=CSV).json()["id"]
    job = client.wait(job_id, every_s=0.1)
    assert job.status == "failed"
    words = json.dumps(list(job.errors))
    assert told in words
    assert "/jobs" not in words  # no path of ours
    assert served.get(f"/v1/jobs/{job_id}/result").status_code == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e", "a" * 32, "0" * 31, ".lock", "0" * 32, "é"])
def test_a_made_up_id_finds_nothing(served: TestClient, name: str) -> None:
    assert served.get(f"/v1/jobs/{name}").status_code == 404
    assert served.delete(f"/v1/jobs/{name}").status_code in (404, 405)


def test_where_no_files_are_taken_it_says_so(town_snapshot: Path) -> None:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as without:
        assert without.post("/v1/jobs", content=b"address\nA\n", headers=CSV).status_code == 404


def test_a_job_outlives_a_restart(town_snapshot: Path, tmp_path: Path) -> None:
    settings = Settings(town_snapshot, reload_s=0, jobs=tmp_path)
    jobs = Jobs(settings, tmp_path)
    place = jobs.begin("csv", {"address": "", "lon": "", "lat": "", "crs": "WGS-84"})
    (place / "upload").write_bytes("address\nA小区1号楼\n".encode())
    jobs.submit(place)
    (place / "step.json").write_text('{"rows_done": 1, "rows": 1, "plan": 1}')  # it was being worked at
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + 60
        while client.get(f"/v1/jobs/{place.name}").json()["status"] != "done":
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert not list(place.glob("input.*"))
    assert (place / "result.csv").stat().st_size > 0


class Counting:
    """A matcher that counts what it is asked, and stops after some runs as a killed process would."""

    def __init__(self, runs: int) -> None:
        self.runs, self.asked = runs, 0

    def addresses(self, texts: Sequence[str]) -> list[RowAnswer]:
        if self.runs == 0:
            raise KeyboardInterrupt
        self.runs -= 1
        self.asked += len(texts)
        return [RowAnswer("matched", "building", f"G{text[-1]}", text[-1]) for text in texts]

    def points(self, lon: Any, lat: Any) -> Any:
        raise AssertionError


def test_a_job_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Three runs of 8,192 rows; the first process is killed in the third, the second one asks only that."""
    texts = [f"样例{n}" for n in range(3 * 8192)]
    source, target, told = in_csv(tmp_path / "in.csv", texts), tmp_path / "out.csv", tmp_path / "told.jsonl"
    first, second = Counting(2), Counting(9)
    with pytest.raises(KeyboardInterrupt):
        assign_file(source, target, Remembered(first, told, "plan one"))
    with told.open("a", encoding="utf-8") as file:
        file.write('{"of_row": [0, 0')  # it was killed in the middle of a line
    assign_file(source, target, Remembered(second, told, "plan one"))
    assert (first.asked, second.asked) == (2 * 8192, 8192)
    assert codes(target) == [("matched", f"G{text[-1]}") for text in texts]
    assert "样例" not in told.read_text(encoding="utf-8")
    assert told.stat().st_mode & 0o077 == 0


def test_what_another_plan_has_answered_is_forgotten(tmp_path: Path) -> None:
    source, told = in_csv(tmp_path / "in.csv", ["样例1"]), tmp_path / "told.jsonl"
    for plan in ("plan one", "plan two"):
        matcher = Counting(1)
        assign_file(source, tmp_path / "out.csv", Remembered(matcher, told, plan))
        assert matcher.asked == 1


def test_a_job_is_answered_by_the_plan_of_a_day(served: TestClient) -> None:
    asked = {"url": "/v1/jobs", "content": "address\nA小区1号楼\n".encode(), "headers": CSV}
    assert served.post(**asked, params={"as_of": "1999-01-01"}).status_code == 404
    job = served.post(**asked, params={"as_of": "2026-11-23"}).json()["id"]
    deadline = time.monotonic() + 60
    while (told := served.get(f"/v1/jobs/{job}").json())["status"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (told["status"], told["plan"]) == ("done", 1)


def test_a_result_is_kept_for_a_time(town_snapshot: Path, tmp_path: Path) -> None:
    jobs = Jobs(Settings(town_snapshot, jobs=tmp_path, job_kept_s=0), tmp_path)
    place = jobs.begin("csv", {})
    (place / "end.json").write_text(json.dumps({"status": "done", "ended": time.time() - 1}))
    assert jobs._next() is None
    assert not place.exists()


def test_only_so_many_wait(town_snapshot: Path, tmp_path: Path) -> None:
    settings = Settings(town_snapshot, reload_s=0, jobs=tmp_path, jobs_waiting=0)
    with TestClient(create_app(settings)) as full:
        assert full.post("/v1/jobs", content=b"address\nA\n", headers=CSV).status_code == 429


def test_positions_in_another_system_than_was_said_are_told(
    client: Client, served: TestClient, town_snapshot: Path, tmp_path: Path
) -> None:
    """Residents at the doors, read from a map of AMap, sent as WGS-84: half a kilometre away."""
    doors = Snapshot.open(town_snapshot).door_places
    east, north = doors[np.isfinite(doors).all(axis=1)].T
    lon, lat = from_wgs84(east, north, "GCJ-02")
    pq.write_table(pa.table({"lon": np.tile(lon, 9), "lat": np.tile(lat, 9)}), tmp_path / "in.parquet")
    job = client.wait(client.send_file(tmp_path / "in.parquet").id, every_s=0.1)
    assert [one.partition(";")[0] for one in job.warnings] == [
        "the positions seem to be GCJ-02 (AMap, Tencent): say crs GCJ-02"
    ]
    told = served.get(f"/v1/jobs/{job.id}", headers={"Accept-Language": "zh"}).json()["warnings"]
    assert told[0].startswith("坐标似为 GCJ-02 (AMap, Tencent)，请指定 crs=GCJ-02")
    again = client.wait(client.send_file(tmp_path / "in.parquet", crs="GCJ-02").id, every_s=0.1)
    assert (again.status, again.warnings) == ("done", [])


# The client


def test_both_clients_read_the_same(live: str) -> None:
    async def ask() -> tuple[object, ...]:
        async with AsyncClient(live) as client:
            return (
                await client.lookup("A小区1号楼"),
                await client.locate(lon=124.3905866, lat=40.1318012),
                await client.lookup_many(["A小区1号楼", Place(0, 0)]),
                await client.reverse(lon=124.3905866, lat=40.1318012),
                await client.suggest("A小"),
                await client.suggest("小区", near=Place(124.3929332, 40.1313509)),
                await client.grid("210602001001001"),
                await client.lookup("A小区1号搂", explain=True),
                await client.lookup("A小区1号楼", as_of=TODAY),
            )

    with Client(live) as client:
        now = (
            client.lookup("A小区1号楼"),
            client.locate(lon=124.3905866, lat=40.1318012),
            client.lookup_many(["A小区1号楼", Place(0, 0)]),
            client.reverse(lon=124.3905866, lat=40.1318012),
            client.suggest("A小"),
            client.suggest("小区", near=Place(124.3929332, 40.1313509)),
            client.grid("210602001001001"),
            client.lookup("A小区1号搂", explain=True),
            client.lookup("A小区1号楼", as_of=TODAY),
        )
    assert asyncio.run(ask()) == now
    assert now[0].grid_code == now[1].grid_code == "210602001001001"
    assert (now[4][0], now[5][0]) == ("A小区", "B小区")  # somebody stands in B


def test_a_client_is_told_in_its_language(client: Client, served: TestClient) -> None:
    with Client("http://testserver", lang="zh-Hant", transport=served._transport) as told:
        assert told.lookup("A小区1号楼").sentence == "屬於Community c1第 1 網格（A小区）。網格長：样例乙。"
        (row,) = told.lookup_many(["A小区9号楼"], limit=3, explain=True)
        assert (row.reason, row.missing) == ("請補充：棟號", ["building"])
        assert [one["text"] for one in row.candidates] == ["A小区"]
        assert {"kind": "unknown", "element": "number", "text": "9", "became": ""} in row.explain
        with pytest.raises(ServiceError, match="沒有此項（網格）"):
            told.grid("999999999999999")
    (row,) = client.lookup_many(["A小区9号楼"])
    assert (row.reason, row.candidates, row.explain) == ("missing: building", (), ())


def test_a_busy_service_is_asked_again_when_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    replies = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(503)]
    good = httpx.Response(200, json={"suggestions": [{"text": "A"}]})
    asked = iter([*replies, good])
    with Client("http://x", transport=httpx.MockTransport(lambda _: next(asked))) as client:
        assert client.suggest("A") == ["A"]
    assert slept == [7.0, 0.4]


def test_a_service_that_stays_busy_or_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with Client(
        "http://x", retries=1, transport=httpx.MockTransport(lambda _: httpx.Response(503))
    ) as client:
        with pytest.raises(ServiceError) as caught:
            client.lookup("SECRET")
        assert caught.value.status == 503
        assert "SECRET" not in str(caught.value)

    def broken(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with Client("http://x", retries=1, transport=httpx.MockTransport(broken)) as client:
        with pytest.raises(ServiceError) as caught:
            client.lookup("SECRET")
        assert caught.value.status == 0
        with pytest.raises(ValueError, match="letters"):
            client.grid("../x")
