"""OGC API - Features: the schemas of the standard, GDAL's and OWSLib's clients, systems, boxes, time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from owslib.ogcapi.features import Features

from api import Settings, create_app
from geogrid.crs import CRS84, DEGREES, EPSG_URI, northing_first, offered_crs, reproject, reproject_points
from geogrid.snapshot import Snapshot
from geogrid.snapshot.layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = json.loads((Path(__file__).parent / "ogc" / "features-core.json").read_text(encoding="utf-8"))
G1, G2, G3 = "210602001001001", "210602001001002", "210602001001003"
ITEMS = "/ogc/collections/grids/items"


@pytest.fixture(scope="module")
def client(town_snapshot: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(town_snapshot, reload_s=0))) as client:
        yield client


def got(client: TestClient, path: str, schema: str, status: int = 200, **params: Any) -> Any:
    """Return an answer after validating it against a schema of the standard."""
    response = client.get(path, params=params or None)
    assert response.status_code == status, response.text
    Draft202012Validator({**SCHEMAS, "$ref": f"#/$defs/{schema}"}).validate(response.json())
    return response.json()


def ids(client: TestClient, **params: Any) -> list[str]:
    return [one["id"] for one in got(client, ITEMS, "featureCollectionGeoJSON", **params)["features"]]


# The standard's own schemas


def test_every_resource_is_as_the_standard_draws_it(client: TestClient) -> None:
    landing = got(client, "/ogc", "landingPage")
    assert {"service-desc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    told = got(client, "/ogc/conformance", "confClasses")["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in told
    found = got(client, "/ogc/collections", "collections")["collections"]
    assert [one["id"] for one in found] == list(LAYERS)
    for one in found:
        assert got(client, f"/ogc/collections/{one['id']}", "collection") == one
        items = got(client, f"/ogc/collections/{one['id']}/items", "featureCollectionGeoJSON")
        assert items["numberMatched"] == items["numberReturned"] == len(items["features"])
        first = items["features"][0]
        alone = got(client, f"/ogc/collections/{one['id']}/items/{first['id']}", "featureGeoJSON")
        assert {key: alone[key] for key in first} == first
        for each in (landing, one, items, alone):
            assert (each["attribution"], each["licence"]) == ("样例数据", "CC0-1.0")


def test_every_link_leads_somewhere(client: TestClient) -> None:
    seen: set[str] = set()
    left = ["http://testserver/ogc"]
    while left:
        place = left.pop()
        response = client.get(place)
        assert response.status_code == 200, place
        seen.add(place)
        if "/ogc" in place:
            left += [link["href"] for link in _links(response.json()) if link["href"] not in {*seen, *left}]
    assert len(seen) > 20


def _links(told: Any) -> Iterator[dict[str, str]]:
    yield from told.get("links", [])
    for one in told.get("collections", []):
        yield from one["links"]


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=1,2,nan,4",
        "bbox=1,5,2,4",
        "bbox=1,2,3,4&bbox-crs=PRIVATE",
        "crs=PRIVATE",
        "limit=0",
        "limit=PRIVATE",
        "offset=-1",
        "datetime=PRIVATE",
        "datetime=2026-01-02/2026-01-01",
        "datetime=..",
        "datetime=2026-01-01/2026-01-02/2026-01-03",
        "PRIVATE=1",
        "households=PRIVATE",
        "f=PRIVATE",
        "bbox=-400000000,0,1e300,1&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857",
    ],
)
def test_what_cannot_be_used_is_a_400(client: TestClient, query: str) -> None:
    told = got(client, f"{ITEMS}?{query}", "exception", 400)
    assert "PRIVATE" not in json.dumps(told)


@pytest.mark.parametrize("path", ["/ogc/collections/no", "/ogc/collections/no/items", f"{ITEMS}/no"])
def test_what_is_not_there_is_a_404(client: TestClient, path: str) -> None:
    got(client, path, "exception", 404)


# Choosing


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"community_id": "c1"}, [G1, G2, G3]),
        ({"households": 80, "community_id": "c1"}, [G2]),
        ({"estimated": True}, []),
        ({"name": "C小区", "kind": "residential"}, [G2]),
        ({"bbox": "124.39,40.13,124.3901,40.1301"}, [G2]),
        ({"bbox": "124.39,40.13,-5,124.3901,40.1301,5"}, [G2]),
        ({"bbox": "0,0,1,1"}, []),
        ({"datetime": "2026-11-23"}, [G1, G2, G3]),
        ({"datetime": "2026-11-22T15:59:59Z"}, []),  # in force from midnight in Shanghai, 16:00 UTC
        ({"datetime": "2026-11-22T16:00:00Z"}, [G1, G2, G3]),
        ({"datetime": "../2026-11-22"}, []),
        ({"datetime": "2020-01-01T00:00:00Z/.."}, [G1, G2, G3]),
    ],
)
def test_features_are_chosen(client: TestClient, params: dict[str, Any], found: list[str]) -> None:
    """C lies in the south-west corner."""
    chosen = ids(client, **params)
    wanted = [one for one in chosen if one.startswith("210602001001")]
    assert wanted == found


def test_a_box_that_spans_the_antimeridian_holds_the_rest_of_the_world(client: TestClient) -> None:
    """Column B of c1 begins at 124.3923; D ends at 124.3959, where E begins."""
    assert ids(client, bbox="124.396,40,124.3925,41") == [G1, G2, G3, "210602001002002"]
    assert ids(client, bbox="170,-90,-170,90") == []


def test_pages_hold_every_feature_once(client: TestClient) -> None:
    found: list[str] = []
    place = f"{ITEMS}?limit=2&kind=residential"
    while place:
        page = got(client, place, "featureCollectionGeoJSON")
        assert page["numberMatched"] == 5
        found += [one["id"] for one in page["features"]]
        place = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert (len(found), len(set(found))) == (5, 5)
    assert len(ids(client, limit=1_000_000)) == 5  # more than the most: the most


def test_a_host_that_is_none_is_not_repeated(client: TestClient) -> None:
    response = client.get("/ogc", headers={"Host": 'evil"<x>'})
    assert "evil" not in response.text


# Coordinate systems


def test_the_axes_are_those_of_the_authority(client: TestClient) -> None:
    """The station lies at 124.3905866 E, 40.1304503 N; in Web Mercator at 13,847,096.8 and 4,884,917.1."""
    place = "/ogc/collections/venues/items/n1"
    wanted = {
        CRS84: [124.3905866, 40.1304503],
        EPSG_URI + "4326": [40.1304503, 124.3905866],
        EPSG_URI + "4490": [40.1304503, 124.3905866],
        EPSG_URI + "3857": [13847096.8, 4884917.1],
    }
    for uri, point in wanted.items():
        response = client.get(place, params={"crs": uri})
        assert response.headers["content-crs"] == f"<{uri}>"
        assert response.json()["geometry"]["coordinates"] == pytest.approx(point, abs=0.1)
    assert client.get(place).headers["content-crs"] == f"<{CRS84}>"


def test_a_plane_with_a_code_is_offered() -> None:
    """Singapore's SVY21 and CGCS2000 / zone 41 count northings first, TWD97 counts eastings first."""
    assert list(offered_crs("+proj=tmerc")) == [
        CRS84,
        *(EPSG_URI + code for code in ("4326", "4490", "3857")),
    ]
    for code, north in (("3414", True), ("4549", True), ("3826", False), ("3857", False), ("4326", True)):
        assert EPSG_URI + code in offered_crs(f"EPSG:{code}")
        assert northing_first(EPSG_URI + code) is north
    assert not northing_first(CRS84)


@settings(max_examples=40, deadline=None)
@given(
    corner=st.tuples(st.floats(124.389, 124.397), st.floats(40.129, 40.133)),
    size=st.tuples(st.floats(1e-4, 5e-3), st.floats(1e-4, 3e-3)),
)
def test_a_box_finds_the_same_in_every_system(
    client: TestClient, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    """A box of degrees is one of Web Mercator too; the axes of EPSG:4326 are the other way round."""
    west, south = corner
    east, north = west + size[0], south + size[1]
    plain = ids(client, bbox=f"{west!r},{south!r},{east!r},{north!r}")
    turned = {"bbox": f"{south!r},{west!r},{north!r},{east!r}", "bbox-crs": EPSG_URI + "4326"}
    assert ids(client, **turned) == plain
    x, y = reproject_points([west, east], [south, north], DEGREES, "EPSG:3857")
    metres = {"bbox": f"{x[0]!r},{y[0]!r},{x[1]!r},{y[1]!r}".replace("np.float64(", "").replace(")", "")}
    assert ids(client, **metres, **{"bbox-crs": EPSG_URI + "3857"}) == plain


# Clients


# GDAL holds the interpreter while it waits for an answer, so it reads in a process of its own.
READ = """
import json, sys
import pyogrio
place, layer, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
if "bbox" in options:
    options["bbox"] = tuple(options["bbox"])
frame = pyogrio.read_dataframe(place, layer=layer, **options)
shapes = [None if one is None else one.wkb_hex for one in frame.geometry]
print(json.dumps({"crs": frame.crs.to_epsg(), "shapes": dict(zip(frame["id"], shapes))}))
"""


def gdal(live: str, layer: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return the EPSG code and the shape of every id that GDAL's OAPIF driver reads."""
    command = [sys.executable, "-c", READ, f"OAPIF:{live}/ogc", layer, json.dumps(options)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(run.stdout)
    return told["crs"], {key: shapely.from_wkb(shape) for key, shape in told["shapes"].items()}


@pytest.mark.parametrize("layer", ["communities", "grids", "venues"])
def test_gdal_reads_a_collection(live: str, town_snapshot: Path, layer: str) -> None:
    _, found = gdal(live, layer)
    held = Snapshot.open(town_snapshot).layer(layer)
    assert sorted(found) == sorted(row["id"] for row in held.rows)
    for row, shape in zip(held.rows, held.shapes, strict=True):
        assert shapely.hausdorff_distance(found[row["id"]], shape) < 2e-7


def test_gdal_pages_filters_and_asks_for_systems(live: str) -> None:
    _, paged = gdal(live, "grids", PAGE_SIZE=2)
    assert len(paged) == 5
    bounds = shapely.total_bounds(list(paged.values()))
    assert list(gdal(live, "grids", bbox=[124.39, 40.13, 124.3901, 40.1301])[1]) == [G2]
    code, metres = gdal(live, "grids", CRS="EPSG:3857")
    back = reproject(list(metres.values()), "EPSG:3857", DEGREES)
    assert (code, len(metres)) == (3857, 5)
    assert np.allclose(shapely.total_bounds(back), bounds, atol=1e-6)
    _, turned = gdal(live, "grids", CRS="EPSG:4326")
    assert np.allclose(shapely.total_bounds(list(turned.values())), bounds, atol=1e-6)


def test_owslib_reads_the_service(live: str) -> None:
    service = Features(f"{live}/ogc")
    assert sorted(service.feature_collections()) == sorted(LAYERS)
    assert any(one.endswith("/conf/core") for one in service.conformance()["conformsTo"])
    found = service.collection_items("grids", bbox=[124.39, 40.13, 124.3901, 40.1301], limit=3)
    assert [one["id"] for one in found["features"]] == [G2]
    assert service.collection_item("grids", G1)["properties"]["households"] == 160


# The system's Python, because QGIS is of the system: Debian's python3-qgis.
QGIS = """
import json, sys
from qgis.core import QgsApplication, QgsVectorLayer, QgsFeatureRequest, QgsRectangle
app = QgsApplication([], False)
app.initQgis()
layer = QgsVectorLayer(f"url='{sys.argv[1]}/ogc' typename='{sys.argv[2]}' pageSize='2'", "read", "OAPIF")
assert layer.isValid(), layer.error().message()
request = QgsFeatureRequest()
if len(sys.argv) > 3:
    request.setFilterRect(QgsRectangle(*map(float, sys.argv[3].split(","))))
found = {one["id"]: one.geometry().asWkt(9) for one in layer.getFeatures(request)}
print(json.dumps({"crs": layer.crs().authid(), "found": found}))
"""


def qgis(live: str, *words: str) -> Any:
    """Return what QGIS reads of a collection; skip, saying so, where there is no QGIS."""
    python = Path("/usr/bin/python3")
    known = [str(python), "-c", "import qgis.core"]
    if not python.exists() or subprocess.run(known, capture_output=True, check=False).returncode:
        pytest.skip("QGIS is not installed: this says nothing about QGIS (apt-get install python3-qgis)")
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": "/usr/bin", "HOME": home, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": home}
        command = [str(python), "-c", QGIS, live, *words]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)
    assert run.stdout, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_qgis_reads_the_service(live: str, town_snapshot: Path) -> None:
    told = qgis(live, "grids")
    held = Snapshot.open(town_snapshot).layer("grids")
    assert told["crs"] in ("OGC:CRS84", "EPSG:4326")
    assert sorted(told["found"]) == sorted(row["id"] for row in held.rows)
    for row, shape in zip(held.rows, held.shapes, strict=True):
        assert shapely.hausdorff_distance(shapely.from_wkt(told["found"][row["id"]]), shape) < 2e-7
    assert list(qgis(live, "grids", "124.39,40.13,124.3901,40.1301")["found"]) == [G2]
