"""The partitions that a job reads: which there are, and what each holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from geogrid.aside import sha256_of
from geogrid.codes import natural_order
from geogrid.errors import Fault, FaultyError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geogrid.cluster.crews import Crew


@dataclass(frozen=True, slots=True)
class Contents:
    """What a partition holds: its ``rows``, the ids in it that no other may hold, and how it is read."""

    rows: int
    ids: tuple[str, ...] = ()
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of a source; ``name`` is its path in the source without the ending.

    ``sha256`` is of its bytes: of its file's, or of all files' in its folder.
    """

    number: int
    name: str
    path: Path
    sha256: str
    contents: Contents


class Surveyor(Protocol):
    """Knows what a partition of a job must be."""

    def survey(self, path: Path) -> Contents:
        """Return what the partition at ``path`` holds.

        :raises InputError: it cannot be used; with every fault found.
        """


def survey_all(surveyor: Surveyor, source: Path, paths: Sequence[Path], crew: Crew) -> tuple[Partition, ...]:
    """Read what all partitions of ``source`` hold, in their order.

    :raises InputError: with the faults of all of them, those of reading them together included.
    """
    found: dict[int, Partition] = {}
    faults: list[Fault] = []
    asked = [(surveyor, source, number, path) for number, path in enumerate(paths)]
    for answer in crew.each(_survey, asked):
        if isinstance(answer, Partition):
            found[answer.number] = answer
        else:
            faults += answer
    partitions = tuple(found[number] for number in sorted(found))
    faults += _faults_together(partitions)
    if faults:
        raise InputError(tuple(sorted(faults, key=lambda fault: (fault.file, fault.rule, fault.field))))
    return partitions


def _survey(asked: tuple[Surveyor, Path, int, Path]) -> Partition | tuple[Fault, ...]:
    """Look at one partition, on a worker; its faults are an answer, so that others are looked at too."""
    surveyor, source, number, path = asked
    try:
        contents = surveyor.survey(path)
        digest = digest_of(path)
    except FaultyError as error:
        return error.faults
    except OSError as error:
        return (Fault("unreadable-file", f"it cannot be read: {error.strerror or error}", "", str(path)),)
    return Partition(number, name_of(source, path), path, digest, contents)


def name_of(source: Path, path: Path) -> str:
    """Return the name of a partition in its source."""
    inside = path.relative_to(source) if path != source else Path(path.name)
    return (inside.with_suffix("") if path.suffix == ".parquet" else inside).as_posix()


def _faults_together(partitions: Sequence[Partition]) -> list[Fault]:
    faults, holder = [], dict[str, Partition]()
    for one in partitions:
        for id_ in one.contents.ids:
            first = holder.setdefault(id_, one)
            if first is not one:
                told = f"it holds {id_}, which {first.name} holds too"
                faults.append(
                    Fault("twice-in-the-set", told, "leave it in one of them", str(one.path), id=id_)
                )
        if one.contents.reading != partitions[0].contents.reading:
            told = f"it would be read by {one.contents.reading}, {partitions[0].name} by "
            told += partitions[0].contents.reading
            remedy = "name the columns with --address, or --lon and --lat"
            faults.append(Fault("another-reading", told, remedy, str(one.path)))
    return faults


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder."""
    if path.is_file():
        return sha256_of(path)
    whole = hashlib.sha256()
    for file_ in sorted(one for one in path.rglob("*") if one.is_file()):
        whole.update(f"{file_.relative_to(path).as_posix()} {digest_of(file_)}\n".encode())
    return whole.hexdigest()


def parquet_files(source: Path) -> tuple[Path, ...]:
    """Return the Parquet files of a partitioned set in the order of their names, or the one file.

    :raises InputError: there is nothing, or no such file in it.
    """
    if not source.exists():
        raise InputError((Fault("no-such-file", "there is nothing there", "check the path", str(source)),))
    if source.is_file():
        return (source,)
    found = [path for path in in_order(source.rglob("*.parquet"), source) if path.is_file()]
    if not found:
        told, remedy = "there is no Parquet file in this folder", "check the path"
        raise InputError((Fault("no-partitions", told, remedy, str(source)),))
    return tuple(found)


def in_order(paths: Iterable[Path], source: Path) -> list[Path]:
    """Return what is no note of a set, ``part.10`` after ``part.9``, as Dask numbers its partitions.

    Names that begin with ``_`` or ``.`` are notes, as every reader of such sets has it.
    """
    named = {path: path.relative_to(source) for path in paths}
    own = (path for path, name in named.items() if not any(part[0] in "._" for part in name.parts))
    return sorted(own, key=lambda path: natural_order(named[path].as_posix()))
