"""The snapshot: whole or refused, the same bytes each time, and one answer whatever way it is asked."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, affinity, box
from shapely.geometry import shape

from geogrid.addresses import AddressIndex, KnownName, compile_index
from geogrid.archive import Status
from geogrid.archive.graphs import read_graph
from geogrid.cli import store
from geogrid.crs import points_to_degrees, to_metres
from geogrid.errors import NotFoundError, PlanError, SnapshotError, StaleError, StoreError
from geogrid.locate import PointIndex
from geogrid.locate.lattice import snap
from geogrid.model import Barrier, BarrierKind, Land, LandKind
from geogrid.plan import Alignment, Grid, GridKind, Plan, derive_grids
from geogrid.snapshot import (
    Period,
    Snapshot,
    compile_snapshot,
    compiling,
    open_on,
    publish_snapshot,
    read_timeline,
    timeline,
    withdraw_version,
    write_timeline,
)
from geogrid.snapshot import files as snapshot_files
from geogrid.snapshot import layout as layout_room
from geogrid.snapshot.files import FORMAT, read_manifest
from geogrid.snapshot.inherited import index_source, inherited_index
from geogrid.snapshot.layout import lay_out, on_lattice
from geogrid.snapshot.names import name_grids
from geogrid.units import Unit, UnitKind
from tests.governed import PLANS, TODAY, division, divisions, filled, governed_town, graphs_of, opened
from tests.town import PLANE, draw_city

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.adjacency import UnitGraph
    from geogrid.archive import Archive
    from geogrid.model import City
    from geogrid.snapshot.layout import Layout

G1, G2, G3 = "210602001001001", "210602001001002", "210602001001003"  # A | C | B and the homes beside it
G4, G5 = "210602001002001", "210602001002002"  # D | E


def published(folder: Path, city: City | None = None) -> Snapshot:
    """Return the snapshot of the town's plan, in force from today."""
    with opened(folder) as archive:
        draft = filled(archive, city)
        return publish_snapshot(archive, draft.id, TODAY, folder / "snapshots" / "town" / "1")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(tmp_path_factory.mktemp("town"))


def degrees(x: float, y: float) -> dict[str, float]:
    lon, lat = points_to_degrees(x, y, PLANE)
    return {"lon": float(lon), "lat": float(lat)}


def code_at(snapshot: Snapshot, x: float, y: float) -> str:
    grid = snapshot.lookup_point(**degrees(x, y)).grid
    return grid["code"] if grid else ""


# Positions


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [(100, 200, G1), (250, 250, G3), (50, 50, G2), (350, 50, G4), (550, 150, G5), (290, 20, G3)],
)
def test_a_position_lies_in_the_grid_that_is_drawn_there(
    snapshot: Snapshot, x: float, y: float, code: str
) -> None:
    answer = snapshot.lookup_point(**degrees(x, y))
    assert answer.status == "matched"
    assert answer.grid is snapshot.grid(code)


def test_outside_tells_the_nearest_grid_and_its_metres(snapshot: Snapshot) -> None:
    """100 m north of A's northern border (y = 300)."""
    answer = snapshot.lookup_point(**degrees(100, 400))
    assert (answer.status, answer.grid) == ("outside", None)
    assert answer.nearest is snapshot.grid(G1)
    assert answer.distance_m == pytest.approx(100, abs=0.5)


@settings(max_examples=200, deadline=None)
@given(x=st.floats(-50, 650), y=st.floats(-50, 350))
def test_a_position_agrees_with_the_drawn_polygons(snapshot: Snapshot, x: float, y: float) -> None:
    place = degrees(x, y)
    drawn = [
        feature["properties"]["code"]
        for community in ("c1", "c2")
        for feature in snapshot.grids_geojson(community)["features"]
        if shape(feature["geometry"]).buffer(-2e-7).contains(shapely.Point(place["lon"], place["lat"]))
    ]
    near_border = not drawn and code_at(snapshot, x, y) != ""
    assert near_border or drawn == [code for code in [code_at(snapshot, x, y)] if code]


def test_many_positions_are_answered_like_one(snapshot: Snapshot) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(-50, 650, 500), rng.uniform(-50, 350, 500)
    labels = snapshot.locate(*points_to_degrees(x, y, PLANE))
    codes = [snapshot.grids()[label]["code"] if label >= 0 else "" for label in labels]
    assert codes == [code_at(snapshot, *point) for point in zip(x, y, strict=True)]
    assert len(set(codes)) == 6


def test_the_label_of_every_grid_lies_in_it(snapshot: Snapshot) -> None:
    for card in snapshot.grids():
        lon, lat = card["position"]
        assert snapshot.lookup_point(lon=lon, lat=lat).grid is card


# Addresses


def test_every_address_of_a_building_lies_in_its_buildings_grid(snapshot: Snapshot) -> None:
    town = governed_town()
    whole = {"A": G1, "C": G2, "B": G3, "b": G3, "D": G4, "E": G5}
    for text, building in zip(town.addresses["text"], town.addresses["building_id"], strict=True):
        if building:
            found = [one for one in snapshot.lookup_address(text).candidates if one.text == text]
            assert [one.grid["code"] for one in found if one.grid] == [whole[building[0]]]


def test_an_address_and_its_position_agree(snapshot: Snapshot) -> None:
    for text in governed_town().addresses["text"][:-3]:
        answer = snapshot.lookup_address(text)
        for one in answer.candidates:
            assert one.lon is not None
            assert one.lat is not None
            assert snapshot.lookup_point(lon=one.lon, lat=one.lat).grid is one.grid


def test_a_matched_address_tells_text_place_and_grid(snapshot: Snapshot) -> None:
    answer = snapshot.lookup_address("D小区3号楼")
    assert (answer.status, answer.address, answer.match_level) == ("matched", "D小区3号楼", "building")
    assert answer.grid is snapshot.grid(G4)
    assert (answer.missing, answer.nearest) == ((), None)
    assert [(step.kind, step.text) for step in answer.explain][:2] == [("read", "D小区"), ("read", "3")]


def test_an_address_of_no_building_goes_by_its_point(snapshot: Snapshot) -> None:
    labels = dict(zip(snapshot.addresses.door_building_ids(), snapshot.grid_of_door.tolist(), strict=True))
    assert snapshot.grids()[labels["A1"]]["code"] == G1
    doors = [
        (n, label)
        for n, (building, label) in enumerate(
            zip(snapshot.addresses.door_building_ids(), snapshot.grid_of_door.tolist(), strict=True)
        )
        if not building
    ]
    # The gate of E, the far road outside, the road without a place.
    assert sorted(label for _, label in doors) == [-1, -1, 4]


def test_a_compound_in_one_grid_is_certain_without_a_building(snapshot: Snapshot) -> None:
    answer = snapshot.lookup_address("E小区")
    assert answer.grid is snapshot.grid(G5)


def test_nonsense_finds_nothing(snapshot: Snapshot) -> None:
    answer = snapshot.lookup_address("zzz qqq")
    assert (answer.status, answer.grid, answer.candidates) == ("none", None, ())


def test_the_question_is_not_repeated(snapshot: Snapshot) -> None:
    for text in ("张三家D小区3号楼", "QUERY-MARKER"):
        answer = snapshot.lookup_address(text)
        told = repr(replace(answer, explain=()))
        assert "张三" not in told
        assert "QUERY-MARKER" not in told


def test_suggestions_complete_a_text(snapshot: Snapshot) -> None:
    assert any(text.startswith("D小区") for text in snapshot.suggest("D小"))


# Cards


def test_a_card_tells_all_of_a_grid(snapshot: Snapshot) -> None:
    card = snapshot.grid(G1)
    assert (card["number"], card["name"], card["kind"], card["alignment"]) == (
        1,
        "A小区",
        "residential",
        "whole",
    )
    assert card["community"] == {"id": "c1", "name": "Community c1", "code": "210602001001"}
    assert (card["subdistrict"], card["district"]) == ("样例街道", "样例区")
    assert card["compounds"] == [{"id": "A", "name": "A小区", "whole": True}]
    assert card["buildings"] == [{"place": "A小区", "numbers": ["1", "2", "3", "4"]}]
    assert (card["households"], card["estimated"], card["counts"]) == (160, False, "households")
    assert card["branch"] == {"id": "p1", "name": "A小区党支部", "joint": True, "stars": 5, "members": 30}
    assert card["paired"] == ["样例市直机关支部"]
    # From A's middle (100, 200) to (50, 50) and (60, 60).
    assert [(venue["name"], venue["metres"]) for venue in card["venues"]] == [
        ("c1服务站", 158),
        ("街道服务中心", 146),
    ]
    assert card["valid_from"] == "2026-11-23"
    assert [(post["role"], post["name"], post["vacant"]) for post in card["team"]] == [
        ("chief_leader", "样例甲", False),
        ("leader", "样例乙", False),
        ("worker", "样例丙", False),
        ("volunteer", "", True),
    ]


def test_a_vacancy_and_a_branch_to_be_founded_are_told(snapshot: Snapshot) -> None:
    card = snapshot.grid(G2)
    assert (card["branch"], card["proposed_branch"]) == (None, "C小区党支部")
    assert card["other_branches"] == ["A小区党支部"]
    assert card["served_by"] == "A小区党支部"
    leader = next(post for post in card["team"] if post["role"] == "leader")
    assert (leader["name"], leader["vacant"]) == ("样例乙", False)
    assert {"role": "worker", "vacant": True, "name": "", "post": "", "phone": ""} in card["team"]


def test_a_hidden_leader_is_neither_named_nor_vacant(snapshot: Snapshot) -> None:
    leader = next(post for post in snapshot.grid(G3)["team"] if post["role"] == "leader")
    assert leader == {"role": "leader", "vacant": False, "name": "", "post": "", "phone": ""}


def test_the_city_and_its_communities_add_up(snapshot: Snapshot) -> None:
    city, (first, second) = snapshot.city, snapshot.communities()
    assert (city["id"], city["version"], city["effective_from"], city["as_of"]) == (
        "town",
        1,
        "2026-11-23",
        "2026-11-23",
    )
    assert (city["attribution"], city["licence"], city["synthetic"]) == ("样例数据", "CC0-1.0", True)
    assert (first["grids"], first["households"], first["population"]) == (3, 360, 900)
    assert (second["grid_codes"], second["households"], second["district"]) == ([G4, G5], 240, "样例区")
    assert city["households"] == 600


def test_what_is_not_there_is_not_found(snapshot: Snapshot) -> None:
    for ask in (snapshot.grid, snapshot.grids_geojson, snapshot.background_bytes):
        with pytest.raises(NotFoundError):
            ask("nowhere")


def test_grids_tell_what_they_replace(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        first = filled(archive)
        archive.publish(first.id, TODAY)
        joined = {"A": 1, "B": 2, "C": 2, "c1/h01": 2}
        second = archive.add_version("town", [division("c1", joined), division("c2", PLANS["c2"])])
        day = TODAY + timedelta(days=1)
        new = publish_snapshot(archive, second.id, day, tmp_path / "snapshots" / "2")
    assert new.grid(G2)["replaces"] == [G3, G2]
    assert new.grid(G2)["valid_from"] == "2026-11-24"


def test_a_branch_that_can_stay_stays_after_a_redivision(tmp_path: Path) -> None:
    """A and B are grid 1, C is grid 2: p2 serves 1 and p1 serves C. Then A, C and B are apart.

    By households p1 would move to A (160 before 80); it stays with C. p2 goes on in B.
    """
    with opened(tmp_path) as archive:
        filled(archive)
        before = {"A": 1, "B": 1, "C": 2, "c1/h01": 2}
        first = archive.add_version("town", [division("c1", before), division("c2", PLANS["c2"])])
        old = publish_snapshot(archive, first.id, TODAY, tmp_path / "snapshots" / "1")
        second = archive.add_version("town", divisions())
        day = TODAY + timedelta(days=1)
        new = publish_snapshot(archive, second.id, day, tmp_path / "snapshots" / "2")
        again = compile_snapshot(archive, "town", first.id, tmp_path / "snapshots" / "again")
    assert [served(old, code) for code in (G1, G2)] == ["p2", "p1"]
    assert [served(new, code) for code in (G1, G2, G3)] == ["", "p1", "p2"]
    assert new.grid(G1)["served_by"] == "A小区党支部"
    assert [served(again, code) for code in (G1, G2)] == ["p2", "p1"], "what came later does not matter"


def served(snapshot: Snapshot, code: str) -> str:
    branch = snapshot.grid(code)["branch"]
    return branch["id"] if branch else ""


# Privacy


def test_nothing_private_is_in_any_file(snapshot: Snapshot) -> None:
    """The name, phone, post and id of somebody not public, and a secretary's name, hold the marker."""
    files = [path for path in snapshot.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert b"PRIVATE" not in path.read_bytes(), path.name


# Drawings


def test_the_drawn_grids_tile_the_town(snapshot: Snapshot) -> None:
    shapes = [
        shape(feature["geometry"])
        for community in ("c1", "c2")
        for feature in snapshot.grids_geojson(community)["features"]
    ]
    assert shapely.coverage_is_valid(shapes)
    xy = shapely.get_coordinates(shapes)
    assert np.array_equal(snap(xy) / 1e7, xy)  # all on the lattice
    assert sum(one.area for one in shapes) == pytest.approx(shapely.union_all(shapes).area, rel=1e-12)


def test_a_drawn_grid_carries_its_card(snapshot: Snapshot) -> None:
    features = snapshot.grids_geojson("c2")["features"]
    assert [feature["properties"] for feature in features] == [snapshot.grid(G4), snapshot.grid(G5)]
    drawn = shape(features[0]["geometry"])
    assert isinstance(drawn, Polygon)
    assert drawn.exterior.is_ccw


def test_the_background_shows_compounds_buildings_and_streets(snapshot: Snapshot) -> None:
    features = snapshot.background_geojson("c1")["features"]
    layers = {
        layer: [one["properties"]["name"] for one in features if one["properties"]["layer"] == layer]
        for layer in ("street", "compound", "building")
    }
    assert layers["street"] == ["样例路"]
    assert layers["compound"] == ["A小区", "B小区", "C小区"]
    assert len(layers["building"]) == 9


def test_the_background_is_cut_near_the_community(tmp_path: Path) -> None:
    """A river and a park reach 2 km past the town; 60 m of them are drawn."""
    town = governed_town()
    river = Barrier("r", BarrierKind.RIVER, box(-2000, 280, 2000, 300), "大河")
    rail = Barrier("l", BarrierKind.RAILWAY, shapely.LineString([(-2000, 10), (2000, 10)]), "铁路")
    park = Land("k", LandKind.PARK, box(0, 250, 100, 2300), "公园")
    features = published(tmp_path, replace(town, barriers=(river, rail), land=(park,))).background_geojson(
        "c1"
    )
    drawn = {
        (one["properties"]["layer"], one["properties"]["kind"]): shape(one["geometry"]).bounds
        for one in features["features"]
        if one["properties"]["layer"] in ("water", "barrier", "park")
    }
    assert set(drawn) == {("water", "river"), ("barrier", "railway"), ("park", "park")}
    west, south = points_to_degrees(-61, -61, PLANE)
    east, north = points_to_degrees(361, 361, PLANE)
    for bounds in drawn.values():
        assert bounds[0] >= west
        assert bounds[1] >= south
        assert bounds[2] <= east
        assert bounds[3] <= north


def test_the_content_hash_is_that_of_the_bytes(snapshot: Snapshot) -> None:
    assert snapshot.content_hash("grids", "c1") == hashlib.sha256(snapshot.grids_bytes("c1")).hexdigest()
    same = hashlib.sha256(snapshot.background_bytes("c2")).hexdigest()
    assert snapshot.content_hash("background", "c2") == same


HOSTILE = "{{7*191}}{#x#}{%</script><img src=x onerror=alert(1)>`${1}\u2028\"'\\"


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    town = governed_town()
    named = tuple(replace(one, name=HOSTILE) for one in town.compounds)
    snapshot = published(tmp_path, replace(town, compounds=named, name=HOSTILE))
    assert snapshot.grid(G4)["compounds"][0]["name"] == HOSTILE
    assert snapshot.grids_geojson("c2")["features"][0]["properties"]["name"] == f"{HOSTILE}(1)"
    assert snapshot.city["name"] == HOSTILE


# The folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_version_gives_the_same_bytes(tmp_path: Path) -> None:
    first = published(tmp_path)
    with opened(tmp_path) as archive:
        again = compile_snapshot(archive, "town", 1, tmp_path / "other" / "1")
    assert bytes_of(first.folder) == bytes_of(again.folder)


def test_addresses_are_read_again_only_where_they_or_their_names_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the version takes the index over and is byte for byte what it would be else."""
    first = published(tmp_path)
    read: list[int] = []

    def counted(*asked: Any) -> AddressIndex:
        read.append(1)
        return compile_index(*asked)

    monkeypatch.setattr("geogrid.snapshot.compiling.compile_index", counted)
    with opened(tmp_path) as archive:
        second, third = (archive.copy_version(1) for _ in range(2))
        heir = publish_snapshot(archive, second.id, TODAY, first.folder.parent / str(second.id))
        assert read == []
        fresh = compile_snapshot(archive, "town", second.id, tmp_path / "other" / str(second.id))
        assert read == [1]
        assert bytes_of(heir.folder) == bytes_of(fresh.folder)
        archive.learn_names("town", [KnownName("老院", "compound", "A", "alias")])
        publish_snapshot(archive, third.id, TODAY, first.folder.parent / str(third.id))
        assert read == [1, 1]


def test_no_index_is_taken_over_of_other_data_other_readers_or_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(tmp_path)
    root = first.folder.parent
    town = governed_town()
    renamed = tuple(replace(one, name="新名" + one.name) for one in town.compounds)
    with opened(tmp_path) as archive:
        other = filled(archive, replace(town, compounds=renamed))
        publish_snapshot(archive, other.id, TODAY, root / str(other.id))
        layout = lay_out(archive, other.id)
        source = index_source(layout)
        assert source == read_manifest(root / str(other.id))["index"] != read_manifest(first.folder)["index"]
        assert inherited_index(source, root) is not None
        with monkeypatch.context() as patch:
            patch.setattr("geogrid.snapshot.inherited._readers", lambda: "of another release")
            assert index_source(layout) != source
            assert inherited_index(index_source(layout), root) is None
        damaged = next(one for one in (root / str(other.id) / "addresses").iterdir() if one.stat().st_size)
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
        assert inherited_index(source, root) is None


def test_a_publication_reads_no_more_units_for_every_version_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The town's two communities are read to be laid out, and to be linked with the version before."""
    first = published(tmp_path)
    read: list[int] = []

    def counted(connection: Any, set_id: int) -> UnitGraph:
        read.append(set_id)
        return read_graph(connection, set_id)

    monkeypatch.setattr("geogrid.archive.versions.read_graph", counted)
    with opened(tmp_path) as archive:
        for _ in range(3):
            version = archive.copy_version(1).id
            read.clear()
            publish_snapshot(archive, version, TODAY, first.folder.parent / str(version))
            assert len(read) == 2 * len(set(read))


def test_the_manifest_names_plan_data_and_licence(snapshot: Snapshot) -> None:
    manifest = json.loads((snapshot.folder / "manifest.json").read_text())
    told = {
        "format": FORMAT,
        "city": "town",
        "version": 1,
        "effective_from": "2026-11-23",
        "counts": "households",
        "licence": "CC0-1.0",
        "synthetic": True,
        "grids": 5,
    }
    assert told.items() <= manifest.items()
    assert set(manifest["files"]) == set(bytes_of(snapshot.folder)) - {"manifest.json"}
    for name, seal in manifest["files"].items():
        content = (snapshot.folder / name).read_bytes()
        assert seal == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_any_damage_is_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    """Each file in turn: one byte flipped, the last byte cut, the file gone."""
    folder = tmp_path / "copy"
    shutil.copytree(snapshot.folder, folder)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        for damaged in (flipped, content[:-1], None):
            path.unlink() if damaged is None else path.write_bytes(damaged)
            with pytest.raises(SnapshotError):
                Snapshot.open(folder)
        path.write_bytes(content)
    assert Snapshot.open(folder).city == snapshot.city


def test_what_is_no_snapshot_is_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no snapshot"):
        Snapshot.open(tmp_path / "nothing")
    folder = tmp_path / "old"
    shutil.copytree(snapshot.folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 0}))
    with pytest.raises(SnapshotError, match=f"another format than {FORMAT}"):
        Snapshot.open(folder)


def test_a_snapshot_of_an_older_format_is_refused_and_compiled_anew(tmp_path: Path) -> None:
    """The older one has a sound seal, but no layers: they came with a later format."""
    archive_url = f"sqlite:///{tmp_path}/store.db"
    folder = store.snapshot_folder(archive_url, "town", 1)
    with opened(tmp_path) as archive:
        now = publish_snapshot(archive, filled(archive).id, TODAY, folder)
        before = bytes_of(now.folder)
        _made_older(folder)
        with pytest.raises(SnapshotError, match="another format"):
            Snapshot.open(folder)
        assert store.compiled(archive, archive_url, "town", 1).city == now.city
    assert bytes_of(folder) == before


def _made_older(folder: Path) -> None:
    """Turn a snapshot into a sealed one of the format before."""
    shutil.rmtree(folder / "layers")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {name: seal for name, seal in manifest["files"].items() if "layers" not in name}
    manifest["format"] = FORMAT - 1
    manifest["sha256"] = snapshot_files._seal_of(manifest)
    (folder / "manifest.json").write_text(snapshot_files._text_of(manifest), encoding="utf-8")


def test_a_damaged_snapshot_is_compiled_again_under_open_readers(tmp_path: Path) -> None:
    reader = published(tmp_path)
    before = bytes_of(reader.folder)
    (reader.folder / "cards.json").unlink()
    with opened(tmp_path) as archive:
        compile_snapshot(archive, "town", 1, reader.folder)
    assert bytes_of(reader.folder) == before
    assert code_at(reader, 100, 200) == G1
    assert reader.grids_geojson("c1")["features"]
    assert sorted(path.name for path in reader.folder.parent.iterdir()) == ["1", "timeline.json"]


def test_a_failed_compilation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = published(tmp_path)
    before = bytes_of(snapshot.folder)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(compiling, "_write_shapes", full)
    with opened(tmp_path) as archive:
        for folder in (snapshot.folder, tmp_path / "snapshots" / "town" / "2"):
            with pytest.raises(SnapshotError, match="could not be written: no space"):
                compile_snapshot(archive, "town", 1, folder)
    assert bytes_of(snapshot.folder) == before
    assert sorted(path.name for path in snapshot.folder.parent.iterdir()) == ["1", "timeline.json"]


def test_a_killed_compilation_leaves_no_half_snapshot(tmp_path: Path) -> None:
    """Twelve kills at seeded moments: there is no snapshot yet, or a whole one."""
    whole = bytes_of(published(tmp_path / "whole").folder)
    with opened(tmp_path) as archive:
        archive.publish(filled(archive).id, TODAY)
    chance, found = random.Random(12), []
    for n in range(12):
        folder = tmp_path / "snapshots" / str(n)
        child = os.fork()
        if child == 0:
            try:
                with opened(tmp_path) as mine:
                    compile_snapshot(mine, "town", 1, folder)
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0.05, 0.9))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found.append(folder.exists())
        assert bytes_of(folder) in ({}, whole)
    assert True in found
    assert False in found


def test_two_compilations_at_once_leave_one_snapshot(tmp_path: Path) -> None:
    whole = bytes_of(published(tmp_path / "whole").folder)
    with opened(tmp_path) as archive:
        archive.publish(filled(archive).id, TODAY)
        folder = tmp_path / "snapshots" / "1"

        faults: list[Exception] = []

        def run() -> None:
            try:
                for _ in range(3):
                    compile_snapshot(archive, "town", 1, folder)
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert faults == []
    assert bytes_of(folder) == whole
    assert sorted(path.name for path in folder.parent.iterdir()) == ["1", "timeline.json"]


ANSWER = """
import sys
from geogrid.snapshot import Snapshot
snapshot = Snapshot.open(sys.argv[1])
lon, lat = snapshot.grids()[0]["position"]
assert snapshot.lookup_point(lon=lon, lat=lat).grid and snapshot.lookup_address("D小区3号楼").grid
print(sorted({"sqlalchemy", "alembic", "highspy"} & set(sys.modules)))
"""


def test_a_reader_needs_neither_database_nor_solver(snapshot: Snapshot) -> None:
    asked = [sys.executable, "-c", ANSWER, str(snapshot.folder)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


# Publication


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return opened(tmp_path)


def test_a_draft_is_not_compiled(archive: Archive, tmp_path: Path) -> None:
    draft = filled(archive)
    with pytest.raises(PlanError, match="publish it first"):
        compile_snapshot(archive, "town", draft.id, tmp_path / "1")
    assert not (tmp_path / "1").exists()


def test_a_version_of_another_city_is_not_compiled(archive: Archive, tmp_path: Path) -> None:
    draft = filled(archive)
    archive.publish(draft.id, TODAY)
    with pytest.raises(PlanError, match="of city town"):
        compile_snapshot(archive, "elsewhere", draft.id, tmp_path / "1")


def test_a_plan_without_every_community_is_refused_before_it_is_published(
    archive: Archive, tmp_path: Path
) -> None:
    filled(archive)
    half = archive.add_version("town", [division("c1", PLANS["c1"])])
    with pytest.raises(PlanError, match="c2"):
        publish_snapshot(archive, half.id, TODAY, tmp_path / "1")
    assert archive.version(half.id).effective_from is None


def test_a_draft_that_is_edited_meanwhile_is_not_published(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compiled is what was laid out: an edit between the two must not be published unseen."""
    draft = filled(archive)
    lay_out = layout_room.lay_out

    def slow(*arguments: Any) -> Layout:
        layout = lay_out(*arguments)
        archive.edit_version(draft.id, division("c2", {"D": 1, "E": 1}), revision=draft.revision)
        return layout

    monkeypatch.setattr(compiling, "lay_out", slow)
    with pytest.raises(StaleError):
        publish_snapshot(archive, draft.id, TODAY, tmp_path / "1")
    assert archive.version(draft.id).effective_from is None
    assert not (tmp_path / "1").exists()


def test_a_refused_publication_writes_no_snapshot(archive: Archive, tmp_path: Path) -> None:
    first = filled(archive)
    publish_snapshot(archive, first.id, TODAY, tmp_path / "1")
    second = archive.copy_version(first.id)
    with pytest.raises(StoreError):
        publish_snapshot(archive, second.id, TODAY - timedelta(days=9), tmp_path / "2")
    assert not (tmp_path / "2").exists()


# The timeline


def test_a_day_opens_the_snapshot_in_force(archive: Archive, tmp_path: Path) -> None:
    """Version 1 from today, version 2 announced for the day after tomorrow."""
    first = filled(archive)
    second = archive.copy_version(first.id)
    publish_snapshot(archive, first.id, TODAY, tmp_path / "1")
    assert read_timeline(tmp_path) == (Period(1, TODAY, None),)
    change = TODAY + timedelta(days=2)
    publish_snapshot(archive, second.id, change, tmp_path / "2")
    assert read_timeline(tmp_path) == (Period(1, TODAY, change), Period(2, change, None))
    days = [TODAY + timedelta(days=days) for days in (0, 1, 2, 3)]
    assert [open_on(tmp_path, day).city["version"] for day in days] == [1, 1, 2, 2]
    with pytest.raises(NotFoundError, match="2026-11-22"):
        open_on(tmp_path, TODAY - timedelta(days=1))


def test_a_withdrawn_version_leaves_the_timeline(archive: Archive, tmp_path: Path) -> None:
    first = filled(archive)
    second = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    archive.publish(second.id, TODAY + timedelta(days=2))
    write_timeline(archive, "town", tmp_path)
    assert withdraw_version(archive, second.id, tmp_path).status is Status.RETIRED
    assert read_timeline(tmp_path) == (Period(1, TODAY, None),)


def test_a_withdrawal_that_was_cut_short_is_finished_by_another(archive: Archive, tmp_path: Path) -> None:
    """The archive has taken the second version back, but the timeline still announces it."""
    first = filled(archive)
    second = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    archive.publish(second.id, TODAY + timedelta(days=2))
    write_timeline(archive, "town", tmp_path)
    archive.withdraw(second.id)
    withdraw_version(archive, second.id, tmp_path)
    assert read_timeline(tmp_path) == (Period(1, TODAY, None),)
    with pytest.raises(StoreError, match="in force"):
        withdraw_version(archive, first.id, tmp_path)


def test_a_timeline_tells_what_another_published_while_it_was_written(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second version is published between the reading of the first and the writing of the file."""
    first = filled(archive)
    second = archive.copy_version(first.id)
    archive.publish(first.id, TODAY)
    change = TODAY + timedelta(days=2)
    write = timeline._write

    def slow(*arguments: Any) -> None:
        archive.publish(second.id, change)
        write(*arguments)

    monkeypatch.setattr(timeline, "_write", slow)
    write_timeline(archive, "town", tmp_path)
    assert read_timeline(tmp_path) == (Period(1, TODAY, change), Period(2, change, None))
    assert [path.name for path in tmp_path.glob("*timeline*")] == ["timeline.json"]


@pytest.mark.parametrize("content", [None, "", "[]", '{"format": 2}', '{"format": 1, "versions": [{}]}'])
def test_a_timeline_that_cannot_be_read_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "timeline.json").write_text(content)
    with pytest.raises(SnapshotError, match=r"timeline\.json"):
        read_timeline(tmp_path)


# The lattice


def test_borders_of_different_vertices_become_one_coverage() -> None:
    """The long border of the lower box has no vertex where the two upper boxes meet, and bends apart."""
    boxes = [box(0, 0, 40_000, 1000), box(0, 1000, 20_000, 2000), box(20_000, 1000, 40_000, 2000)]
    shapes = on_lattice(boxes, PLANE)
    assert shapely.coverage_is_valid(shapes)


def test_overlapping_communities_are_cut_once() -> None:
    """Two boxes overlap by 10 m over 100 m: the first keeps the strip of 1,000 m2."""
    shapes = on_lattice([box(0, 0, 100, 100), box(90, 0, 200, 100)], PLANE)
    assert shapely.coverage_is_valid(shapes)
    one, other = (float(value) for value in shapely.area(shapes))
    assert one / other == pytest.approx(100 / 100, rel=1e-3)


@st.composite
def turned_boxes(draw: st.DrawFn) -> list[Polygon]:
    """Boxes of 20-200 m, turned anyhow, each with 1 m2 outside those before it that is no hair's breadth."""
    size, turn = st.floats(20, 200), st.floats(0, 90)
    found: list[Polygon] = []
    for _ in range(draw(st.integers(2, 5))):
        x, y = draw(st.floats(0, 200)), draw(st.floats(0, 200))
        one = affinity.rotate(box(x, y, x + draw(size), y + draw(size)), draw(turn))
        if one.difference(shapely.union_all(found)).buffer(-0.05).area > 1:
            found.append(one)
    return found


@settings(max_examples=60, deadline=None)
@given(turned_boxes())
def test_whatever_overlaps_becomes_a_coverage_and_the_first_keeps(drawn: list[Polygon]) -> None:
    """A border of a few hundred metres moves by at most 11 mm: a few square metres in all."""
    shapes = on_lattice(drawn, PLANE)
    assert shapely.coverage_is_valid(shapes)
    for n, found in enumerate(to_metres(shapes, PLANE)):
        kept = drawn[n].difference(shapely.union_all(drawn[:n]))
        assert found.area == pytest.approx(kept.area, abs=0.02 * drawn[n].length)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=6, max_size=6))
def test_building_and_point_agree_whatever_the_plan(numbers: list[int]) -> None:
    """Any assignment of the six units, also one of grids in pieces."""
    town = governed_town()
    graphs = graphs_of(town)
    units = [unit.id for graph in graphs.values() for unit in graph.units]
    number_of = dict(zip(units, numbers, strict=True))
    grids: list[Grid] = []
    for community_id, graph in graphs.items():
        plan = Plan(community_id, {unit.id: number_of[unit.id] for unit in graph.units})
        grids += derive_grids(plan, graph)
    shapes = on_lattice([one.geometry for one in grids], town.plane)
    index = PointIndex.compile(shapes, np.arange(len(grids)))
    label_of = {id_: label for label, one in enumerate(grids) for id_ in one.building_ids}
    for building in town.buildings:
        centre = building.geometry.centroid
        assert index.locate_one(**degrees(centre.x, centre.y)) == label_of[building.id]


def test_very_many_vertices_are_smoothed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the town had too many vertices: the drawn grids still share their borders."""
    monkeypatch.setattr(compiling, "MANY_VERTICES", 0)
    snapshot = published(tmp_path)
    drawn = [shape(one["geometry"]) for c in ("c1", "c2") for one in snapshot.grids_geojson(c)["features"]]
    assert shapely.coverage_is_valid(drawn)
    assert code_at(snapshot, 100, 200) == G1


def test_a_grid_in_two_pieces_stays_in_two_pieces() -> None:
    two = MultiPolygon([box(0, 0, 10, 10), box(50, 0, 60, 10)])
    (shape_,) = on_lattice([two], PLANE)
    assert shape_.geom_type == "MultiPolygon"
    assert len(shape_.geoms) == 2


def test_a_vanishing_grid_is_refused() -> None:
    with pytest.raises(PlanError, match="smaller than a lattice step"):
        on_lattice([box(0, 0, 100, 100), box(200, 0, 200.001, 0.001)], PLANE)


# Names


def grid(number: int, compounds: str, *, homes: int = 40, buildings: tuple[str, ...] = ()) -> Grid:
    kind = GridKind.RESIDENTIAL if homes else GridKind.SPECIAL
    shape_ = box(0, 0, 1, 1)
    return Grid("c1", number, kind, Alignment.JOINED, (f"u{number}",), tuple(compounds), buildings, homes,
                estimated=False, geometry=shape_)  # fmt: skip


def names(grids: list[Grid], language: str = "zh-Hans", land: str = "") -> tuple[str, ...]:
    town = draw_city("ABCDEF")
    streets = tuple(replace(one, street=f"{one.id[0]}街", households=10) for one in town.buildings)
    city = replace(town, language=language, buildings=streets)
    units = [Unit(f"u{one.number}", "c1", UnitKind.LAND, box(0, 0, 1, 1), 0, name=land) for one in grids]
    return name_grids(city, grids, units)


@pytest.mark.parametrize(
    ("compounds", "language", "name"),
    [
        ("A", "zh-Hans", "A小区"),
        ("AB", "zh-Hans", "A小区、B小区"),
        ("CABDE", "zh-Hans", "C小区、A小区等5个小区"),
        ("CAB", "zh-Hant", "C小区、A小区等3個街廓"),
        ("CAB", "en", "C小区, A小区 and 1 more"),
        ("", "zh-Hans", "第7网格"),
        ("", "en", "Grid 7"),
    ],
)
def test_a_grid_is_called_after_its_compounds(compounds: str, language: str, name: str) -> None:
    assert names([grid(7, compounds)], language) == (name,)


def test_a_grid_without_compounds_is_called_after_its_streets() -> None:
    assert names([grid(1, "", buildings=("B1", "A1", "C1"))]) == ("A街、B街等3条街",)


def test_a_grid_without_homes_is_called_after_its_land() -> None:
    assert names([grid(1, "", homes=0)], land="江滨公园") == ("江滨公园",)
    assert names([grid(2, "", homes=0)]) == ("第2网格（专属）",)


def test_names_are_unique_in_a_community() -> None:
    assert names([grid(1, "A"), grid(2, "B"), grid(3, "A")]) == ("A小区(1)", "B小区", "A小区(2)")


@given(st.lists(st.text("A", max_size=2), min_size=1, max_size=8))
def test_names_are_unique_whatever_the_compounds(drawn: list[str]) -> None:
    found = names([grid(number, compounds[:1]) for number, compounds in enumerate(drawn, start=1)])
    assert len(set(found)) == len(drawn)


def test_addresses_of_another_frame_order_are_matched_to_their_buildings(tmp_path: Path) -> None:
    town = governed_town()
    mixed = town.addresses.iloc[::-1].reset_index(drop=True)
    snapshot = published(tmp_path, replace(town, addresses=pd.DataFrame(mixed)))
    assert snapshot.lookup_address("D小区3号楼").grid is snapshot.grid(G4)
