"""Work on many workers: the same bytes as on one machine, each piece once, through every loss."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import dask
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from geogrid.batch import assign_file, matcher_of
from geogrid.cli.app import app
from geogrid.cli.store import folder_in_force
from geogrid.cluster import PROCESSES, AssignJob, crew_of, run_job
from geogrid.cluster.crews import Processes
from geogrid.errors import ClusterError, InputError, PiecesError
from geogrid.snapshot import Snapshot
from geogrid.snapshot.files import read_manifest
from tests.published import publish
from tests.servers import ROOT, draw_certificate, wait_until
from tests.test_recovery import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.cluster import Crew, Report
    from geogrid.cluster.partitions import Partition
    from geogrid.cluster.schedulers import Scheduled

PARTS = 5
ROLES = ("SCHEDULER", "WORKER", "CLIENT")
# Homes of the governed town and the grid of each in its plan drawn by hand; one has no text, one no grid.
TEXTS = {
    "A小区1号楼": "210602001001001",
    "B小区2号楼": "210602001001003",
    "C小区1号楼": "210602001001002",
    "D小区3号楼": "210602001002001",
    "E小区2号楼": "210602001002002",
    "没有的路9号": "",
    "": "",
}


@pytest.fixture(scope="module")
def local() -> Iterator[Crew]:
    """Start one cluster of two processes for all tests of this module."""
    with crew_of(workers=2) as crew:
        yield crew


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write five partitions, each of all texts, numbered anew."""
    folder = tmp_path_factory.mktemp("addresses")
    texts = list(TEXTS)
    for part in range(PARTS):
        numbers = [part * len(texts) + n for n in range(len(texts))]
        pq.write_table(pa.table({"id": numbers, "address": texts}), folder / f"part.{part}.parquet")
    return folder


@pytest.fixture(scope="module")
def calm(
    town_snapshot: Path, addresses: Path, local: Crew, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Report]:
    """Do the job once without any trouble; tests that change the set copy it."""
    target = tmp_path_factory.mktemp("calm") / "out"
    return target, run_job(AssignJob.of(town_snapshot), addresses, target, local)


def told(target: Path) -> dict[str, object]:
    manifest: dict[str, object] = json.loads((target / "_manifest.json").read_text(encoding="utf-8"))
    return manifest


def pieces(target: Path) -> list[Path]:
    return [target / one["file"] for one in told(target)["pieces"]]  # type: ignore[attr-defined]


def rows(paths: Sequence[Path]) -> list[dict[str, object]]:
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def test_every_address_gets_the_grid_it_has_by_hand(calm: tuple[Path, Report]) -> None:
    target, report = calm
    out = rows(pieces(target))
    assert [row["id"] for row in out] == list(range(PARTS * len(TEXTS)))
    assert {row["address"]: row["grid_code"] for row in out} == TEXTS
    assert (report.pieces, report.kept, report.rows) == (PARTS, 0, PARTS * len(TEXTS))
    assert report.counts == {"empty": PARTS, "matched": 5 * PARTS, "none": PARTS}
    assert told(target)["counts"] == report.counts


def test_a_piece_is_what_one_machine_writes_byte_for_byte(
    town_snapshot: Path, addresses: Path, calm: tuple[Path, Report], tmp_path: Path
) -> None:
    matcher = matcher_of(Snapshot.open(town_snapshot))
    for number, piece in enumerate(pieces(calm[0])):
        alone = tmp_path / f"alone.{number}.parquet"
        assign_file(addresses / f"part.{number}.parquet", alone, matcher)
        assert piece.read_bytes() == alone.read_bytes()


@dataclass(frozen=True, slots=True)
class Killed(AssignJob):
    """Kills its worker once, half way through the third partition; ``once`` is a file that says it did."""

    once: Path = Path()

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        if partition.number == 2 and not self.once.exists():
            self.once.touch()
            aside.write_bytes((partition.path).read_bytes()[:100])
            os.kill(os.getpid(), signal.SIGKILL)
        return AssignJob.make(self, partition, aside)


@pytest.mark.parametrize("where", ["local", PROCESSES])
def test_a_worker_killed_half_way_loses_and_doubles_nothing(
    town_snapshot: Path, addresses: Path, local: Crew, calm: tuple[Path, Report], tmp_path: Path, where: str
) -> None:
    job = AssignJob.of(town_snapshot)
    killed = Killed(job.folder, job.seal, once=tmp_path / "killed")
    if where == PROCESSES:
        with crew_of(PROCESSES, 1) as crew:
            report = run_job(killed, addresses, tmp_path / "out", crew)
    else:
        report = run_job(killed, addresses, tmp_path / "out", local)
    assert killed.once.exists()
    assert report.rows == PARTS * len(TEXTS)
    assert [path.read_bytes() for path in pieces(tmp_path / "out")] == [
        path.read_bytes() for path in pieces(calm[0])
    ]
    assert told(tmp_path / "out") == told(calm[0])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        path.name for path in calm[0].iterdir()
    )


def test_a_process_lost_between_two_rounds_is_replaced() -> None:
    number = ["__import__('os').getpid()"]  # read by a builtin: a process need not import this module
    with Processes(1) as crew:
        (first,) = crew.each(eval, number)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: crew._pool._broken, 30)
        (second,) = crew.each(eval, number)
    assert second != first


@contextmanager
def certified(folder: Path) -> Iterator[None]:
    """Name a certificate of this machine's own to Dask, as an operator does: in the environment."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    draw_certificate(key, chain)
    files = {f"{who}__{what}": one for who in ROLES for what, one in (("CERT", chain), ("KEY", key))}
    named = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(one) for name, one in files.items()}
    named["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = str(chain)
    with mock.patch.dict(os.environ, {**named, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}):
        dask.config.refresh()
        yield
    dask.config.refresh()


@contextmanager
def elsewhere(folder: Path, workers: int) -> Iterator[str]:
    """Start a Dask scheduler and workers with TLS as an operator does, and give the scheduler's address."""
    program, note = str(Path(sys.executable).with_name("dask")), folder / "scheduler.json"
    common = ["--scheduler-file", str(note)]
    scheduler = [program, "scheduler", *common, "--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard"]
    worker = [
        program,
        "worker",
        *common,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--no-nanny",
        "--local-directory",
        str(folder),
    ]
    with (folder / "said").open("wb") as said:
        commands = [scheduler, *[worker] * workers]
        running = [subprocess.Popen(one, cwd=ROOT, stdout=said, stderr=said) for one in commands]
    try:
        wait_until(note.exists, 60)
        yield json.loads(note.read_text())["address"]
    finally:
        for one in running:  # they keep nothing: a polite end would take longer than the test
            one.kill()
            one.wait()


@dataclass(frozen=True, slots=True)
class Meddled(AssignJob):
    """Writes to its source while it reads it."""

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        warnings = AssignJob.make(self, partition, aside)
        if partition.number == 1:
            pq.write_table(pa.table({"address": ["A小区1号楼"]}), partition.path)
        return warnings


def test_a_partition_that_changes_under_the_job_makes_no_piece(
    town_snapshot: Path, addresses: Path, local: Crew, tmp_path: Path
) -> None:
    shutil.copytree(addresses, tmp_path / "source")
    job = AssignJob.of(town_snapshot)
    with pytest.raises(PiecesError, match=r"part\.1\.parquet: it changed while the job ran"):
        run_job(Meddled(job.folder, job.seal), tmp_path / "source", tmp_path / "out", local)
    made = sorted(path.name.split("-")[0] for path in (tmp_path / "out").glob("part*"))
    assert made == ["part.0", "part.2", "part.3", "part.4"]


class Stopped(Exception):
    pass


def test_a_job_goes_on_where_its_client_stopped(
    town_snapshot: Path, addresses: Path, local: Crew, tmp_path: Path
) -> None:
    def stop(done: int, _: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        run_job(AssignJob.of(town_snapshot), addresses, tmp_path, local, progress=stop)
    assert not (tmp_path / "_manifest.json").exists()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part*")}
    report = run_job(AssignJob.of(town_snapshot), addresses, tmp_path, local)
    assert 3 <= len(before) <= report.kept <= PARTS  # those that were on their way may have come in
    assert report.rows == PARTS * len(TEXTS)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part*")}
    assert after | before == after
    assert len(after) == PARTS


def test_a_scheduler_elsewhere_does_the_same_and_a_second_client_goes_on(
    addresses: Path, calm: tuple[Path, Report], tmp_path: Path
) -> None:
    """The first client stops after two pieces; the command line is the second one, relative paths and all.

    All of them speak TLS; who has no certificate is told so.
    """

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise Stopped

    snapshot = publish(tmp_path)
    store = f"sqlite:///{tmp_path}/store.db"
    folder = folder_in_force(store, "")
    assert read_manifest(folder)["sha256"] == read_manifest(snapshot)["sha256"]
    job, out = AssignJob.of(folder), tmp_path / "out"
    with certified(tmp_path), elsewhere(tmp_path, 1) as address:
        assert address.startswith("tls://")
        with pytest.raises(Stopped), crew_of(address) as crew:
            run_job(job, addresses, out, crew, progress=stop)
        command = ["cluster", "assign", os.path.relpath(addresses), os.path.relpath(out), "--json"]
        result = CliRunner().invoke(app, [*command, "--scheduler", address, "--store", store])
        with dask.config.set({"distributed.comm.tls.client": {"cert": None, "key": None}}):
            refused = CliRunner().invoke(app, [*command, "--scheduler", address, "--store", store])
    assert refused.exit_code != 0
    assert "TLS" in refused.output
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["pieces"], report["rows"]) == (PARTS, PARTS * len(TEXTS))
    assert report["kept"] >= 2
    assert told(out) == told(calm[0])


def test_a_changed_source_or_plan_is_refused(
    hostile_snapshot: Path, addresses: Path, local: Crew, calm: tuple[Path, Report], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(addresses, source)
    shutil.copytree(calm[0], tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    pq.write_table(pa.table({"address": ["A小区1号楼"]}), source / "part.1.parquet")
    (source / "part.4.parquet").unlink()
    with pytest.raises(InputError) as caught:
        run_job(AssignJob.of(hostile_snapshot), source, tmp_path / "out", local)
    assert [(fault.rule, fault.field, fault.id) for fault in caught.value.faults] == [
        ("another-job", "snapshot", ""),
        ("another-source", "", "part.1"),
        ("another-source", "", "part.4"),
    ]
    assert all(fault.file == str(tmp_path / "out") for fault in caught.value.faults)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_all_faults_are_told_before_anything_is_made(
    town_snapshot: Path, addresses: Path, local: Crew, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(addresses, source)
    (source / "part.1.parquet").write_bytes(b"PAR1 no table PAR1")
    pq.write_table(pa.table({"id": [1]}), source / "part.3.parquet")
    pq.write_table(pa.table({"lon": [1.0], "lat": [1.0]}), source / "part.9.parquet")
    with pytest.raises(InputError) as caught:
        run_job(AssignJob.of(town_snapshot), source, tmp_path / "out", local)
    assert [(Path(fault.file).name, fault.rule) for fault in caught.value.faults] == [
        ("part.1.parquet", "broken-file"),
        ("part.3.parquet", "which-column"),
        ("part.9.parquet", "another-reading"),
    ]
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_told_and_what_is_finished_is_kept(
    town_snapshot: Path, local: Crew, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    rows = 80_000  # of two numbers: the pieces of two workers fit on the disk, three do not
    for part in range(4):
        places = dict(zip(("lon", "lat"), np.random.default_rng(part).uniform(0, 80, (2, rows)), strict=True))
        pq.write_table(pa.table(places), source / f"part.{part}.parquet")
    with small_disk(tmp_path / "disk", 3) as disk:
        with pytest.raises(ClusterError, match=r"part\.\d-\w+\.parquet could not .*: the disk is full"):
            run_job(AssignJob.of(town_snapshot), source, disk / "out", local)
        assert not (disk / "out" / "_manifest.json").exists()
        kept = list((disk / "out").glob("part*"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        report = run_job(AssignJob.of(town_snapshot), source, disk / "out", local)
    assert report.rows == 4 * rows
    assert 1 <= len(kept) <= report.kept  # a worker may have come to its end meanwhile


def test_a_piece_that_changed_and_a_stranger_are_found(
    town_snapshot: Path, addresses: Path, local: Crew, calm: tuple[Path, Report], tmp_path: Path
) -> None:
    out = shutil.copytree(calm[0], tmp_path / "out")
    piece = pieces(out)[0]
    pq.write_table(pq.read_table(piece).slice(1), piece)
    (out / "part.77.parquet").touch()
    with pytest.raises(PiecesError) as caught:
        run_job(AssignJob.of(town_snapshot), addresses, out, local)
    assert [fault.rule for fault in caught.value.faults] == [
        "rows-lost",
        "damaged-piece",
        "stranger-in-the-set",
    ]
    piece.unlink()
    (out / "part.77.parquet").unlink()
    assert run_job(AssignJob.of(town_snapshot), addresses, out, local).kept == PARTS - 1


def test_workers_leave_an_interruption_to_their_client(local: Scheduled) -> None:
    heard = local.client.run(signal.getsignal, signal.SIGINT)
    assert set(heard.values()) == {signal.SIG_IGN}


def test_no_scheduler_is_told_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with (
            pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}"),
            mock.patch("geogrid.cluster.schedulers.ANSWER_S", 1),
            crew_of(address),
        ):
            pass
