"""Collections: the five levels, grids, branches, venues; plans and their differences; other days."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pyogrio
import pytest
from fastapi.testclient import TestClient

from api import Settings, create_app
from api.negotiated import FORMATS, chosen_format
from api.problems import Refusal
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import publish_snapshot
from geogrid.snapshot.layers import LAYERS, SCHEMAS
from tests.governed import PLANS, TODAY, divisions, filled, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

G1, G2, G3 = "210602001001001", "210602001001002", "210602001001003"
LATER = TODAY + timedelta(days=30)


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        yield client


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Serve the first of two plans; from 23 December C joins B and h01."""
    folder = tmp_path_factory.mktemp("two")
    with opened(folder) as archive:
        publish_snapshot(archive, filled(archive).id, TODAY, folder / "1")
        plans = {**PLANS, "c1": {"A": 1, "c1/h01": 2, "B": 2, "C": 2}}
        second = archive.add_version("town", divisions(plans), policy=EIGHT_TO_TEN, who="planner")
        publish_snapshot(archive, second.id, LATER, folder / "2")
    (folder / "current").symlink_to("1", target_is_directory=True)
    with TestClient(create_app(Settings(folder / "current", reload_s=0))) as client:
        yield client


def got(client: TestClient, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.text
    return response.json()


def ids(client: TestClient, path: str) -> list[str]:
    name = path.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    return [row["id"] for row in got(client, path)[name]]


def test_the_levels_are_walked_down_and_up(client: TestClient) -> None:
    city = got(client, f"/v1/cities/{ids(client, '/v1/cities')[0]}")
    assert (city["city"]["communities"], city["city"]["grids"]) == (2, 5)
    for path, below, found in (
        ("/v1/districts/d1", "communities", ["c1", "c2"]),
        ("/v1/subdistricts/t1", "communities", ["c1"]),
        ("/v1/compounds/A", "grids", [G1]),
        ("/v1/compounds/A", "branches", ["p1"]),
        ("/v1/branches/p2", "grids", [G3]),
    ):
        links = {link["rel"]: link["href"] for link in got(client, path)["links"]}
        assert ids(client, links[below]) == found, path
    ups = []
    path = "/v1/compounds/A"
    while path != "/v1/cities":
        links = {link["rel"]: link["href"] for link in got(client, path)["links"]}
        path = links["up"]
        ups.append(path)
    assert ups == ["/v1/communities/c1", "/v1/subdistricts/t1", "/v1/districts/d1", "/v1/cities"]


def test_an_organisation_tells_its_branch_and_why(client: TestClient) -> None:
    """q1 (25 members) sits where A, which p1 (30) covers, begins: the pair is given."""
    (row,) = got(client, "/v1/pairings?branch=p1")["pairings"]
    assert (row["name"], row["state"], row["branch"]) == ("样例市直机关支部", "given", "A小区党支部")
    assert row["cost"] == pytest.approx(row["metres"] / 1000 + row["cost_of_size"] + row["cost_of_balance"])
    assert row["reason"].startswith("given, ")
    assert got(client, "/v1/pairings?branch=p2")["pairings"] == []


@pytest.mark.parametrize("layer", LAYERS)
def test_every_link_leads_somewhere(client: TestClient, layer: str) -> None:
    for row in got(client, f"/v1/{layer}")[layer]:
        found = got(client, f"/v1/{layer}/{row['id']}")
        for link in found.get("links", []):
            assert client.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/grids?community=c1", [G1, G2, G3]),
        ("/v1/grids?community=c1&sort=-households", [G1, G3, G2]),
        ("/v1/grids?sort=households,-number&limit=2", [G2, "210602001002002"]),
        ("/v1/grids?compound=C", [G2]),
        ("/v1/grids?branch=p1&community=c2", []),
        ("/v1/compounds?district=d1&sort=-name", ["E", "D", "C", "B", "A"]),
        ("/v1/compounds?grid=" + G3, ["B"]),
        ("/v1/venues?kind=service_centre", ["n2"]),
        ("/v1/branches?compound=C", ["p1"]),
        ("/v1/branches?sort=stars", ["p1", "p2", "p3"]),
        ("/v1/branches?sort=-stars", ["p1", "p2", "p3"]),
        ("/v1/communities?subdistrict=t1", ["c1"]),
        ("/v1/districts?limit=1&offset=1", []),
    ],
)
def test_filters_and_sorting(client: TestClient, path: str, found: list[str]) -> None:
    """Households: c1 160, 80, 120; c2 160, 80. Stars are known of p1 only, what is not known comes last."""
    assert ids(client, path) == found


def test_pages_are_linked_and_hold_every_row_once(client: TestClient) -> None:
    found, path = [], "/v1/grids?limit=2&sort=-households"
    while path:
        page = got(client, path)
        assert (page["matched"], page["returned"]) == (5, len(page["grids"]))
        found += [row["id"] for row in page["grids"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert (len(found), len(set(found))) == (5, 5)
    links = got(client, "/v1/grids?limit=2&offset=3")["links"]
    assert {link["rel"]: link["href"] for link in links}["prev"] == "/v1/grids?limit=2&offset=1"


def test_fields_leave_the_others_out(client: TestClient) -> None:
    page = got(client, "/v1/grids?fields=name,households&limit=1")
    assert page["grids"] == [{"id": G1, "name": "A小区", "households": 160}]
    feature = got(client, "/v1/grids?fields=name&limit=1&f=geojson")["features"][0]
    assert (feature["properties"], feature["geometry"]["type"]) == ({"id": G1, "name": "A小区"}, "Polygon")


@pytest.mark.parametrize("query", ["sort=PRIVATE", "fields=a,PRIVATE", "limit=0", "f=PRIVATE", "nothing=1"])
def test_what_cannot_be_used_is_refused_and_not_repeated(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/grids?{query}")
    assert response.status_code == 422
    assert "PRIVATE" not in response.text


# Formats

CREDIT = {"attribution": "样例数据", "licence": "CC0-1.0"}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_comes_in_every_format(client: TestClient, tmp_path: Path, layer: str) -> None:
    rows = got(client, f"/v1/{layer}")[layer]
    columns = [name for name in SCHEMAS[layer].names if name != "geometry"]
    table = list(csv.DictReader(io.StringIO(client.get(f"/v1/{layer}?f=csv").content.decode("utf-8-sig"))))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    assert list(table[0]) == [*columns, *CREDIT]
    assert {tuple(row[name] for name in CREDIT) for row in table} == {tuple(CREDIT.values())}
    (tmp_path / "a.fgb").write_bytes(client.get(f"/v1/{layer}?f=fgb").content)
    assert pyogrio.read_info(tmp_path / "a.fgb")["layer_metadata"] == CREDIT
    frame = pyogrio.read_dataframe(tmp_path / "a.fgb")
    assert sorted(frame["id"]) == sorted(row["id"] for row in rows)
    assert frame.crs.to_epsg() == 4326
    parquet = pq.read_table(io.BytesIO(client.get(f"/v1/{layer}?f=parquet").content))
    assert b'"primary_column": "geometry"' in parquet.schema.metadata[b"geo"]
    assert {name: parquet.schema.metadata[name.encode()].decode() for name in CREDIT} == CREDIT
    assert parquet.column("id").to_pylist() == [row["id"] for row in rows]
    features = got(client, f"/v1/{layer}?f=geojson")["features"]
    assert [one["id"] for one in features] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("text/html, text/csv;q=0.5", "csv"),
        ("application/json;q=0.1, application/geo+json", "geojson"),
        ("application/flatgeobuf", "fgb"),
        ("application/*;q=0.3, application/vnd.apache.parquet;q=0.9", "parquet"),
        ("*/*;q=0.1, application/json;q=0", "geojson"),
    ],
)
def test_the_best_format_is_chosen(accept: str | None, name: str) -> None:
    assert chosen_format(None, accept) == name


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/csv;q=x"])
def test_what_is_not_offered_is_refused(client: TestClient, accept: str) -> None:
    with pytest.raises(Refusal):
        chosen_format(None, accept)
    for path in ("/v1/grids", "/v1/communities/c1", f"/v1/grids/{G1}", "/v1/venues/n1"):
        assert client.get(path, headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize("path", ["/v1/communities/c1", f"/v1/grids/{G1}", "/v1/venues/n1"])
@pytest.mark.parametrize("name", FORMATS)
def test_one_thing_comes_in_every_format(client: TestClient, path: str, name: str) -> None:
    response = client.get(f"{path}?f={name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == FORMATS[name]
    assert "Accept" in response.headers["vary"]


def test_a_spreadsheet_runs_nothing(hostile_snapshot: Path) -> None:
    with TestClient(create_app(Settings(hostile_snapshot, reload_s=0))) as hostile:
        for layer in LAYERS:
            text = hostile.get(f"/v1/{layer}?f=csv").content.decode("utf-8-sig")
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_private_leaves_and_answers_are_cached(client: TestClient, layer: str, name: str) -> None:
    path = f"/v1/{layer}?f={name}"
    first = client.get(path)
    assert b"PRIVATE" not in first.content
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


# Plans and other days


def test_the_timeline_is_told(later: TestClient) -> None:
    found = got(later, "/v1/plans")["plans"]
    assert [(one["version"], one["effective_from"], one["effective_until"]) for one in found] == [
        (1, TODAY.isoformat(), LATER.isoformat()),
        (2, LATER.isoformat(), None),
    ]


def test_every_question_can_be_asked_of_a_day(later: TestClient) -> None:
    day = f"as_of={LATER}"
    assert [len(ids(later, f"/v1/grids?{query}")) for query in ("", day)] == [5, 4]
    assert got(later, f"/v1/communities/c1?{day}")["plan"]["version"] == 2
    asked = "address=C小区1号楼"
    assert got(later, f"/v1/lookup?{asked}")["grid"]["code"] == G2
    assert got(later, f"/v1/lookup?{asked}&{day}")["grid"]["name"] == "B小区、C小区"
    posted = later.post("/v1/lookup", json={"address": "C小区1号楼", "as_of": LATER.isoformat()}).json()
    assert posted["plan"] == {
        "version": 2,
        "status": "published",
        "effective_from": LATER.isoformat(),
        "effective_until": None,
    }
    assert got(later, f"/v1/grids/{G3}?{day}", 404)["type"].endswith("not-found")
    assert "in force" in got(later, "/v1/grids?as_of=2020-01-01", 404)["detail"]
    assert got(later, "/v1/grids?as_of=soon", 422)["status"] == 422


def test_two_days_are_compared(later: TestClient) -> None:
    """C (80 households, two addresses) joins B and h01."""
    found = got(later, f"/v1/plans/diff?from={TODAY}&to={LATER}")
    assert (found["before"]["version"], found["after"]["version"]) == (1, 2)
    assert [one["kind"] for one in found["changes"]] == ["merged"]
    assert (found["households_moved"], found["addresses_moved"]) == (80, 2)
    assert len(got(later, f"/v1/plans/diff?from={TODAY}&to={LATER}&limit=1")["moved"]) == 1
    assert got(later, f"/v1/plans/diff?from={TODAY}&to={TODAY}")["changes"] == []
    assert got(later, f"/v1/plans/diff?from={LATER}&to={TODAY}", 422)["status"] == 422
    assert got(later, f"/v1/plans/diff?from=2020-01-01&to={TODAY}", 404)["status"] == 404
