"""Measure work on many workers: ``python -m benchmarks.cluster [--quick] [--part ...] [--data FOLDER]``.

Processor seconds stand beside the wall's, because they mean the same on a busy machine. All of Taipei is read
from the folder given (or GEOGRID_DATA, else ``../shared/data``); a quick run takes a part of Songshan.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.api.city import kept_snapshot
from benchmarks.bars import Bar, at_least, at_most, print_bars
from benchmarks.cluster.inputs import addresses, city_folder, partitioned, synthetic_points
from benchmarks.cluster.nation import Costs, print_nation
from benchmarks.cluster.watch import watched
from benchmarks.division.instances import data_folder
from geogrid.batch import assign_file, matcher_of
from geogrid.boundaries import read_city
from geogrid.cluster import AssignJob, DivideJob, PartJob, crew_of, run_job
from geogrid.cluster.partitions import in_order
from geogrid.exports import divided_of, units_table
from geogrid.fleet import divide_city
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot

if TYPE_CHECKING:
    from benchmarks.cluster.watch import Seen
    from geogrid.cluster import Crew, Report

PARTS = ("divide", "text", "points", "stream", "pieces")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    city: str
    rows: int | None  # addresses of the city; None for all
    pieces: int
    parts: int | None  # parts of the city that are divided; None for all
    stream: int  # synthetic points
    idle: int  # pieces that hold nothing


FULL = Size("taipei", None, 8, None, 100_000_000, 400)
QUICK = Size("songshan", 12_000, 4, 1, 6_000_000, 40)


def main() -> None:
    """Measure what is asked for and print it."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="a small city and short runs, under 50 s")
    words.add_argument("--part", action="append", choices=PARTS, help="this alone; may come twice")
    words.add_argument("--data", help="folder of the shared instances")
    given = words.parse_args()
    size = QUICK if given.quick else FULL
    print(f"{platform.machine()}, Python {platform.python_version()}, {_load()}\n")
    bars, costs = [], dict[str, float]()
    with tempfile.TemporaryDirectory(prefix="geogrid-cluster-") as folder:
        bench = Bench(size, data_folder(given.data), Path(folder))
        for part in given.part or PARTS:
            bars += getattr(bench, part)(costs)
    if set(costs) == set(Costs.__dataclass_fields__):
        print_nation(Costs(**costs))
    print(_load())
    print_bars(bars)


@dataclass(frozen=True)
class Bench:
    """One run: its size, where the data lie, and a folder to work in."""

    size: Size
    data: Path
    folder: Path

    def divide(self, costs: dict[str, float]) -> list[Bar]:
        """Cut the city into parts, divide them, and do the same on one machine."""
        source = city_folder(self.size.city, self.data, self.folder / "city")
        with crew_of(workers=2) as crew:
            parted, seen = self._run("part: read, check, cut", PartJob(8), source, "parts", crew)
            costs["read_s"] = seen.cpu_s / parted.counts["communities"]
            parts = self.folder / "parts"
            if self.size.parts is not None:
                for extra in sorted(parts.glob("*/part.*"))[self.size.parts :]:
                    extra.rename(self.folder / f"left-out-{extra.name}")
            divided, seen = self._run("divide", DivideJob(EIGHT_TO_TEN), parts, "divided", crew)
        costs["divide_s"] = seen.cpu_s / divided.rows
        print(f"  {dict(divided.counts)}")
        told = pa.concat_tables([pq.read_table(path) for path in self._divided("divisions")])
        ids = told.column("community_id").to_pylist()
        city = read_city(source)
        with watched() as alone:
            made = divide_city(city, EIGHT_TO_TEN, workers=2, communities=ids)
        print(f"  {'the same by the command divide, 2 processes':46} {_took(alone)}")
        proved = {one.community_id for one in made if one.division.proved}
        proved &= {one["community_id"] for one in told.to_pylist() if one["proved"]}
        alike = divided_of(city, ((one.graph, one.division.plan) for one in made))
        (batch,) = units_table(city, alike).batches
        same = _same_by_community(
            pa.Table.from_batches([batch]),
            pa.concat_tables([pq.read_table(path) for path in self._divided("units")]),
        )
        print(f"  {len(same & proved)} of {len(proved)} proved divisions are equal, byte for byte\n")
        return [
            at_least("communities divided", divided.rows, len(ids)),
            at_least("proved divisions equal to one machine's, share", len(same & proved) / len(proved), 1),
            at_most("divide: processor seconds, times one machine's", seen.cpu_s / alone.cpu_s, 1.25),
        ]

    def text(self, costs: dict[str, float]) -> list[Bar]:
        """Match all addresses by their text: one worker, two workers, and one machine alone."""
        table = addresses(self.size.city, self.data, self.size.rows)
        source = partitioned(table, ["full_address"], self.size.pieces, self.folder / "texts")
        job = self._assign_job()
        runs = {}
        for workers in (1, 2):
            with crew_of(workers=workers) as crew:
                _warm(crew, job, source, self.folder / f"warm-{workers}", workers)
                name = f"text, {workers} worker{'s' * (workers > 1)}"
                report, runs[workers] = self._run(name, job, source, f"by-text-{workers}", crew)
        print(f"  {dict(report.counts)}")
        whole = self.folder / "texts.parquet"
        pq.write_table(table.select(["full_address"]), whole)
        snapshot = Snapshot.open(self._snapshot())
        matcher = matcher_of(snapshot)
        with watched() as alone:
            assign_file(whole, self.folder / "alone.parquet", matcher)
        print(f"  {'the same by the command assign':46} {_took(alone)}")
        same = self._joined("by-text-2").equals(_plain(pq.read_table(self.folder / "alone.parquet")))
        print(f"  the pieces together are {'equal to' if same else 'OTHER THAN'} what one machine writes")
        costs["text_s"] = runs[2].cpu_s / table.num_rows
        wall = runs[1].wall_s / runs[2].wall_s
        cpu = runs[2].cpu_s / runs[1].cpu_s
        print(f"  two workers: {wall:.2f} times as fast as one, {cpu:.2f} times its processor time\n")
        return [
            at_least("addresses in and out", report.rows, table.num_rows),
            at_least("text matched, share", report.counts["matched"] / report.rows, 0.99),
            Bar("text: equal to one machine's rows", float(same), "1", same),
            at_most("text: processor seconds, times one machine's", runs[2].cpu_s / alone.cpu_s, 1.25),
            at_most("text: processor seconds of two workers, times one's", cpu, 1.15),
        ]

    def points(self, _costs: dict[str, float]) -> list[Bar]:
        """Place all addresses of the city by their positions."""
        table = addresses(self.size.city, self.data)
        source = partitioned(table, ["lon", "lat"], self.size.pieces, self.folder / "places")
        with crew_of(workers=2) as crew:
            _warm(crew, self._assign_job(), source, self.folder / "warm-places", 2)
            report = self._run("positions, 2 workers", self._assign_job(), source, "by-place", crew)[0]
        print(f"  {dict(report.counts)}\n")
        return [
            at_least("positions in and out", report.rows, table.num_rows),
            at_least("positions in a grid, share", report.counts["matched"] / report.rows, 0.99),
        ]

    def stream(self, costs: dict[str, float]) -> list[Bar]:
        """Stream synthetic points through two workers, watching the memory of all; ask the peers for some."""
        from benchmarks.cluster.peers import by_dask_geopandas, by_geopandas, grids_of

        snapshot = Snapshot.open(self._snapshot())
        bounds = snapshot.city["bounds"]
        source = synthetic_points(bounds, self.size.stream, 2_000_000, self.folder / "points")
        job = self._assign_job()
        with watched() as all_of_it, crew_of(workers=2) as crew:
            _warm(crew, job, source, self.folder / "warm-points", 2)
            report, seen = self._run("synthetic points, 2 workers", job, source, "placed", crew)
        costs["point_s"] = ours = seen.cpu_s / report.rows
        print(f"  all processes together: {all_of_it.peak_mb:,.0f} MB at the peak")
        print(f"  {'geogrid, 2 workers':46} {ours * 1e6:10.3f} us of processor a point")
        grids, peer = grids_of(snapshot), self.folder / "peer"
        synthetic_points(bounds, 500_000, 250_000, peer)
        rates = {
            "geopandas.sjoin": by_geopandas(peer / "part.0.parquet", grids, self.folder / "peer.parquet"),
            "dask_geopandas.sjoin": by_dask_geopandas(peer, grids, self.folder / "peer-out"),
        }
        for name, rate in rates.items():
            print(f"  {name:46} {rate * 1e6:10.3f} us, {rate / ours:.1f} times ours")
        print()
        return [
            at_least("points in and out", report.rows, self.size.stream),
            at_most("memory of all processes together, MB", all_of_it.peak_mb, 4000),
            *(at_least(f"a point: times {name}", rate / ours, 5) for name, rate in rates.items()),
        ]

    def pieces(self, costs: dict[str, float]) -> list[Bar]:
        """Measure what a piece costs beside its rows: pieces of one row."""
        table = addresses(self.size.city, self.data, self.size.idle)
        source = partitioned(table, ["lon", "lat"], self.size.idle, self.folder / "single")
        with crew_of(workers=2) as crew:
            _warm(crew, self._assign_job(), source, self.folder / "warm-single", 2)
            report, seen = self._run("pieces of one row", self._assign_job(), source, "by-one", crew)
        costs["piece_s"] = seen.cpu_s / report.pieces
        print(f"  {costs['piece_s'] * 1e3:.1f} ms of processor a piece, on client, scheduler and workers\n")
        return [at_most("a piece beside its rows, ms of processor", costs["piece_s"] * 1e3, 100)]

    def _snapshot(self) -> Path:
        return kept_snapshot(self.size.city, self.data).resolve()

    def _assign_job(self) -> AssignJob:
        return AssignJob.of(self._snapshot())

    def _divided(self, layer: str) -> list[Path]:
        return sorted((self.folder / "divided").rglob(f"{layer}.parquet"))

    def _joined(self, target: str) -> pa.Table:
        paths = in_order((self.folder / target).glob("part.*"), self.folder / target)
        return _plain(pa.concat_tables([_plain(pq.read_table(path)) for path in paths]))

    def _run(self, name: str, job: Any, source: Path, target: str, crew: Crew) -> tuple[Report, Seen]:
        with watched() as seen:
            report = run_job(job, source, self.folder / target, crew)
        print(f"  {name:46} {_took(seen)}, {report.pieces:,} pieces, {report.rows:,} rows")
        return report, seen


def _warm(crew: Crew, job: Any, source: Path, target: Path, workers: int) -> None:
    """Have every worker open its snapshot before anything is counted: a long job does so once."""
    few = target.with_name(f"{target.name}-in")
    few.mkdir()
    for number, path in enumerate(sorted(source.glob("part.*"))[: 2 * workers]):
        pq.write_table(pq.read_table(path).slice(0, 50), few / f"part.{number}.parquet")
    run_job(job, few, target, crew)


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without dictionaries, whose order is a matter of where batches end."""
    columns = [one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for one in table.columns]
    return pa.table(columns, names=table.schema.names).combine_chunks()


def _same_by_community(one: pa.Table, other: pa.Table) -> set[str]:
    """Return the communities whose rows are equal in both tables."""
    found = []
    for table in (one, other):
        rows = dict[str, list[Any]]()
        for row in table.to_pylist():
            rows.setdefault(row["community_id"], []).append(row)
        found.append(rows)
    return {name for name, rows in found[0].items() if found[1].get(name) == rows}


def _took(seen: Seen) -> str:
    return f"{seen.wall_s:8.1f} s, {seen.cpu_s:8.1f} s of processor, peak {seen.peak_mb:6,.0f} MB"


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {time.strftime('%H:%M')}"


if __name__ == "__main__":
    main()
