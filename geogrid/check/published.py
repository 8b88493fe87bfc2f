"""Check what a snapshot publishes: the drawn grids are a partition, and points lie where they are drawn."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import shapely

from geogrid.check.case import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

STEPS = 10_000_000  # of the lattice in a degree
AT_ONCE = 20  # findings of one kind told


class Published(Protocol):
    """As much of a snapshot as is checked."""

    def communities(self) -> Sequence[Mapping[str, Any]]:
        """Return facts of each community; ``id`` among them."""

    def grids(self) -> Sequence[Mapping[str, Any]]:
        """Return facts of each grid, ``code`` among them; a grid's place is its label."""

    def grids_geojson(self, community_id: str) -> Mapping[str, Any]:
        """Return the drawn grids in degrees."""

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """Return the label of each point."""


def check_published(snapshot: Published) -> tuple[Finding, ...]:
    """Return everything wrong with a published snapshot, judged by the shapes that it draws alone."""
    return tuple(_findings(snapshot))


def _findings(snapshot: Published) -> Iterator[Finding]:
    codes = [str(card["code"]) for card in snapshot.grids()]
    drawn = {
        str(feature["properties"]["code"]): (community["id"], shapely.geometry.shape(feature["geometry"]))
        for community in snapshot.communities()
        for feature in snapshot.grids_geojson(community["id"])["features"]
    }
    for code, count in Counter(codes).items():
        if count > 1:
            yield Finding("codes_are_unique", "", (code,), f"code {code} is given to {count} grids")
    for code in sorted(set(codes) ^ set(drawn)):
        words = f"grid {code} is {'not drawn' if code in codes else 'drawn and unknown'}"
        yield Finding("every_grid_is_drawn", drawn.get(code, ("",))[0], (code,), words)
    known = [(label, code) for label, code in enumerate(codes) if code in drawn]
    if known:
        labels = np.array([label for label, _ in known])
        degrees = np.array([drawn[code][1] for _, code in known], dtype=object)
        yield from _partition(codes, labels, shapely.transform(degrees, lambda xy: np.rint(xy * STEPS)))
        yield from _points(snapshot, codes, labels, degrees)


def _partition(codes: list[str], labels: NDArray[Any], shapes: NDArray[Any]) -> Iterator[Finding]:
    """Demand that no two drawn grids share ground, on the lattice."""
    tree = shapely.STRtree(shapes)
    # "overlaps" alone says nothing of a grid that lies in another one, or is drawn like it.
    found = np.hstack([tree.query(shapes, predicate=name) for name in ("overlaps", "contains")]).T
    pairs = np.unique(np.sort(found[found[:, 0] != found[:, 1]], axis=1), axis=0)
    shared = shapely.area(shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]]))
    # A border drawn with a corner more on one side is off by half a step along its length.
    length = np.minimum(shapely.length(shapes[pairs[:, 0]]), shapely.length(shapes[pairs[:, 1]]))
    for a, b in pairs[shared > length][:AT_ONCE]:
        names = codes[labels[a]], codes[labels[b]]
        yield Finding("grids_do_not_overlap", "", names, f"grids {names[0]} and {names[1]} overlap")


def _points(
    snapshot: Published, codes: list[str], labels: NDArray[Any], shapes: NDArray[Any]
) -> Iterator[Finding]:
    """Demand that a point inside a grid is located there, and every corner in a grid that meets there."""
    # Every grid a little smaller: its corners lie three steps inside the borders.
    smaller = shapely.buffer(shapes, -3 / STEPS, join_style="mitre")
    inner, owner = shapely.get_coordinates(
        np.concatenate([shapely.point_on_surface(shapes), smaller]), return_index=True
    )
    owner %= len(shapes)
    found = snapshot.locate(inner[:, 0], inner[:, 1])
    for wrong in np.flatnonzero(found != labels[owner])[:AT_ONCE]:
        code = codes[labels[owner[wrong]]]
        place = codes[found[wrong]] if found[wrong] >= 0 else "no grid"
        words = f"a point inside grid {code} is located in {place}"
        yield Finding("points_lie_where_drawn", "", (code,), words)
    corners = np.unique(shapely.get_coordinates(shapes), axis=0)
    answer = snapshot.locate(corners[:, 0], corners[:, 1])
    places = np.asarray(shapely.points(corners), dtype=object)
    corner, grid = shapely.STRtree(shapes).query(places, predicate="dwithin", distance=0.6 / STEPS)
    right = np.zeros(len(corners), dtype=bool)
    right[corner[labels[grid] == answer[corner]]] = True
    # The outer border belongs to the grid on one side of it only, as the half-open rule says.
    at_rim = shapely.dwithin(shapely.boundary(shapely.union_all(shapes)), places, 2 / STEPS)
    for wrong in np.flatnonzero(~right & ~((answer < 0) & at_rim))[:AT_ONCE]:
        words = "a corner is located in a grid that does not meet there"
        yield Finding("points_lie_where_drawn", "", tuple(map(str, corners[wrong])), words)
