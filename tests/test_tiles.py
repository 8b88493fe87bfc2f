"""Tiles, their description, and the files of a whole version, read by other people's libraries."""

from __future__ import annotations

import gzip
import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from pmtiles import reader as pmtiles_reader

from api import Settings, create_app
from geogrid.snapshot import Snapshot
from geogrid.snapshot.layers import LAYERS
from geogrid.tiles import MAX_ZOOM, TILED, TileSet
from geogrid.tiles.files import write_geopackage, write_pmtiles
from geogrid.tiles.mvt import encode_layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# lon 124.39-124.397, lat 40.13-40.1327: (124.39 + 180) / 360 * 2^15 = 27,706.3 and y = 12,389.x
ARCHIVE: Any = pmtiles_reader  # without types
PLACE = (15, 27706, 12389)


@pytest.fixture(scope="module")
def town(town_snapshot: Path) -> Snapshot:
    return Snapshot.open(town_snapshot)


@pytest.fixture(scope="module")
def client(town_snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(town_snapshot, folder / "1")
    with TestClient(create_app(Settings(folder / "1", reload_s=0))) as client:
        yield client


def degrees(shape: Any, zoom: int, x: int, y: int) -> Any:
    """Return a shape of a tile, y pointing south, in degrees, by the textbook formula."""

    def back(points: Any) -> Any:
        east = (x + points[:, 0] / 4096) / 2**zoom
        south = (y + points[:, 1] / 4096) / 2**zoom
        lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * south))))
        return np.column_stack([east * 360 - 180, lat])

    return shapely.transform(shape, back)


def read(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    return found


def test_a_tile_holds_every_shape_where_it_is(town: Snapshot) -> None:
    """At zoom 15 and 40 degrees north a tile unit is 0.23 m; a vertex moves by at most 0.71 units."""
    found = read(TileSet(town).tile(TILED, *PLACE))
    assert set(found) == set(TILED)
    for name in TILED:
        layer = town.layer(name)
        assert len(found[name]["features"]) == len(layer.rows)
        for feature in found[name]["features"]:
            shape = degrees(shapely.geometry.shape(feature["geometry"]), *PLACE)
            real = layer.shapes[layer.place(feature["properties"]["id"])]
            assert shapely.is_valid(shape)
            assert shapely.hausdorff_distance(shape, real) < 3e-6


def test_a_feature_tells_its_facts_and_nothing_private(town: Snapshot) -> None:
    content = TileSet(town).tile(("grids",), *PLACE)
    first = read(content)["grids"]["features"][0]["properties"]
    told = {"code": "210602001001001", "name": "A小区", "number": 1, "households": 160, "estimated": False}
    assert told.items() <= first.items()
    assert b"PRIVATE" not in TileSet(town).tile(TILED, *PLACE)


@pytest.mark.parametrize("zoom", range(10, MAX_ZOOM + 1))
def test_the_parts_of_a_grid_add_up_over_tiles(town: Snapshot, zoom: int) -> None:
    """Cut to their squares the tiles of a zoom hold the whole city, but for rounding along borders."""
    tiles = TileSet(town)
    area = 0.0
    for _, x, y in (one for one in tiles.tiles() if one[0] == zoom):
        for feature in read(tiles.tile(("grids",), zoom, x, y)).get("grids", {}).get("features", []):
            shape = shapely.geometry.shape(feature["geometry"])
            area += degrees(shapely.intersection(shape, shapely.box(0, 0, 4096, 4096)), zoom, x, y).area
    whole = town.layer("cities").shapes[0]
    unit = 360 / 2**zoom / 4096
    assert area == pytest.approx(whole.area, abs=unit * whole.length)


def test_rings_turn_as_the_specification_asks() -> None:
    """A square of 10 with a hole of 2: outer rings have positive area, holes negative (4.3.4.4)."""
    shape = shapely.orient_polygons(shapely.box(0, 0, 10, 10) - shapely.box(4, 4, 6, 6))
    feature = read(encode_layer("x", [(7, {"n": -3, "f": 0.5, "b": True, "none": None}, shape)]))["x"][
        "features"
    ][0]
    outer, hole = feature["geometry"]["coordinates"]
    assert (_twice_area(outer), _twice_area(hole)) == (200, -8)
    assert (feature["id"], feature["properties"]) == (7, {"n": -3, "f": 0.5, "b": True})


def _twice_area(ring: list[list[int]]) -> int:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


# Served


def test_a_tile_is_served_cached_and_empty_beside(client: TestClient) -> None:
    path = "/tiles/all/{}/{}/{}.mvt".format(*PLACE)
    first = client.get(path)
    assert first.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert set(read(first.content)) == set(TILED)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    empty = client.get("/tiles/grids/15/1/1.mvt")
    assert (empty.status_code, empty.content) == (204, b"")
    assert empty.headers["cache-control"].startswith("public")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiles/grids/3/8/0.mvt", 404),
        ("/tiles/grids/16/0/0.mvt", 422),
        ("/tiles/people/1/0/0.mvt", 422),
        ("/tiles/grids/1/0/-1.mvt", 422),
        ("/tiles/grids/1/0/0.mvt?as_of=2020-01-01", 404),
        ("/download/2.gpkg", 404),
        ("/download/1.zip", 422),
        ("/download/99999999999.gpkg", 404),
    ],
)
def test_what_is_not_there_is_a_problem(client: TestClient, path: str, status: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["status"]) == (status, status)


def test_the_description_leads_to_the_tiles(client: TestClient) -> None:
    told = client.get("/tiles/all.json").json()
    assert [one["id"] for one in told["vector_layers"]] == list(TILED)
    west, south, east, north = told["bounds"]
    assert west < told["center"][0] < east
    assert south < told["center"][1] < north
    x = math.floor((told["center"][0] + 180) / 360 * 2**15)
    path = told["tiles"][0].format(z=15, x=x, y=PLACE[2])
    assert client.get(path).status_code == 200
    fields = {one["id"]: set(one["fields"]) for one in told["vector_layers"]}
    for name, layer in read(client.get(path).content).items():
        assert {key for one in layer["features"] for key in one["properties"]} <= fields[name]


def test_the_style_names_layers_that_exist_and_no_other_host(client: TestClient) -> None:
    style = client.get("/tiles/style.json").json()
    assert style["version"] == 8
    assert {layer["source-layer"] for layer in style["layers"]} <= set(TILED)
    assert client.get(style["sources"]["geogrid"]["url"]).json()["tilejson"] == "3.0.0"
    hosts = {part.split("/")[0] for part in json.dumps(style).split("http://")[1:]}
    assert hosts == {"testserver"}
    assert "glyphs" not in style


# Files


def test_the_geopackage_holds_every_layer(client: TestClient, town: Snapshot, tmp_path: Path) -> None:
    response = client.get("/download/1.gpkg")
    assert "town-1.gpkg" in response.headers["content-disposition"]
    (tmp_path / "a.gpkg").write_bytes(response.content)
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg")] == list(LAYERS)
    for name in LAYERS:
        frame = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer=name)
        assert list(frame["id"]) == [row["id"] for row in town.layer(name).rows]
        assert shapely.equals_exact(np.asarray(frame.geometry), town.layer(name).shapes).all()
    assert (
        pyogrio.read_info(tmp_path / "a.gpkg", layer="grids")["layer_metadata"]["attribution"] == "样例数据"
    )


def test_the_tile_archive_holds_the_tiles_that_are_served(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "a.pmtiles").write_bytes(client.get("/download/1.pmtiles").content)
    with (tmp_path / "a.pmtiles").open("rb") as file:
        source = ARCHIVE.MmapSource(file)
        held = {tile: gzip.decompress(content) for tile, content in ARCHIVE.all_tiles(source)}
        header, metadata = ARCHIVE.Reader(source).header(), ARCHIVE.Reader(source).metadata()
    assert held[PLACE] == client.get("/tiles/all/{}/{}/{}.mvt".format(*PLACE)).content
    assert {zoom for zoom, _, _ in held} == set(range(MAX_ZOOM + 1))
    assert (header["min_lon_e7"], header["max_zoom"]) == (1243900000, MAX_ZOOM)
    assert metadata["attribution"] == "样例数据"
    assert {name for name, _ in pyogrio.list_layers(tmp_path / "a.pmtiles")} == set(TILED)


def test_files_are_answered_in_parts_and_from_the_cache(client: TestClient) -> None:
    whole = client.get("/download/1.pmtiles")
    part = client.get("/download/1.pmtiles", headers={"Range": "bytes=0-126"})
    assert (part.status_code, part.content) == (206, whole.content[:127])
    again = client.get("/download/1.pmtiles", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_same_plan_gives_the_same_files(town: Snapshot, tmp_path: Path) -> None:
    for write, ending in ((write_geopackage, "gpkg"), (write_pmtiles, "pmtiles")):
        paths = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
        for path in paths:
            write(town, path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
