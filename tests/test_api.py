"""The lookup service over a really published town: answers, problems, headers, and what never leaves it."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec
import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.edge import POLICY
from api.level_shapes import LISTS
from api.problems import STATUS, status_of
from api.served import Served
from api.shapes import (
    Answer,
    CityFacts,
    CommunityAnswer,
    FeatureCollection,
    GridAnswer,
    GridFacts,
    Health,
    Problem,
    SuggestionList,
)
from geogrid import errors
from geogrid.crs import from_wgs84
from geogrid.snapshot import GridCard, Snapshot
from tests.governed import TODAY
from tests.published import EVERYTHING_HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRID = "210602001001001"  # A, in c1
INSIDE = {"lon": 124.3905866, "lat": 40.1318012}  # (50, 200) m, in A
QUERY = "SECRET-QUERY-STRASSE-7"


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        yield client


@pytest.fixture(scope="module")
def hostile(hostile_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(hostile_snapshot, reload_s=0))) as client:
        yield client


def problem_of(response: Any, status: int) -> Problem:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    found = msgspec.json.decode(response.content, type=Problem)
    assert found.status == status
    assert found.type.startswith("urn:geogrid:problem:")
    return found


# Answers


def test_an_address_is_answered_with_its_grid(client: TestClient) -> None:
    response = client.get("/v1/lookup", params={"address": "A小区1号楼"})
    answer = msgspec.json.decode(response.content, type=Answer)
    assert answer.status == "matched"
    assert answer.grid is not None
    assert answer.grid.code == GRID
    assert [one.name for one in answer.grid.compounds] == ["A小区"]
    assert (answer.grid.households, answer.grid.counts) == (160, "households")
    assert answer.plan.version == 1
    assert answer.plan.effective_from == "2026-11-23"
    assert (answer.attribution, answer.licence, answer.synthetic) == ("样例数据", "CC0-1.0", True)


def test_get_and_post_answer_the_same(client: TestClient) -> None:
    for question in ({"address": "B小区2号楼"}, INSIDE, {"address": "无名路2号"}):
        by_link = client.get("/v1/lookup", params=question)
        by_post = client.post("/v1/lookup", json=question)
        assert by_link.json() == by_post.json()
        assert by_post.headers["cache-control"] == "no-store"


def test_a_position_is_answered_in_every_crs(client: TestClient) -> None:
    for crs in ("WGS-84", "CGCS2000", "GCJ-02", "BD-09"):
        lon, lat = INSIDE["lon"], INSIDE["lat"]
        if crs in ("GCJ-02", "BD-09"):
            moved = from_wgs84(lon, lat, crs=crs)
            lon, lat = float(moved[0]), float(moved[1])
        answer = client.get("/v1/lookup", params={"lon": lon, "lat": lat, "crs": crs}).json()
        assert answer["grid"]["code"] == GRID, crs


def test_a_position_outside_says_so_and_names_the_nearest_grid(client: TestClient) -> None:
    answer = client.get("/v1/lookup", params={"lon": 124.38, "lat": 40.1318}).json()
    assert answer["status"] == "outside"
    assert answer["grid"] is None
    assert answer["nearest"]["grid"]["code"] == GRID
    # 0.01 degrees at 40.13 north: 111,319.49 m x cos(40.13) x 0.01 = 851 m, on the ellipsoid 852 m
    assert answer["nearest"]["distance_m"] == pytest.approx(852, abs=3)


def test_a_vacancy_is_told_and_a_private_name_is_not(client: TestClient) -> None:
    found = client.get("/v1/grids/210602001001003").json()["grid"]
    assert found["branch"]["name"] == "B小区党支部"
    posts = {post["role"]: post for post in found["team"]}
    assert posts["leader"] == {"role": "leader", "vacant": False, "name": "", "post": "", "phone": ""}
    assert posts["worker"]["vacant"] is True
    assert client.get("/v1/grids/210602001001002").json()["grid"]["branch"] is None


def test_nothing_private_is_in_any_answer(client: TestClient) -> None:
    paths = ["/v1/city", "/v1/communities", "/v1/communities?format=geojson", "/"]
    paths += [
        f"/v1/communities/{one}{rest}" for one in ("c1", "c2") for rest in ("", "/grids", "/background")
    ]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        assert "PRIVATE" not in response.text, path


def test_every_shape_is_what_is_documented(client: TestClient) -> None:
    shapes: dict[str, type] = {
        "/v1/city": CityFacts,
        "/v1/communities": LISTS["communities"],
        "/v1/communities?format=geojson": FeatureCollection,
        "/v1/communities/c1": CommunityAnswer,
        "/v1/communities/c1/grids": FeatureCollection,
        "/v1/communities/c1/background": FeatureCollection,
        "/v1/city/background": FeatureCollection,
        f"/v1/grids/{GRID}": GridAnswer,
        "/v1/lookup?address=A": Answer,
        "/v1/suggest?q=A": SuggestionList,
        "/healthz": Health,
        "/readyz": Health,
    }
    for path, shape in shapes.items():
        response = client.get(path)
        assert response.status_code == 200, path
        found: object = msgspec.json.decode(response.content, type=shape)
        told = {field.encode_name for field in msgspec.structs.fields(shape)}
        assert set(json.loads(response.content)) - told <= {"community"}, path
        assert found is not None


def test_a_grid_is_told_in_full() -> None:
    assert {field.name for field in msgspec.structs.fields(GridFacts)} == set(get_type_hints(GridCard))


def test_a_community_lists_its_grids_by_number(client: TestClient) -> None:
    answer = client.get("/v1/communities/c1").json()
    assert [grid["number"] for grid in answer["grids"]] == [1, 2, 3]
    assert answer["community"]["grids"] == 3
    assert answer["community"]["households"] == sum(grid["households"] for grid in answer["grids"]) == 360


def test_geojson_carries_plan_and_credit(client: TestClient) -> None:
    found = client.get("/v1/communities/c1/grids")
    assert found.headers["content-type"] == "application/geo+json"
    answer = found.json()
    assert answer["plan"]["version"] == 1
    assert answer["licence"] == "CC0-1.0"
    assert [one["properties"]["number"] for one in answer["features"]] == [1, 2, 3]
    assert all(len(one["properties"]["label"]) == 4 for one in answer["features"])


def test_suggestions_complete_what_was_typed(client: TestClient) -> None:
    found = client.get("/v1/suggest", params={"q": "A小"}).json()["suggestions"]
    assert found[0]["text"] == "A小区"
    assert client.post("/v1/suggest", json={"q": "A小"}).json()["suggestions"] == found


# Problems


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/grids/" + QUERY, 404),
        ("/v1/communities/" + QUERY, 404),
        ("/v1/communities/" + QUERY + "/grids", 404),
        ("/v1/communities/" + QUERY + "/background", 404),
        ("/nowhere/" + QUERY, 404),
        ("/static/" + QUERY, 404),
        ("/v1/lookup", 422),
        ("/v1/lookup?address=" + QUERY + "&lon=1&lat=1", 422),
        ("/v1/lookup?lon=" + QUERY + "&lat=1", 422),
        ("/v1/lookup?lon=1", 422),
        ("/v1/lookup?lon=nan&lat=1", 422),
        ("/v1/lookup?lon=inf&lat=1", 422),
        ("/v1/lookup?lon=181&lat=1", 422),
        ("/v1/lookup?lon=1&lat=1&crs=" + QUERY, 422),
        ("/v1/lookup?address=%20", 422),
        ("/v1/lookup?address=" + QUERY * 20, 422),
        ("/v1/lookup?adress=" + QUERY, 422),
        ("/v1/lookup?" + QUERY + "=1&address=A", 422),
        ("/v1/suggest", 422),
        ("/v1/suggest?q=a&limit=1000", 422),
        ("/healthz?" + QUERY, 422),
    ],
)
def test_a_problem_never_repeats_the_question(client: TestClient, path: str, status: int) -> None:
    response = client.get(path)
    problem_of(response, status)
    assert QUERY not in response.text
    assert QUERY not in str(response.headers)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"\xff", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"address": 7}', "application/json", 422),
        (b'{"address": "SECRET-QUERY-STRASSE-7", "SECRET-QUERY-STRASSE-7": 1}', "application/json", 422),
        (b'{"lon": "SECRET-QUERY-STRASSE-7", "lat": 1}', "application/json", 422),
        (b'{"lon": 1e999, "lat": 1}', "application/json", 422),
        (b'{"lon": 1, "lat": 1, "crs": "SECRET-QUERY-STRASSE-7"}', "application/json", 422),
        (b'{"address": "A"}', "text/plain", 415),
        (b" " * 20_000, "application/json", 413),
    ],
)
def test_a_bad_body_is_refused_in_words_of_ours(
    client: TestClient, body: bytes, kind: str, status: int
) -> None:
    response = client.post("/v1/lookup", content=body, headers={"Content-Type": kind})
    problem_of(response, status)
    assert QUERY not in response.text


def test_the_known_parameters_are_listed_for_an_unknown_one(client: TestClient) -> None:
    found = problem_of(client.get("/v1/lookup?adress=x"), 422)
    assert isinstance(found.errors, list)
    assert "address, as_of, crs, explain, lang, lat, limit, lon" in found.errors[0]["message"]


def test_a_wrong_method_is_a_problem(client: TestClient) -> None:
    response = client.delete("/v1/city")
    problem_of(response, 405)
    assert response.headers["allow"] == "GET"


def test_every_error_of_ours_has_a_status() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.GeogridError)
    ]
    assert len(kinds) >= 8
    assert STATUS[errors.NotFoundError] == 404
    for kind in kinds:
        assert status_of(kind.__new__(kind)) in STATUS.values()
    assert status_of(ValueError()) == 500


def test_without_a_snapshot_it_says_so(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(tmp_path / "none", reload_s=0))) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        problem_of(client.get("/v1/city"), 503)
        page = client.get("/")
        assert page.status_code == 503
        assert page.headers["content-type"].startswith("text/html")


def test_an_unforeseen_error_keeps_the_question_to_itself(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Snapshot, text: str, *, limit: int = 5, explain: bool = True) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(Snapshot, "lookup_address", fail)
    with caplog.at_level(logging.DEBUG):
        response = client.get("/v1/lookup", params={"address": QUERY})
    problem_of(response, 500)
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert "RuntimeError" in ours
    assert QUERY not in ours + response.text


# Headers, caches, logs


def test_public_answers_are_named_by_their_content(client: TestClient) -> None:
    for path in ("/v1/city", "/v1/communities/c1/grids", f"/v1/grids/{GRID}", "/", "/docs", "/openapi.json"):
        first = client.get(path)
        assert first.headers["cache-control"].startswith("public")
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"].removeprefix("W/") == first.headers["etag"].removeprefix("W/")
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_answers_about_people_are_private(client: TestClient) -> None:
    first = client.get("/v1/lookup", params={"address": "A小区1号楼"})
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(
        "/v1/lookup", params={"address": "A小区1号楼"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


def test_compressed_and_plain_are_the_same_answer(client: TestClient) -> None:
    plain = client.get("/v1/communities/c1/grids", headers={"Accept-Encoding": "identity"})
    packed = client.get("/v1/communities/c1/grids", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


def test_nothing_is_cached_past_the_next_plan(town_snapshot: Path) -> None:
    here = Served(Snapshot.open(town_snapshot))
    assert here.public(300) == "public, max-age=300"
    here.plan.effective_until = (TODAY - timedelta(days=30)).isoformat()
    assert here.public(300) == "public, max-age=0"


def test_every_answer_has_the_policy(client: TestClient) -> None:
    for path in ("/", "/docs", "/v1/city", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY


def test_another_site_may_ask_where_the_operator_lets_it(client: TestClient, town_snapshot: Path) -> None:
    asked = {"Origin": "https://portal.example", "Access-Control-Request-Method": "POST"}
    allowed = client.options("/v1/lookup", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert "POST" in allowed.headers["access-control-allow-methods"]
    for path in ("/v1/planning/session", "/planner", "/metrics"):
        for answer in (client.options(path, headers=asked), client.get(path, headers=asked)):
            assert "access-control-allow-origin" not in answer.headers, path
    with TestClient(create_app(Settings(town_snapshot, reload_s=0, origins=""))) as closed:
        refused = closed.options("/v1/lookup", headers=asked)
        problem_of(refused, 405)
        assert "access-control-allow-origin" not in refused.headers
        assert "access-control-allow-origin" not in closed.get("/v1/city").headers


def test_head_is_get_without_the_body(client: TestClient) -> None:
    whole, bare = client.get("/v1/city"), client.head("/v1/city")
    assert bare.content == b""
    assert bare.headers["content-length"] == whole.headers["content-length"] or "gzip" in str(whole.headers)
    assert bare.headers["etag"] == whole.headers["etag"]


def test_the_log_holds_no_question(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="geogrid"):
        client.get("/v1/lookup", params={"address": QUERY})
        client.get("/v1/lookup", params=INSIDE)
        client.post("/v1/lookup", json={"address": QUERY})
        client.get("/" + QUERY)
        client.get("/v1/grids/" + QUERY)
    lines = [json.loads(record.message) for record in caplog.records if record.name == "geogrid.api"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/v1/lookup", 200),
        ("/v1/lookup", 200),
        ("/v1/lookup", 200),
        ("unmatched", 404),
        ("/v1/grids/{code}", 404),
    ]
    told = " ".join(record.message for record in caplog.records if record.name.startswith("geogrid"))
    assert QUERY not in told
    assert "124.39" not in told


def test_a_newly_published_snapshot_takes_over(
    town_snapshot: Path, hostile_snapshot: Path, tmp_path: Path
) -> None:
    link = tmp_path / "current"
    link.symlink_to(town_snapshot)
    app = create_app(Settings(link, reload_s=0))
    with TestClient(app) as client:
        assert client.get("/v1/city").json()["name"] == "Town"
        link.unlink()
        link.symlink_to(hostile_snapshot)
        app.state.desk.refresh()
        assert client.get("/v1/city").json()["name"] != "Town"
        link.unlink()
        link.symlink_to(tmp_path / "gone")
        app.state.desk.refresh()
        assert client.get("/readyz").status_code == 200


# Hostile names


def test_hostile_names_come_out_as_they_are(hostile: TestClient) -> None:
    paths = (
        "/v1/city",
        "/v1/communities",
        "/v1/communities/c1",
        f"/v1/grids/{GRID}",
        "/v1/communities/c1/grids",
    )
    for path in paths:
        text = json.dumps(hostile.get(path).json(), ensure_ascii=False)
        assert json.dumps(EVERYTHING_HOSTILE, ensure_ascii=False)[1:-1] in text, path
        assert "1337" not in text


def test_hostile_addresses_get_an_answer_or_a_problem(client: TestClient) -> None:
    for text in (
        *EVERYTHING_HOSTILE.split(),
        EVERYTHING_HOSTILE,
        "\x00",
        "\ud7ff",
        "%00",
        "' OR 1=1 --",
        "号" * 200,
    ):
        response = client.post("/v1/lookup", json={"address": text})
        assert response.status_code in (200, 422), text
        if response.status_code == 200:
            assert msgspec.json.decode(response.content, type=Answer).status in (
                "none",
                "partial",
                "ambiguous",
                "matched",
            )


# OpenAPI


def test_openapi_is_whole(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemas = set(document["components"]["schemas"])
    wanted = {ref.rsplit("/", 1)[-1] for ref in _refs(document)}
    assert wanted <= schemas
    assert "HTTPValidationError" not in schemas
    for path, methods in document["paths"].items():
        for facts in methods.values():
            assert facts["summary"], path
            assert {"200", "202", "204"} & set(facts["responses"]), path


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _refs(one)
    elif isinstance(value, list):
        for one in value:
            yield from _refs(one)
