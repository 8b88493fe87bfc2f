"""The check of what a snapshot draws and answers, on a town of four letters and on its sabotage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.check import check_published
from geogrid.locate import PointIndex
from tests.lattice_towns import STEP, draw

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TOWN = """
AABB
AABB
CDDD
CCDD
"""


@dataclass(frozen=True)
class Fake:
    """A snapshot of one community whose grids are the town's letters."""

    shapes: tuple[Any, ...]
    codes: tuple[str, ...]
    index: PointIndex
    shift: int = 0

    def communities(self) -> list[dict[str, Any]]:
        return [{"id": "c1"}]

    def grids(self) -> list[dict[str, Any]]:
        return [{"code": code} for code in self.codes]

    def grids_geojson(self, community_id: str) -> dict[str, Any]:
        assert community_id == "c1"
        features = [
            {"properties": {"code": code}, "geometry": shapely.geometry.mapping(shape)}
            for code, shape in zip(self.codes, self.shapes, strict=False)
        ]
        return {"features": features}

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        found = self.index.locate(lon, lat)
        return np.where(found < 0, found, (found + self.shift) % len(self.codes)).astype(np.int32)


def snapshot() -> Fake:
    shapes, labels = draw(TOWN, 1000)
    return Fake(tuple(shapes), ("g1", "g2", "g3", "g4"), PointIndex.compile(shapes, labels - ord("A")))


def rules(fake: Fake) -> set[str]:
    return {finding.rule for finding in check_published(fake)}


def test_a_sound_snapshot_passes() -> None:
    assert check_published(snapshot()) == ()


def test_codes_given_twice_are_found() -> None:
    assert "codes_are_unique" in rules(replace(snapshot(), codes=("g1", "g1", "g3", "g4")))


def test_a_grid_that_is_not_drawn_is_found() -> None:
    fake = snapshot()
    assert "every_grid_is_drawn" in rules(replace(fake, shapes=fake.shapes[:3]))


def test_grids_that_overlap_are_found() -> None:
    fake = snapshot()
    wider = shapely.transform(fake.shapes[0], lambda xy: xy + 20 * STEP)
    assert "grids_do_not_overlap" in rules(replace(fake, shapes=(wider, *fake.shapes[1:])))


def test_a_grid_that_lies_in_another_one_is_found() -> None:
    """The second grid is drawn inside the first: the two share ground, though neither sticks out."""
    fake = snapshot()
    inside = shapely.buffer(fake.shapes[0], -50 * STEP)
    assert "grids_do_not_overlap" in rules(replace(fake, shapes=(fake.shapes[0], inside, *fake.shapes[2:])))


def test_two_grids_drawn_alike_are_found() -> None:
    fake = snapshot()
    alike = (fake.shapes[0], fake.shapes[0], *fake.shapes[2:])
    assert "grids_do_not_overlap" in rules(replace(fake, shapes=alike))


def test_an_index_of_other_labels_is_found() -> None:
    assert rules(replace(snapshot(), shift=1)) == {"points_lie_where_drawn"}


def test_an_index_of_a_moved_town_is_found() -> None:
    fake = snapshot()
    shapes, labels = draw(TOWN, 1000)
    moved = PointIndex.compile(shapely.transform(shapes, lambda xy: xy + 300 * STEP), labels - ord("A"))
    assert rules(replace(fake, index=moved)) == {"points_lie_where_drawn"}
