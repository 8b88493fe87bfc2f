"""Servers elsewhere fetch what is published from the store, whole or not at all, and go on without it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from geogrid.errors import SnapshotError, StoreError
from geogrid.snapshot import Snapshot, catch_up, publish_snapshot, read_timeline, withdraw_version
from tests.governed import NOON, PLANS, TODAY, division, filled, opened
from tests.postgres import PostgresServer
from tests.stores import execute, kept_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geogrid.archive import Archive

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path, postgres: PostgresServer) -> Iterator[Archive]:
    with kept_on(postgres), opened(tmp_path) as store:
        yield store


def published(archive: Archive, folder: Path) -> int:
    draft = filled(archive)
    publish_snapshot(archive, draft.id, TODAY, folder / str(draft.id))
    return draft.id


def test_a_server_fetches_what_is_published_elsewhere(archive: Archive, tmp_path: Path) -> None:
    first = published(archive, tmp_path / "publisher")
    second = archive.add_version(
        "town", [division("c1", {**PLANS["c1"], "B": 1}), division("c2", PLANS["c2"])]
    )
    publish_snapshot(archive, second.id, TOMORROW, tmp_path / "publisher" / str(second.id))
    root = tmp_path / "server"
    assert catch_up(archive, "town", root) == 2
    assert catch_up(archive, "town", root) == 0
    for name in (str(first), str(second.id), "timeline.json"):
        here, there = root / name, tmp_path / "publisher" / name
        if here.is_file():
            assert here.read_bytes() == there.read_bytes()
        for file in here.rglob("*"):
            assert file.is_dir() or file.read_bytes() == (there / file.relative_to(here)).read_bytes()
    assert (root / "current").resolve() == (root / str(first)).resolve()
    assert Snapshot.open(root / "current").city["version"] == first


def test_a_withdrawn_version_leaves_the_timeline(archive: Archive, tmp_path: Path) -> None:
    first = published(archive, tmp_path / "publisher")
    second = archive.copy_version(first)
    publish_snapshot(archive, second.id, TOMORROW, tmp_path / "publisher" / str(second.id))
    catch_up(archive, "town", tmp_path / "server")
    withdraw_version(archive, second.id, tmp_path / "publisher")
    catch_up(archive, "town", tmp_path / "server")
    assert [one.version for one in read_timeline(tmp_path / "server")] == [first]


def test_damage_on_the_way_is_refused_and_what_was_there_stays(archive: Archive, tmp_path: Path) -> None:
    version = published(archive, tmp_path / "publisher")
    catch_up(archive, "town", tmp_path / "server")
    execute(
        tmp_path,
        "UPDATE deposit SET seal = 'another'",
        "UPDATE deposit_part SET data = overlay(data PLACING '\\x00'::bytea FROM 9)"
        " WHERE name = 'cards.json'",
    )
    with pytest.raises(SnapshotError, match=r"cards\.json is missing or damaged"):
        catch_up(archive, "town", tmp_path / "server")
    assert Snapshot.open(tmp_path / "server" / "current").city["version"] == version
    assert {one.name for one in (tmp_path / "server").iterdir()} == {str(version), "current", "timeline.json"}


def test_a_damaged_copy_is_fetched_anew(archive: Archive, tmp_path: Path) -> None:
    version = published(archive, tmp_path / "publisher")
    root = tmp_path / "server"
    catch_up(archive, "town", root)
    (root / str(version) / "manifest.json").write_text("{}")
    assert catch_up(archive, "town", root) == 1
    Snapshot.open(root / "current")


def test_a_name_that_leads_outside_is_refused(archive: Archive, tmp_path: Path) -> None:
    published(archive, tmp_path / "publisher")
    execute(tmp_path, "UPDATE deposit_part SET name = '../../outside' WHERE name = 'cards.json'")
    with pytest.raises(StoreError, match="outside"):
        catch_up(archive, "town", tmp_path / "server")
    assert not (tmp_path / "outside").exists()


def test_what_a_killed_publisher_left_undone_is_compiled(archive: Archive, tmp_path: Path) -> None:
    """It died between the commit and the compilation: at first it may still be at it, later it is not."""
    draft = filled(archive)
    archive.publish(draft.id, TODAY)
    assert catch_up(archive, "town", tmp_path / "early") == 0
    with opened(tmp_path, NOON + timedelta(minutes=6)) as later:
        assert catch_up(later, "town", tmp_path / "one") == 1
        assert catch_up(later, "town", tmp_path / "other") == 1
    assert Snapshot.open(tmp_path / "other" / "current").city["version"] == draft.id


def test_a_publication_is_heard_at_once(archive: Archive, tmp_path: Path) -> None:
    draft = filled(archive)
    began = threading.Event()
    heard: list[float] = []

    def listen() -> None:
        with opened(tmp_path) as mine, mine.listening() as wait:
            began.set()
            wait(60)
            heard.append(time.monotonic())

    thread = threading.Thread(target=listen)
    thread.start()
    assert began.wait(30)
    publish_snapshot(archive, draft.id, TODAY, tmp_path / "publisher" / "1")
    thread.join(30)
    assert heard


def hear_it_die(archive: Archive, server: PostgresServer) -> None:
    with archive.listening() as wait:
        server.stop("immediate")
        wait(60)


def test_a_listener_whose_server_dies_says_so(tmp_path: Path) -> None:
    with PostgresServer() as server, kept_on(server), opened(tmp_path) as archive:
        with pytest.raises(StoreError, match="could not be listened to"):
            hear_it_die(archive, server)
        server.start()
        assert archive.cities() == ()  # the dead connections are replaced unseen
