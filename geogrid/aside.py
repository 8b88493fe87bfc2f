"""Write a file or a folder aside and put it in its place when it is whole: no reader meets half of it.

What is written aside lies in a hidden folder beside its place, locked by the process that writes there. The
lock ends with the process, however that ends; so one that nobody has locked was left by a process that was
killed, and the next who writes to the same place sweeps it away.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = ".part"
ROOM_BYTES = 1 << 20  # a disk with less is full


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Hand out a path beside ``path``; it takes its place when all went well, else it is removed."""
    with room_beside(path) as room:
        aside = room / path.name
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)


@contextmanager
def room_beside(path: Path, *, swept: bool = False) -> Iterator[Path]:
    """Give an empty hidden folder beside ``path``, which only this user may enter; it is removed after.

    Who writes many files to one folder sweeps it once, by ``sweep_all``, and says that it is ``swept``: to
    look through it for each file would take the square of their number.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not swept:
        _sweep(path)
    room, lock = _locked_room(path)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        os.close(lock)


def sweep_all(folder: Path) -> None:
    """Remove all rooms in a folder, however deep, whose writers were killed."""
    for place, names, _ in os.walk(folder):
        for name in names:
            if name[0] == "." and name.endswith(ENDING):
                _remove_left(Path(place, name))


def _sweep(path: Path) -> None:
    """Remove the rooms beside ``path`` whose writers were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{ENDING}"):
        _remove_left(left)


def _remove_left(room: Path) -> None:
    with suppress(BlockingIOError, FileNotFoundError, PermissionError):  # it is in use, or gone already
        lock = _lock(room)
        shutil.rmtree(room, ignore_errors=True)
        os.close(lock)


def _locked_room(path: Path) -> tuple[Path, int]:
    """Make a room and lock it; one that was swept before it was locked is made anew."""
    while True:
        room = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=ENDING, dir=path.parent))
        with suppress(BlockingIOError, FileNotFoundError):  # somebody has begun to sweep it
            lock = _lock(room)
            if room.exists():
                return room, lock
            os.close(lock)


def _lock(room: Path) -> int:
    """Return the descriptor that holds the lock on a room.

    :raises BlockingIOError: somebody else holds it.
    :raises OSError: the room is gone, or the file system knows no locks.
    """
    handle = os.open(room, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def why_unwritten(path: Path, error: OSError) -> str:
    """Return in words why ``path`` could not be written; some libraries do not say that a disk is full."""
    there = next(one for one in path.absolute().parents if one.exists())
    full = error.errno == errno.ENOSPC or shutil.disk_usage(there).free < ROOM_BYTES
    return "the disk is full" if full else error.strerror or str(error)
