"""What is written aside: whole or not there, never in the way of another, swept once its writer is dead."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from geogrid.aside import room_beside, sweep_all, why_unwritten, written_aside

if TYPE_CHECKING:
    from pathlib import Path

HALF_WRITTEN = """
import os, sys
from pathlib import Path
from geogrid.aside import written_aside
with written_aside(Path(sys.argv[1])) as aside:
    aside.write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def writer(path: Path) -> subprocess.Popen[bytes]:
    """Start a process that has written half of a file and waits."""
    words = [sys.executable, "-c", HALF_WRITTEN, str(path)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "people.csv"
    with written_aside(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
        assert aside.name == path.name  # a writer that goes by the ending or the name finds both
    assert path.read_text() == "whole"
    assert there(path.parent) == ["people.csv"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("old")

    def fail() -> None:
        with written_aside(path) as aside:
            aside.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_text() == "old"
    assert there(tmp_path) == ["people.csv"]


@pytest.mark.parametrize("name", ["people.csv", "[a-z]*.csv", "名册 ?.csv"])
def test_what_a_killed_writer_left_is_swept_by_the_next(tmp_path: Path, name: str) -> None:
    """It may hold addresses, so it must not lie about."""
    path = tmp_path / name
    killed = writer(path)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    (left,) = tmp_path.iterdir()
    assert left.stat().st_mode & 0o077 == 0  # nobody else reads it meanwhile
    with written_aside(path) as aside:
        aside.write_text("whole")
    assert there(tmp_path) == [name]


def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    other = writer(path)
    with written_aside(path) as aside:
        aside.write_text("mine")
        assert len(there(tmp_path)) == 2
    assert path.read_text() == "mine"
    other.communicate(b"")
    assert path.read_text() == "half"  # the later of two writers counts
    assert there(tmp_path) == ["people.csv"]


def test_what_lies_beside_another_file_is_left_alone(tmp_path: Path) -> None:
    killed = writer(tmp_path / "other.csv")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    with room_beside(tmp_path / "people.csv"):
        assert len(there(tmp_path)) == 2
    assert len(there(tmp_path)) == 1


def test_a_folder_is_swept_at_once_and_then_not_for_each_file(tmp_path: Path) -> None:
    living, *killed = (writer(tmp_path / name) for name in ("a.csv", "b.csv", "deep/c.csv"))
    for one in killed:
        one.kill()
        one.wait()
    with room_beside(tmp_path / "b.csv", swept=True):
        assert len(there(tmp_path)) == 4  # the rooms of a and b, deep, and this one
    sweep_all(tmp_path)
    assert len(there(tmp_path)) == 2
    assert there(tmp_path / "deep") == []
    living.communicate(b"")
    assert there(tmp_path) == ["a.csv", "deep"]


def test_why_nothing_was_written_is_told_though_its_folder_could_not_be_made(tmp_path: Path) -> None:
    target = tmp_path / "no" / "such" / "folder" / "a.csv"
    assert why_unwritten(target, PermissionError(errno.EACCES, "Permission denied")) == "Permission denied"
    assert why_unwritten(target, OSError(errno.ENOSPC, "No space left")) == "the disk is full"
