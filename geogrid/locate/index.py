"""The compiled point index of a published plan."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from geogrid.errors import SnapshotError
from geogrid.locate.cells import OUTSIDE, Cells, Frame, compile_cells
from geogrid.locate.lattice import lattice_partition
from geogrid.locate.rim import nearest
from geogrid.locate.walk import kernel, locate_compiled, locate_numpy, point_walk, warm, warmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from shapely import Geometry

    from geogrid.locate.lattice import Geometries

FORMAT = 1  # of the saved arrays
_ARRAYS = ("table", "records", "rim")


@dataclass(frozen=True)
class PointIndex:
    """Answer which polygon of a partition holds a point, in WGS-84 degrees.

    Coordinates, of polygons and of points alike, are rounded once to a lattice of 1e-7 degree (at most
    11 mm). A point on a border counts as moved by (+e, +e^2): a hair to the east, and a hair of that hair
    to the north. So a border that runs north belongs to the grid east of it, one that runs exactly
    east-west to the grid north of it, and a corner to the one grid that lies just east and barely north
    of it. Every point has one owner, the same for one point and for many, with numba and without.

    The gap around and between the polygons is one more face of the partition; its label is -1. So is the
    answer for NaN, infinity and coordinates beyond the globe.
    """

    cells: Cells

    @classmethod
    def compile(cls, polygons: Sequence[Geometry | None] | Geometries, labels: ArrayLike) -> Self:
        """Compile (Multi)Polygons in degrees and their labels, whole numbers >= 0; labels may repeat.

        Borders must be shared: a neighbour's vertex that lies within 5 cm of a side is inserted there,
        anything wider is an overlap or a gap.

        :raises InputError: polygons overlap or cannot be used; the faults name their labels.
        """
        return cls._of(compile_cells(*lattice_partition(polygons, labels)))

    @classmethod
    def _of(cls, cells: Cells, *, numba: bool = True) -> Self:
        for array in (cells.table, cells.records, cells.rim):
            array.flags.writeable = False
        if numba:
            warm(cells)
        return cls(cells)

    def __reduce__(self) -> tuple[Callable[[Cells], PointIndex], tuple[Cells]]:
        """Travel between processes as the tables alone."""
        return PointIndex._of, (self.cells,)

    def locate(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        threads: int = 2,
        engine: Literal["auto", "numba", "numpy"] = "auto",
    ) -> NDArray[np.int32]:
        """Return the label of every point, -1 outside; two arrays of one shape in, int32 of it out.

        ``engine`` "auto" takes numba where it is installed and loaded; both give the same answers.

        :raises ValueError: the shapes differ.
        :raises RuntimeError: numba was asked for and is not installed.
        """
        x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        if x.shape != y.shape:
            raise ValueError(f"lon has shape {x.shape}, lat has shape {y.shape}")
        compiled = None
        if engine != "numpy":
            compiled = kernel() if engine == "numba" else warmed()
        if compiled is None and engine == "numba":
            raise RuntimeError("numba is not installed")
        if compiled is None:
            found = locate_numpy(self.cells, x.ravel(), y.ravel())
        else:
            found = locate_compiled(compiled, self.cells, x.ravel(), y.ravel(), threads=threads)
        return found.reshape(x.shape)

    @cached_property
    def _label_at(self) -> Callable[[float, float], int]:
        return point_walk(self.cells)

    def locate_one(self, *, lon: float, lat: float) -> int:
        """Return the label of one point, -1 outside."""
        return self._label_at(lon, lat)

    def nearest(self, *, lon: float, lat: float) -> tuple[int, float]:
        """Return the nearest label and its distance in metres; 0 m inside, (-1, inf) for no point at all.

        The distance is measured on the WGS-84 ellipsoid's tangent plane between the two places: right to
        a centimetre within a kilometre and to 0.5 % within a hundred.
        """
        label = self.locate_one(lon=lon, lat=lat)
        return (label, 0.0) if label != OUTSIDE else nearest(self.cells.rim, lon=lon, lat=lat)

    @property
    def nbytes(self) -> int:
        """Return the bytes that the index takes in memory and, but for a header, on disk."""
        return sum(array.nbytes for array in (self.cells.table, self.cells.records, self.cells.rim))

    def save(self, folder: str | Path) -> None:
        """Write the index into ``folder`` (made if missing): the same index gives the same bytes."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(place / f"{name}.npy", getattr(self.cells, name))
        facts = {"format": FORMAT, "frame": asdict(self.cells.frame)}
        (place / "index.json").write_text(json.dumps(facts, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def open(cls, folder: str | Path, *, numba: bool = True) -> Self:
        """Open a saved index, memory-mapped: pages are shared by all processes that open it.

        Without ``numba`` numpy answers, unless numba is loaded already: slower for a million points, and
        120 MB less. Checksums are the snapshot's concern; this looks only at format, types and shapes.

        :raises SnapshotError: nothing saved there, or of another format.
        """
        place = Path(folder)
        try:
            facts = json.loads((place / "index.json").read_text(encoding="utf-8"))
            if facts["format"] != FORMAT:
                raise SnapshotError(f"the point index has format {facts['format']}, not {FORMAT}")
            frame = Frame(**facts["frame"])
            table, records, rim = (_mapped(place / f"{name}.npy") for name in _ARRAYS)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"no point index can be opened here: {error}") from error
        shapes = table.shape, records.shape[1:], rim.shape[1:]
        if shapes != ((frame.rows * frame.columns + 1,), (8,), (5,)):
            raise SnapshotError("the arrays of the point index do not belong together")
        return cls._of(Cells(frame, table, records, rim), numba=numba)


def _mapped(path: Path) -> NDArray[np.int32]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != np.int32:
        raise SnapshotError(f"{path.name} holds {array.dtype}, not int32")
    return np.asarray(array)
