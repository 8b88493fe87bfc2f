"""Divide the communities of every part: ``geogrid divide``, many times at once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geogrid.cluster.ground import read_part
from geogrid.cluster.partitions import Contents, in_order
from geogrid.cluster.target import MANIFEST, read_note
from geogrid.credits import credited
from geogrid.errors import Fault, InputError
from geogrid.exports import divided_of, grids_table, units_table
from geogrid.fleet import divide_city
from geogrid.policy import policy_table
from geogrid.tables import table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geogrid.cluster.partitions import Partition
    from geogrid.fleet import Divided as Made
    from geogrid.policy import Policy
    from geogrid.tables import Table

DIVISION_SCHEMA = pa.schema(
    [
        ("community_id", pa.string()),
        ("grids", pa.int64()),
        ("units", pa.int64()),
        ("proved", pa.bool_()),
        ("gap", pa.float64()),
        ("engine", pa.string()),
        ("objectives", pa.string()),
        ("bounds", pa.string()),
        ("gave_way", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class DivideJob:
    """Divides every community under ``policy``; no plan in force plays a part."""

    policy: Policy
    time_limit_s: float | None = None
    kind: ClassVar[str] = "divide"
    ending: ClassVar[str] = ""

    def facts(self) -> Mapping[str, str]:
        """Return the policy and the time that a community may take."""
        limit = self.policy.time_limit_s if self.time_limit_s is None else self.time_limit_s
        return {"policy": json.dumps(policy_table(self.policy), sort_keys=True), "time_limit_s": f"{limit:g}"}

    def partitions(self, source: Path) -> Sequence[Path]:
        """Return the folders of the parts."""
        folders = part_folders(source)
        if not folders:
            told, remedy = "there are no parts of cities here", "write them with `geogrid cluster part`"
            raise InputError((Fault("no-partitions", told, remedy, str(source)),))
        return folders

    def survey(self, path: Path) -> Contents:
        """Return the communities of a part."""
        ids = tuple(community.id for community in read_part(path).communities)
        return Contents(len(ids), ids)

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        """Write units, grids and what is known of each division of a part."""
        part = read_part(partition.path)
        made = divide_city(part, self.policy, workers=1, time_limit_s=self.time_limit_s)
        divided = divided_of(part, ((one.graph, one.division.plan) for one in made))
        tables = {
            "grids": grids_table(part, divided),
            "units": units_table(part, divided),
            "divisions": _divisions_table(made),
        }
        aside.mkdir()
        for name, table in tables.items():
            write_table(aside / f"{name}.parquet", credited(table, part.attribution, part.licence))
        return ()

    def read_back(self, piece: Path) -> tuple[Contents, Mapping[str, int]]:
        """Return the communities of a piece, and count them, their grids and units, and what is proved."""
        told = pq.read_table(piece / "divisions.parquet")
        ids = tuple(told.column("community_id").to_pylist())
        counts = {"communities": len(ids), "proved": pc.sum(told.column("proved")).as_py() or 0}
        counts |= {name: pq.read_metadata(piece / f"{name}.parquet").num_rows for name in ("grids", "units")}
        return Contents(len(ids), ids), counts


def part_folders(source: Path) -> list[Path]:
    """Return the folders of the parts in a source, in the order of their names."""
    return in_order((path.parent for path in source.rglob("communities.parquet")), source)


def manifest_of(divided: Path) -> dict[str, Any]:
    """Return the manifest of a divided set.

    :raises InputError: it is none, or not whole yet.
    """
    note = read_note(divided / MANIFEST)
    if note is None or note.get("kind") != "divide":
        told, remedy = "there is no divided set, or it is not whole", "divide to the end first"
        raise InputError((Fault("no-divided-set", told, remedy, str(divided)),))
    return note


def seal_of(divided: Path) -> str:
    """Return the digest of a divided set.

    :raises InputError: it is none, or not whole yet.
    """
    return hashlib.sha256(json.dumps(manifest_of(divided), sort_keys=True).encode()).hexdigest()


def _divisions_table(made: Sequence[Made]) -> Table:
    """Return one row a community; how long it took is left out: it differs from run to run."""
    rows = [
        {
            "community_id": one.community_id,
            "grids": len(one.division.plan.members()),
            "units": len(one.graph.units),
            "proved": one.division.proved,
            "gap": one.division.gap,
            "engine": str(one.division.engine),
            "objectives": json.dumps(dict(one.division.vector)),
            "bounds": json.dumps(dict(one.division.bounds)),
            "gave_way": "; ".join(str(breach.rule) for breach in one.division.gave_way),
        }
        for one in made
    ]
    columns = {name: [row[name] for row in rows] for name in DIVISION_SCHEMA.names}
    return table_of(columns, DIVISION_SCHEMA)
