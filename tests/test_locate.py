"""Every lattice point has one owner: compared with exact arithmetic in Python integers and fractions."""

from __future__ import annotations

import importlib
import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.errors import GeogridError, InputError, SnapshotError
from geogrid.locate import DraftIndex, PointIndex, cells, lattice, walk
from tests.lattice_towns import STEP, all_points, draw, letter_at, random_coverage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

ENCLAVES = """
AABB.
ACAB.
AAAB*
.DD**
AD.EE
"""


def owners(polygons: Iterable[Any], labels: Iterable[int], x: int, y: int) -> list[int]:
    """Return the labels of all polygons that hold the point (x + e, y + e^2), slowly and exactly.

    A vertical ray downwards from the moved point crosses a side that spans x + e and whose line lies below:
    strictly below y, or at y with a slope that falls (or is level), for then e^2 > slope * e.
    """
    found = []
    for polygon, label in zip(polygons, labels, strict=True):
        crossings = 0
        for ring in shapely.get_rings(polygon):
            corners = [(round(lon * 10**7), round(lat * 10**7)) for lon, lat in ring.coords]
            for (ax, ay), (bx, by) in pairwise(corners):
                if (ax <= x) != (bx <= x):
                    slope = Fraction(by - ay, bx - ax)
                    height = ay + slope * (x - ax)
                    crossings += height < y or (height == y and slope <= 0)
        if crossings % 2:
            found.append(int(label))
    return found


def answers(index: PointIndex, x: NDArray[np.int64], y: NDArray[np.int64]) -> list[int]:
    """Return the labels of lattice points, having asked in all three ways."""
    lon, lat = x * STEP, y * STEP
    compiled: list[int] = index.locate(lon, lat, engine="numba").tolist()
    assert index.locate(lon, lat, engine="numpy").tolist() == compiled
    pairs = zip(lon.tolist(), lat.tolist(), strict=True)
    assert [index.locate_one(lon=a, lat=b) for a, b in pairs] == compiled
    return compiled


@pytest.mark.parametrize("side", [1, 2, 7])
def test_every_point_of_a_drawn_town_lies_in_the_cell_north_east_of_it(side: int) -> None:
    """Holes, enclaves, grids in several parts, gaps and corners where four meet.

    Moved by (+e, +e^2) a lattice point lies strictly inside one square, whose letter is the answer.
    """
    polygons, labels = draw(ENCLAVES, side)
    index = PointIndex.compile(polygons, labels)
    x, y = all_points(ENCLAVES, side)
    assert answers(index, x, y) == [letter_at(ENCLAVES, side, a, b) for a, b in zip(x, y, strict=True)]


def test_a_border_belongs_to_the_side_that_lies_a_hair_east_and_barely_north() -> None:
    """Four triangles of the square [0, 10]^2 that meet in (5, 5): 0 south, 1 east, 2 north, 3 west.

    On the rising diagonal below the centre, (2, 2): a hair east lies below the line: south, 0. On the
    falling one below the centre, (8, 2): a hair east lies above it: east, 1. (8, 8) rising: east, 1.
    (2, 8) falling: north, 2. The centre: a hair east, barely north: east, 1. South-west corner: south, 0.
    The south side belongs to 0, the west side to 3, the north and east sides to nobody.
    """
    corners, centre = [(0, 0), (10, 0), (10, 10), (0, 10)], (5, 5)
    triangles = [
        shapely.Polygon(np.array([corners[i], corners[(i + 1) % 4], centre]) * STEP) for i in range(4)
    ]
    index = PointIndex.compile(triangles, [0, 1, 2, 3])
    expected = {
        (2, 2): 0, (8, 2): 1, (8, 8): 1, (2, 8): 2, (5, 5): 1, (0, 0): 0,
        (4, 0): 0, (0, 4): 3, (0, 10): -1, (10, 0): -1, (10, 10): -1, (4, 10): -1, (10, 4): -1,
    }  # fmt: skip
    x, y = np.array(list(expected)).T
    assert answers(index, x, y) == list(expected.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 16, 300, 5000]))
def test_random_coverages_agree_with_exact_arithmetic(seed: int, fewest_cells: int) -> None:
    polygons, labels, x, y = random_coverage(np.random.default_rng(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "_FEWEST_CELLS", fewest_cells)
        patch.setattr(lattice, "MEND_STEPS", 0.0)  # these towns are no larger than what is mended
        index = PointIndex.compile(polygons, labels)
    truth = [owners(polygons, labels, int(a), int(b)) for a, b in zip(x, y, strict=True)]
    assert all(len(found) <= 1 for found in truth)
    assert answers(index, x, y) == [found[0] if found else -1 for found in truth]


def test_vertices_and_their_neighbours_of_a_real_sized_town_have_one_owner() -> None:
    polygons = town(40)
    index = PointIndex.compile(polygons, np.arange(len(polygons)))
    corners = np.unique(np.rint(shapely.get_coordinates(polygons) / STEP).astype(np.int64), axis=0)
    middles = (corners[:-1] + corners[1:]) // 2
    near = np.vstack([corners + np.array([dx, dy]) for dx in (-1, 0, 1) for dy in (-1, 0, 1)] + [middles])
    truth = [owners(polygons, range(len(polygons)), int(a), int(b)) for a, b in near]
    assert max(map(len, truth)) == 1
    assert answers(index, near[:, 0], near[:, 1]) == [found[0] if found else -1 for found in truth]


def town(count: int, seed: int = 0) -> NDArray[Any]:
    """Return ``count`` Voronoi cells of about a city's size around 124.4 E, 40.1 N."""
    seeds = np.random.default_rng(seed).random((count, 2)) * (0.3, 0.2) + (124.2, 40.0)
    found: NDArray[Any] = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=shapely.box(124.2, 40.0, 124.5, 40.2))
    )
    return found


def test_borders_as_long_as_the_globe_do_not_overflow() -> None:
    world = [(-180, -90), (180, -90), (180, 90), (-180, 90)]
    halves = [
        shapely.Polygon([world[0], world[1], world[2]]),
        shapely.Polygon([world[0], world[2], world[3]]),
    ]
    index = PointIndex.compile(halves, [7, 8])
    rng = np.random.default_rng(5)
    y = rng.integers(-899_999_999, 899_999_999, 500)
    x = 2 * y + rng.integers(-2, 3, 500)  # on the diagonal and beside it
    truth = [owners(halves, [7, 8], int(a), int(b)) for a, b in zip(x, y, strict=True)]
    assert answers(index, x, y) == [found[0] for found in truth]


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_what_is_no_place_lies_outside(engine: Any) -> None:
    index = PointIndex.compile([shapely.box(-180, -90, 180, 90)], [3])
    lon = [math.nan, 0, math.inf, -math.inf, 181, -181, 0, 1e300, -1e300, 0, -180]
    lat = [0, math.nan, 0, math.inf, 0, 0, 91, 0, 0, 0, -90]
    assert index.locate(lon, lat, engine=engine).tolist() == [-1] * 9 + [3, 3]
    assert [index.locate_one(lon=a, lat=b) for a, b in zip(lon, lat, strict=True)] == [-1] * 9 + [3, 3]


def test_an_index_of_nothing_knows_only_outside() -> None:
    index = PointIndex.compile([], [])
    assert index.locate([0.0, 1.0], [0.0, 1.0]).tolist() == [-1, -1]
    assert index.locate_one(lon=0, lat=0) == -1
    assert index.nearest(lon=0, lat=0) == (-1, math.inf)


def test_shapes_in_are_shapes_out() -> None:
    index = PointIndex.compile([shapely.box(0, 0, 1, 1)], [3])
    lon = np.full((2, 3), 0.5)
    found = index.locate(lon.T, lon.T)
    assert found.shape == (3, 2)
    assert found.dtype == np.int32
    assert index.locate(np.full(4, 0.5)[::2], np.full(2, 0.5)).tolist() == [3, 3]
    assert index.locate([], []).tolist() == []
    with pytest.raises(ValueError, match="shape"):
        index.locate([0.5], [0.5, 0.5])


def test_threads_do_not_change_answers() -> None:
    polygons = town(200)
    index = PointIndex.compile(polygons, np.arange(200))
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(124.2, 124.5, 300_000), rng.uniform(40.0, 40.2, 300_000)
    alone = index.locate(lon, lat, threads=1)
    assert (alone >= 0).all()
    assert np.array_equal(alone, index.locate(lon, lat, engine="numpy"))
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda threads: index.locate(lon, lat, threads=threads), [1, 2, 3, 4] * 3))
    assert all(np.array_equal(alone, one) for one in many)


def test_without_numba_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", _no_numba)
    walk.kernel.cache_clear()
    try:
        index = PointIndex.compile(*draw(ENCLAVES, 2))
        x, y = all_points(ENCLAVES, 2)
        found = index.locate(x * STEP, y * STEP).tolist()
        assert found == [letter_at(ENCLAVES, 2, a, b) for a, b in zip(x, y, strict=True)]
        with pytest.raises(RuntimeError, match="numba"):
            index.locate([0.0], [0.0], engine="numba")
    finally:
        walk.kernel.cache_clear()


def _no_numba(name: str) -> None:
    raise ImportError(name)


def test_a_saved_index_opens_memory_mapped_with_the_same_answers(tmp_path: Path) -> None:
    polygons = town(60)
    index = PointIndex.compile(polygons, np.arange(60))
    index.save(tmp_path / "one")
    PointIndex.compile(polygons, np.arange(60)).save(tmp_path / "two")
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    opened = PointIndex.open(tmp_path / "one")
    assert isinstance(opened.cells.table.base, np.memmap)
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(124.1, 124.6, 5000), rng.uniform(39.9, 40.3, 5000)
    assert np.array_equal(index.locate(lon, lat), opened.locate(lon, lat))
    assert opened.locate_one(lon=lon[0], lat=lat[0]) == index.locate(lon[:1], lat[:1])[0]
    assert opened.nearest(lon=123.0, lat=40.0) == index.nearest(lon=123.0, lat=40.0)
    assert opened.nbytes == index.nbytes


def test_an_index_travels_between_processes() -> None:
    polygons, labels = draw(ENCLAVES, 2)
    index = PointIndex.compile(polygons, labels)
    x, y = all_points(ENCLAVES, 2)
    before = answers(index, x, y)
    assert answers(pickle.loads(pickle.dumps(index)), x, y) == before


@pytest.mark.parametrize("damage", ["missing", "format", "json", "array", "shape", "type"])
def test_a_damaged_index_is_refused(tmp_path: Path, damage: str) -> None:
    PointIndex.compile([shapely.box(0, 0, 1, 1)], [3]).save(tmp_path)
    facts = json.loads((tmp_path / "index.json").read_text())
    if damage == "missing":
        (tmp_path / "records.npy").unlink()
    elif damage == "format":
        (tmp_path / "index.json").write_text(json.dumps({**facts, "format": 99}))
    elif damage == "json":
        (tmp_path / "index.json").write_text("{")
    elif damage == "array":
        (tmp_path / "rim.npy").write_bytes(b"nothing")
    elif damage == "shape":
        np.save(tmp_path / "table.npy", np.zeros(5, np.int32))
    else:
        np.save(tmp_path / "table.npy", np.zeros(1024))
    with pytest.raises(SnapshotError):
        PointIndex.open(tmp_path)


BOX = shapely.box(0, 0, 1, 1)
REFUSED: dict[str, tuple[list[Any], list[Any], str]] = {
    "overlap": ([BOX, shapely.box(0.5, 0, 2, 1)], [11, 12], "grids 11 and 12 overlap"),
    "inside": ([BOX, shapely.box(0.4, 0.4, 0.6, 0.6)], [11, 12], "grids 11 and 12 overlap"),
    "twice": ([BOX, BOX], [11, 12], "grids 11 and 12 overlap"),
    "same label twice": ([BOX, BOX], [11, 11], "grids 11 and 11 overlap"),
    "crosses itself": ([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], [11], "grid 11 crosses itself"),
    "line": ([shapely.LineString([(0, 0), (1, 1)])], [11], "grid 11 is not a polygon"),
    "nothing": ([None], [11], "grid 11 is not a polygon"),
    "metres": (
        [shapely.box(5e5, 4e6, 5e5 + 9, 4e6 + 9)],
        [11],
        "grid 11 has coordinates that are no degrees",
    ),
    "negative": ([BOX], [-4], "grid -4 has a label out of range"),
    "huge": ([BOX], [2**31 - 1], "label out of range"),
    "count": ([BOX], [1, 2], "one label for each polygon"),
    "fraction": ([BOX], [1.5], "whole numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_partition_is_refused_by_name(case: str) -> None:
    polygons, labels, words = REFUSED[case]
    with pytest.raises(InputError, match=words) as refusal:
        PointIndex.compile(polygons, labels)
    assert isinstance(refusal.value, GeogridError)


def test_a_corner_that_only_one_neighbour_has_is_given_to_the_other() -> None:
    """1 spans the whole south; 2 and 3 meet at its middle, which lies 3 steps off its side."""
    south = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    west = shapely.Polygon([(0, 1), (0.5, 1 + 3 * STEP), (0.5, 2), (0, 2)])
    east = shapely.Polygon([(0.5, 1 + 3 * STEP), (1, 1), (1, 2), (0.5, 2)])
    index = PointIndex.compile([south, west, east], [1, 2, 3])
    lat = 1 + np.arange(-1, 6) * STEP
    assert index.locate(np.full(7, 0.5), lat).tolist() == [1, 1, 1, 1, 3, 3, 3]


def test_what_rounding_flattens_owns_nothing() -> None:
    sliver = shapely.box(1, 0, 1 + STEP / 4, 1)
    index = PointIndex.compile([BOX, sliver, shapely.box(1 + STEP / 4, 0, 2, 1)], [1, 2, 3])
    assert index.locate(1 + np.arange(-2, 3) * STEP, np.full(5, 0.5)).tolist() == [1, 1, 3, 3, 3]


def test_the_nearest_grid_is_told_with_its_distance() -> None:
    """A degree of latitude at 40 N is 111,035 m, one of longitude 85,394 m (WGS-84)."""
    index = PointIndex.compile(
        [shapely.box(124, 40, 124.1, 40.1), shapely.box(124.2, 40, 124.3, 40.1)], [5, 6]
    )
    assert index.nearest(lon=124.05, lat=40.05) == (5, 0.0)
    label, metres = index.nearest(lon=124.05, lat=39.99)
    assert (label, round(metres)) == (5, 1110)
    label, metres = index.nearest(lon=124.19, lat=40.0)
    assert (label, round(metres)) == (6, 854)
    assert index.nearest(lon=124.15, lat=40.05)[0] == 5, "of equally near ones the smallest label"
    assert index.nearest(lon=math.nan, lat=40) == (-1, math.inf)
    assert index.nearest(lon=500, lat=40) == (-1, math.inf)


def test_in_a_hole_the_nearest_grid_is_the_one_around_it() -> None:
    ring = shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.6, 0.6))
    label, metres = PointIndex.compile([ring], [9]).nearest(lon=0.59, lat=0.5)
    assert (label, round(metres)) == (9, 1113)


def test_a_draft_answers_as_the_published_index_does() -> None:
    polygons, labels = draw(ENCLAVES, 3)
    whole: Any = {label: shapely.union_all(polygons[labels == label]) for label in set(labels.tolist())}
    draft = DraftIndex(whole)
    x, y = all_points(ENCLAVES, 3)
    found = [
        draft.locate_one(lon=lon, lat=lat) for lon, lat in zip((x * STEP).tolist(), y * STEP, strict=True)
    ]
    assert found == [letter_at(ENCLAVES, 3, a, b) for a, b in zip(x, y, strict=True)]
    assert draft.locate_one(lon=math.nan, lat=0) == -1


def test_a_draft_changes_while_it_is_asked() -> None:
    draft = DraftIndex({0: shapely.box(0, 0, 1, 1)})

    def edit(turn: int) -> None:
        draft.put(1 + turn % 3, shapely.box(1, 0, 2 + turn % 2, 1))
        draft.remove(1 + (turn + 1) % 3)

    def ask(_: int) -> int:
        return draft.locate_one(lon=0.5, lat=0.5)

    with ThreadPoolExecutor(8) as pool:
        edits = [pool.submit(edit, turn) for turn in range(300)]
        asked = list(pool.map(ask, range(2000)))
        for each in edits:
            each.result()
    assert set(asked) == {0}
    draft.put(0, shapely.box(5, 5, 6, 6))
    assert (draft.locate_one(lon=0.5, lat=0.5), draft.locate_one(lon=5.5, lat=5.5)) == (-1, 0)
    draft.remove(0)
    draft.remove(0)
    assert draft.locate_one(lon=5.5, lat=5.5) == -1


def test_a_draft_that_overlaps_answers_with_the_smallest_label() -> None:
    draft = DraftIndex({4: shapely.box(0, 0, 2, 1), 2: shapely.box(1, 0, 3, 1)})
    assert [draft.locate_one(lon=lon, lat=0.5) for lon in (0.5, 1.5, 2.5)] == [4, 2, 2]
