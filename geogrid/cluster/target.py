"""The set that a job writes: pieces that come in whole, a note of the job, and a manifest that comes last.

::

    TARGET/_job.json                        what the pieces are made of; another job is refused
    TARGET/part.0-5c0c94cf8d1e.parquet      a piece: its partition's name and a digest of all that makes it
    TARGET/_manifest.json                   every piece with its rows and checksum; there only when all are

A piece is a file or a folder. It is written aside under a name of its own, brought to the disk and moved
into place in one step that never replaces one that stands there: of two workers at one piece the first one's
stays.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from geogrid.aside import room_beside, sweep_all, sync, why_unwritten, written_aside
from geogrid.errors import ClusterError, Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geogrid.cluster.partitions import Partition

JOB, MANIFEST = "_job.json", "_manifest.json"
FORMAT = 1


def digest_of_facts(facts: Mapping[str, str]) -> str:
    """Return the digest of what the pieces of a job depend on beside their partitions."""
    return hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()


def piece_path(target: Path, partition: Partition, facts: Mapping[str, str], ending: str) -> Path:
    """Return where the piece of a partition stands once it is whole."""
    made_of = f"{digest_of_facts(facts)} {partition.sha256}"
    return target / f"{partition.name}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}{ending}"


@contextmanager
def written_piece(piece: Path) -> Iterator[Path]:
    """Give a path beside ``piece`` to write a file or a folder to; after the block it is moved into place.

    The target was swept when the job was taken up, and is again when it is sealed.

    :raises ClusterError: the disk is full or cannot be written.
    """
    try:
        with room_beside(piece, swept=True) as room:
            aside = room / piece.name
            yield aside
            for path in (*aside.rglob("*"), aside):
                sync(path)
            _move(aside, piece)
            sync(piece.parent)
    except OSError as error:
        raise _unwritten(piece, error) from error


def _move(aside: Path, piece: Path) -> None:
    try:
        if aside.is_dir():
            aside.rename(piece)  # fails where a folder that holds something stands
        else:
            os.link(aside, piece)  # fails where a file stands
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):  # a file system without hard links
            aside.rename(piece)
        elif error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _unwritten(path: Path, error: OSError) -> ClusterError:
    return ClusterError(
        f"{path} could not be written: {why_unwritten(path, error)}; what is finished is kept"
    )


def take_up(target: Path, facts: Mapping[str, str], partitions: Sequence[Partition]) -> None:
    """Note the job in its target, or find there that it is the job that was begun.

    :raises InputError: the target holds something else, or the pieces of another job; told is what differs.
    """
    told = {"format": FORMAT, **facts, "partitions": {one.name: one.sha256 for one in partitions}}
    held = read_note(target / JOB)
    if held is None:
        strangers = [path.name for path in sorted(target.glob("*"))] if target.is_dir() else []
        if strangers or target.is_file():
            message = (
                f"it is there and holds no job: {', '.join(strangers[:5])}" if strangers else "it is a file"
            )
            raise _refusal([Fault("no-empty-target", message, "choose another target", str(target))])
        write_note(target / JOB, told)
    elif held != told:
        raise _refusal(_differences(target, held, told))
    sweep_all(target)


def _refusal(faults: Iterable[Fault]) -> InputError:
    return InputError(tuple(faults))


def _differences(target: Path, held: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Fault]:
    remedy = "choose another target, or remove this one to begin anew"
    for name in sorted({*held, *told} - {"partitions"}):
        if held.get(name) != told.get(name):
            words = f"it was begun with {name} {held.get(name)}, not {told.get(name)}"
            yield Fault("another-job", words, remedy, str(target), field=name)
    before, now = held.get("partitions", {}), told["partitions"]
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            how = (
                "changed since" if name in before and name in now else "is new" if name in now else "is gone"
            )
            yield Fault("another-source", f"its partition {name} {how}", remedy, str(target), id=name)


def strangers(target: Path, pieces: Iterable[Path]) -> list[str]:
    """Return what stands in the target and is no piece of the set."""
    known = set(pieces)
    around = {parent for piece in known for parent in piece.parents}
    return [path.name for path in sorted(_entries(target, known)) if path not in known | around]


def _entries(folder: Path, known: set[Path]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name[0] in "._":
            continue
        yield path
        if path.is_dir() and path not in known:
            yield from _entries(path, known)


def seal(target: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, the last of a set, and remove what lies aside: the set is whole."""
    write_note(target / MANIFEST, {"format": FORMAT, **manifest})
    sweep_all(target)


def write_note(path: Path, told: Mapping[str, Any]) -> None:
    """Write a note in one step."""
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    try:
        with written_aside(path) as aside:
            aside.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritten(path, error) from error


def read_note(path: Path) -> dict[str, Any] | None:
    """Return a note of a target, None where there is none.

    :raises InputError: it cannot be read.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        message, remedy = "the note cannot be read", "remove its folder to begin anew"
        raise InputError((Fault("broken-file", message, remedy, str(path)),))
    return told
