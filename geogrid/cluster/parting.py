"""Cut cities into parts that workers divide: each city is read and checked whole, by one worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow.parquet as pq

from geogrid.boundaries import read_city
from geogrid.boundaries.read import CITY_FILE
from geogrid.cluster.dividing import part_folders
from geogrid.cluster.ground import parts_of, write_part
from geogrid.cluster.partitions import Contents
from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geogrid.cluster.partitions import Partition

COMMUNITIES = 8  # in a part: a minute or two of work, so that a lost worker loses little


@dataclass(frozen=True, slots=True)
class PartJob:
    """Cuts each city of a source into parts of so many ``communities``."""

    communities: int = COMMUNITIES
    kind: ClassVar[str] = "part"
    ending: ClassVar[str] = ""

    def facts(self) -> Mapping[str, str]:
        """Return the size of a part."""
        return {"communities": str(self.communities)}

    def partitions(self, source: Path) -> Sequence[Path]:
        """Return the folder of a city, or the folders of cities in it: those with a ``city.toml``."""
        found = sorted(path.parent for path in source.rglob(CITY_FILE)) if source.is_dir() else []
        if not found:
            told, remedy = f"there is no folder with a {CITY_FILE} here", "see docs/city-data.md"
            raise InputError((Fault("no-partitions", told, remedy, str(source)),))
        return found

    def survey(self, path: Path) -> Contents:
        """Return one city; its faults are told, all at once, when it is read."""
        return Contents(int((path / CITY_FILE).is_file()))

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        """Read a city and write its parts."""
        city = read_city(partition.path)
        for number, part in enumerate(parts_of(city, self.communities)):
            write_part(aside / f"part.{number:04d}", part)
        return [f"{city.name}: {len(city.faults):,} things repaired or worth knowing"] if city.faults else []

    def read_back(self, piece: Path) -> tuple[Contents, Mapping[str, int]]:
        """Return the one city of a piece, and count its parts and communities."""
        folders = part_folders(piece)
        communities = sum(pq.read_metadata(folder / "communities.parquet").num_rows for folder in folders)
        return Contents(int(communities > 0)), {"parts": len(folders), "communities": communities}
