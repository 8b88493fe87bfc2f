"""Assign the rows of every partition to grids: ``geogrid assign``, many times at once."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

import pyarrow.compute as pc
import pyarrow.parquet as pq

from geogrid.batch import Columns, assign_file, find_columns, matcher_of
from geogrid.batch.assign import check_crs
from geogrid.batch.columns import DEFAULT_COLUMNS
from geogrid.batch.told import ADDED
from geogrid.cluster.dividing import seal_of
from geogrid.cluster.partitions import Contents, parquet_files
from geogrid.errors import ClusterError, Fault, InputError
from geogrid.snapshot import Snapshot
from geogrid.snapshot.files import read_manifest
from geogrid.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geogrid.batch import Matcher
from geogrid.cluster.partitions import Partition

BY_TEXT = "text "


@dataclass(frozen=True, slots=True)
class AssignJob:
    """Assigns addresses or positions by the snapshot in ``folder``, whose seal is ``seal``."""

    folder: Path
    seal: str
    columns: Columns = DEFAULT_COLUMNS
    kind: ClassVar[str] = "assign"
    ending: ClassVar[str] = ".parquet"

    @classmethod
    def of(cls, folder: Path, columns: Columns = DEFAULT_COLUMNS) -> Self:
        """Return the job that answers by the snapshot in ``folder`` as it is now.

        :raises SnapshotError: there is none.
        """
        folder = folder.absolute()  # workers stand in folders of their own
        return cls(folder, read_manifest(folder, verify=False)["sha256"], columns)

    def facts(self) -> Mapping[str, str]:
        """Return the plan that answers, and where in a row the question stands."""
        asked = self.columns
        return {
            "snapshot": self.seal,
            "address": asked.address,
            "lon": asked.lon,
            "lat": asked.lat,
            "crs": asked.crs,
        }

    def partitions(self, source: Path) -> Sequence[Path]:
        """Return the Parquet files of the source.

        :raises InputError: there are none, or the coordinates' system is none.
        """
        check_crs(self.columns.crs, source)
        return parquet_files(source)

    def survey(self, path: Path) -> Contents:
        """Return the rows of a partition and where its questions stand."""
        with open_table(path) as table:
            found = find_columns(table.schema.names, self.columns, geometry=table.geometry, file=str(path))
            by_place = f"{found.lon} and {found.lat}" if found.lon else f"shape {found.shape}"
            words = f"{BY_TEXT}{found.address}" if found.address else by_place
            return Contents(table.rows or 0, reading=words)

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        """Write a partition with its answers, exactly as ``geogrid assign`` does."""
        snapshot, matcher = _opened(self.folder, self.seal)
        # Shifted coordinates are the whole set's: one look for them, because it costs a tree of all doors.
        doors = snapshot.door_places if partition.number == 0 else None
        return assign_file(partition.path, aside, matcher, columns=self.columns, doors=doors).warnings

    def read_back(self, piece: Path) -> tuple[Contents, Mapping[str, int]]:
        """Return the rows of a piece and how many of them have each status."""
        with pq.ParquetFile(piece) as file:
            # The answers stand behind the columns of the source, which may have such names too.
            at = next(
                n for n in reversed(range(len(file.schema_arrow))) if _is_status(file.schema_arrow.names[n])
            )
            counted = pc.value_counts(file.read(columns=[file.schema_arrow.names[at]]).column(0))
            counts = {one["values"]: one["counts"] for one in counted.to_pylist()}
            return Contents(file.metadata.num_rows), counts


def _is_status(name: str) -> bool:
    return name == ADDED[2] or name.startswith(f"{ADDED[2]}_")


@dataclass(frozen=True, slots=True)
class PlaceJob(AssignJob):
    """Assigns positions by the grids of the divided set in ``folder``: no plan is published for it."""

    @classmethod
    def of(cls, folder: Path, columns: Columns = DEFAULT_COLUMNS) -> Self:
        """Return the job that answers by a divided set as it is now.

        :raises InputError: it is none, or not whole yet.
        """
        folder = folder.absolute()
        return cls(folder, seal_of(folder), columns)

    def facts(self) -> Mapping[str, str]:
        """Return the grids that answer, and where in a row the position stands."""
        facts = dict(AssignJob.facts(self))
        return {"grids": facts.pop("snapshot"), **facts}

    def survey(self, path: Path) -> Contents:
        """Return the rows of a partition and where its positions stand."""
        found = AssignJob.survey(self, path)
        if found.reading.startswith(BY_TEXT):
            told, remedy = "it has addresses; a divided set knows positions only", "name --lon and --lat"
            raise InputError((Fault("no-positions", told, remedy, str(path)),))
        return found

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        """Write a partition with the grids of its positions."""
        return assign_file(
            partition.path, aside, _grids(self.folder, self.seal), columns=self.columns
        ).warnings


@lru_cache(maxsize=1)
def _grids(folder: Path, seal: str) -> Matcher:
    """Open a divided set once a worker."""
    from geogrid.cluster.grids import GridSetMatcher

    if seal_of(folder) != seal:
        raise ClusterError(f"the divided set in {folder} is another one than when the job began")
    return GridSetMatcher(folder)


@lru_cache(maxsize=2)
def _opened(folder: Path, seal: str) -> tuple[Snapshot, Matcher]:
    """Open the snapshot, once a worker; workers of one machine share its pages."""
    snapshot = Snapshot.open(folder)
    if snapshot.manifest["sha256"] != seal:
        raise ClusterError(f"the snapshot in {folder} is another one than when the job began")
    matcher = matcher_of(snapshot)
    gc.collect()
    gc.freeze()  # the index never changes: nobody need walk it while rows come and go
    return snapshot, matcher
