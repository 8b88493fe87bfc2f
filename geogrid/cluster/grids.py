"""Answer positions from the grids of a divided set, however many: by those that lie around a run of rows.

Where each part lies is told by the bounds in its GeoParquet note. Only the parts that a run of rows meets are
compiled to a point index: where rows lie in spatial order a worker needs the memory of a neighbourhood, else
that of the whole set.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.batch import PointMatcher
from geogrid.batch.told import Kinds, RowAnswer, Told
from geogrid.cluster.dividing import manifest_of
from geogrid.errors import Fault, InputError
from geogrid.locate import PointIndex
from geogrid.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GRIDS = "grids.parquet"
KEPT = 8  # neighbourhoods that a worker keeps compiled
OUTSIDE = RowAnswer("outside", "the position lies in no grid", match_level="point")
UNKNOWN = RowAnswer("none", "only positions are known here")


class GridSetMatcher:
    """Answers positions from the divided set in ``folder``; of addresses it knows nothing."""

    def __init__(self, folder: Path) -> None:
        self._files: list[Path] = []
        bounds = []
        for one in manifest_of(folder)["pieces"]:
            path = folder / one["file"] / GRIDS
            with open_table(path) as table:
                if table.rows and not table.bounds:
                    told = "the grids do not tell where they lie", "divide this part again"
                    raise InputError((Fault("no-bounds", *told, str(path)),))
                if table.bounds:  # a part without grids has none
                    self._files.append(path)
                    bounds.append(table.bounds)
        self._parts = shapely.STRtree(shapely.box(*np.reshape(bounds, (-1, 4)).T))
        self._around = lru_cache(maxsize=KEPT)(self._compiled)

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer that nothing is known."""
        return [UNKNOWN] * len(texts)

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Told:
        """Answer positions in WGS-84 degrees, one each, in order."""
        near: tuple[int, ...] = ()
        if len(lon):
            here = shapely.box(lon.min(), lat.min(), lon.max(), lat.max())
            near = tuple(sorted(self._parts.query(here).tolist()))
        if not near:
            return Told(Kinds((OUTSIDE,)), np.zeros(len(lon), dtype=np.int32))
        return self._around(near).points(lon, lat)

    def _compiled(self, parts: tuple[int, ...]) -> PointMatcher:
        """Return what answers from some parts alone."""
        grids: list[tuple[str, str]] = []
        shapes: list[bytes] = []
        for part in parts:
            with open_table(self._files[part]) as table:
                for batch in table.batches:
                    names = (batch.column(name).to_pylist() for name in ("grid_code", "name"))
                    grids += zip(*names, strict=True)
                    shapes += batch.column("geometry").to_pylist()
        index = PointIndex.compile(shapely.from_wkb(shapes), np.arange(len(grids)))
        return PointMatcher(index.locate, grids)
