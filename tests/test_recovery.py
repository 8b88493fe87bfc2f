"""Full disks, databases that go and come back, two publishers at once, a day that is brought back."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from geogrid.archive import Status
from geogrid.errors import SnapshotError, StoreError
from geogrid.snapshot import Snapshot, publish_snapshot, read_timeline
from tests.governed import NOON, PLANS, TODAY, division, filled, governed_town, opened
from tests.postgres import SETTINGS, PostgresServer
from tests.stores import kept_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geogrid.model import City

TOMORROW = TODAY + timedelta(days=1)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a real file system of a few megabytes; only root may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def large_town(name: str) -> City:
    """Return the town with 40,000 addresses: more than the small disk holds."""
    town = governed_town()
    many = pd.concat([town.addresses] * 2300, ignore_index=True)
    many["address_id"] = [str(n) for n in range(len(many))]
    return replace(town, name=name, addresses=many)


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 3) as disk, opened(disk) as archive:
        filled(archive)
        with pytest.raises(StoreError, match="full"):
            archive.store_city(large_town("too large"))
        assert archive.load_city("town").name == governed_town().name
        archive.verify_audit()
    with small_disk(tmp_path / "other", 100) as disk, opened(disk) as archive:
        filled(archive)
        archive.store_city(large_town("fits"))
        assert archive.load_city("town").name == "fits"


def test_a_snapshot_that_finds_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    """The plan is published, as was acknowledged; its snapshot follows once there is room."""
    with opened(tmp_path) as archive, small_disk(tmp_path / "disk", 2) as disk:
        first = filled(archive)
        publish_snapshot(archive, first.id, TODAY, disk / "1")
        (disk / "other").write_bytes(b"x" * (shutil.disk_usage(disk).free - 65536))
        second = archive.copy_version(first.id)
        with pytest.raises(SnapshotError, match="snapshot 2 could not be written: the disk is full"):
            publish_snapshot(archive, second.id, TOMORROW, disk / "2")
        assert Snapshot.open(disk / "1").city["version"] == first.id
        assert [one.version for one in read_timeline(disk)] == [first.id]
        with pytest.raises(SnapshotError):
            Snapshot.open(disk / "2")
        assert {one.name for one in disk.iterdir()} == {"1", "other", "timeline.json"}
        (disk / "other").unlink()
        publish_snapshot(archive, second.id, TOMORROW, disk / "2")
        assert [one.version for one in read_timeline(disk)] == [first.id, second.id]


def test_two_publish_at_once_and_both_are_told_the_truth(postgres: PostgresServer, tmp_path: Path) -> None:
    """Of two plans for one day the later to be published counts; the timeline has one plan for every day."""
    with kept_on(postgres), opened(tmp_path) as archive:
        first = filled(archive)
        archive.publish(first.id, TODAY)
        rivals = [archive.copy_version(first.id).id for _ in range(4)]
        together = threading.Barrier(len(rivals))

        def publish(version: int) -> None:
            with opened(tmp_path) as mine:
                together.wait(60)
                publish_snapshot(mine, version, TOMORROW, tmp_path / "snapshots" / str(version))

        threads = [threading.Thread(target=publish, args=(version,)) for version in rivals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        published = [one for one in archive.versions("town") if one.status is Status.PUBLISHED]
        assert len(published) == 5
        periods = read_timeline(tmp_path / "snapshots")
        for day in (TODAY, TOMORROW, TOMORROW + timedelta(days=100)):
            (holding,) = [one.version for one in periods if one.holds(day)]
            in_force = archive.version_in_force("town", on=day)
            assert in_force is not None
            assert holding == in_force.id
        archive.verify_audit()


def test_a_database_that_goes_and_comes_back(tmp_path: Path) -> None:
    """It crashes, set up as an operator would: what was acknowledged is there again."""
    with PostgresServer({}) as server, kept_on(server), opened(tmp_path) as archive:
        draft = filled(archive)
        server.stop("immediate")
        with pytest.raises(StoreError, match="could not be read"):
            archive.cities()
        with pytest.raises(StoreError, match="could not be written"):
            archive.publish(draft.id, TODAY)
        server.start()
        assert [one.id for one in archive.cities()] == ["town"]
        archive.publish(draft.id, TODAY)
        archive.verify_audit()


@pytest.mark.slow
def test_a_moment_of_yesterday_is_brought_back(tmp_path: Path) -> None:
    """As docs/operator.md says: a base backup, the log of writes, and a moment before an accident."""
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o777)
    kept.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    logging = {"archive_mode": "on", "archive_command": f"'cp %p {kept}/%f'", "wal_level": "replica"}
    with PostgresServer({**SETTINGS, **logging}) as server, kept_on(server):
        with opened(tmp_path) as archive:
            draft = filled(archive)
            base = server.folder / "base"
            server.run("pg_basebackup", "-h", str(server.folder), "-p", str(server.port), "-U", "geogrid",
                       "-D", str(base), "-X", "none", "-c", "fast")  # fmt: skip
            archive.publish(draft.id, TODAY)
            before = server.sql("SELECT clock_timestamp()")
            changed = [division(name, dict.fromkeys(plan, 1)) for name, plan in PLANS.items()]
            accident = archive.add_version("town", changed, note="accident")
            archive.publish(accident.id, TOMORROW)
        server.sql("SELECT pg_switch_wal()")
        server.stop()
        with server.restored(base, f"cp {kept}/%f %p", before), opened(tmp_path, NOON) as archive:
            versions = archive.versions("town")
            assert [(one.id, one.status) for one in versions] == [(draft.id, Status.PUBLISHED)]
            assert archive.plan(draft.id, "c1").assignment == PLANS["c1"]
            archive.verify_audit()
            assert archive.copy_version(draft.id).id > draft.id
