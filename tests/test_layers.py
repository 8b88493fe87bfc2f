"""The layers of a snapshot: five levels, grids, branches, venues, and what is counted in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from geogrid.errors import NotFoundError
from geogrid.snapshot import Snapshot
from geogrid.snapshot.layers import LAYERS, SCHEMAS
from tests.published import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def town(town_snapshot: Path) -> Snapshot:
    return Snapshot.open(town_snapshot)


def row(snapshot: Snapshot, layer: str, id: str) -> dict[str, object]:  # noqa: A002
    found = snapshot.layer(layer)
    return found.rows[found.place(id)]


def test_every_level_counts_what_lies_below(town: Snapshot) -> None:
    """c1 (t1, d1) has A, B, C, two branches, a venue, t1 another; c2 (d1) has D, E, a branch."""
    counts = ("communities", "compounds", "grids", "branches", "venues", "households")
    told = {
        ("cities", "town"): (2, 5, 5, 3, 2, 600),
        ("districts", "d1"): (2, 5, 5, 3, 2, 600),
        ("subdistricts", "t1"): (1, 3, 3, 2, 2, 360),
    }
    for (layer, id_), numbers in told.items():
        assert tuple(row(town, layer, id_)[name] for name in counts) == numbers
    assert tuple(row(town, "communities", "c1")[name] for name in counts[1:]) == (3, 3, 2, 1, 360)
    assert tuple(row(town, "communities", "c2")[name] for name in counts[1:]) == (2, 2, 1, 0, 240)
    assert row(town, "cities", "town")["subdistricts"] == 1


def test_every_row_names_what_it_lies_in(town: Snapshot) -> None:
    above = {"community_id": "c1", "subdistrict_id": "t1", "subdistrict": "样例街道", "district": "样例区"}
    for layer, id_ in (
        ("compounds", "A"),
        ("grids", "210602001001001"),
        ("branches", "p1"),
        ("venues", "n1"),
    ):
        assert above.items() <= row(town, layer, id_).items()
    assert row(town, "venues", "n2")["community_id"] == ""
    assert row(town, "branches", "p3")["community_id"] == "c2"
    assert row(town, "compounds", "B")["grid_codes"] == "210602001001003"


def test_a_level_is_drawn_as_the_union_of_its_grids(town: Snapshot) -> None:
    """c1 is 300 m x 300 m and c2 300 m x 200 m: the district has both, the subdistrict only c1."""
    grids = town.layer("grids")
    city = town.layer("cities").shapes[0]
    assert shapely.equals(city, shapely.coverage_union_all(grids.shapes))
    part = town.layer("subdistricts").shapes[0]
    assert part.area / city.area == pytest.approx(9 / 15, rel=1e-3)


def test_only_public_people_are_in_a_layer(town: Snapshot) -> None:
    assert row(town, "branches", "p1")["secretary"] == "样例乙"
    assert row(town, "branches", "p2")["secretary"] == ""
    for path in town.folder.rglob("*"):
        assert not path.is_file() or b"PRIVATE" not in path.read_bytes(), path.name


def test_every_row_has_a_place_inside_its_shape(town: Snapshot) -> None:
    for name in LAYERS:
        layer = town.layer(name)
        assert layer.table.schema.equals(SCHEMAS[name])
        points = shapely.points([[one["lon"], one["lat"]] for one in layer.rows])
        assert shapely.is_valid(layer.shapes).all()
        assert (shapely.distance(points, layer.shapes) < 2e-7).all()


def test_a_selection_keeps_its_order_and_columns(town: Snapshot) -> None:
    layer = town.layer("compounds")
    table = layer.selection([2, 0], columns=["name", "id"], shapes=False)
    assert [batch.to_pylist() for batch in table.batches] == [
        [{"id": layer.rows[at]["id"], "name": layer.rows[at]["name"]} for at in (2, 0)]
    ]
    assert layer.selection([]).rows == 0


def test_the_layer_of_grids_is_that_of_the_cards(town: Snapshot) -> None:
    layer = town.layer("grids")
    assert [one["code"] for one in layer.rows] == [one["code"] for one in town.grids()]
    assert np.allclose(layer.bounds, town.city["bounds"])


def test_what_is_not_there_is_told(town: Snapshot) -> None:
    with pytest.raises(NotFoundError):
        town.layer("secrets")
    with pytest.raises(NotFoundError):
        town.layer("compounds").place("Z")


def test_the_same_plan_gives_the_same_layers(town: Snapshot, tmp_path: Path) -> None:
    other = publish(tmp_path)
    files = [json.loads((one / "manifest.json").read_text())["files"] for one in (town.folder, other)]
    kept = [{name: seal for name, seal in one.items() if name.startswith("layers/")} for one in files]
    assert len(kept[0]) == len(LAYERS)
    assert kept[0] == kept[1]
