"""Run a job: survey its partitions, make what pieces are missing, read all of them back, seal the set."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from geogrid.cluster.partitions import Contents, digest_of, survey_all
from geogrid.cluster.target import (
    MANIFEST,
    piece_path,
    read_note,
    seal,
    strangers,
    take_up,
    written_piece,
)
from geogrid.errors import ClusterError, Fault, FaultyError, InputError, PiecesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geogrid.cluster.crews import Crew
    from geogrid.cluster.partitions import Partition


class Job(Protocol):
    """What is done to each partition. It travels to the workers, so it is small."""

    @property
    def kind(self) -> str:
        """Return what is done, in a word."""

    @property
    def ending(self) -> str:
        """Return the ending of a piece: ".parquet" for a file, "" for a folder."""

    def facts(self) -> Mapping[str, str]:
        """Return what the pieces depend on beside their partitions."""

    def partitions(self, source: Path) -> Sequence[Path]:
        """Return the partitions of a source, in order.

        :raises InputError: it has none.
        """

    def survey(self, path: Path) -> Contents:
        """Return what a partition holds.

        :raises InputError: it cannot be used; with every fault found.
        """

    def make(self, partition: Partition, aside: Path) -> Sequence[str]:
        """Write the piece of a partition to ``aside`` and return what to warn of."""

    def read_back(self, piece: Path) -> tuple[Contents, Mapping[str, int]]:
        """Return what a piece holds, read from the disk, and what to count of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece as it was read back; ``cpu_s`` is what making it cost, 0 where it was kept."""

    path: Path
    partition: Partition
    contents: Contents
    sha256: str
    counts: Mapping[str, int]
    cpu_s: float = 0.0
    kept: bool = True
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What came out: ``kept`` of the ``pieces`` were there already and were not made again."""

    pieces: int
    kept: int
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)
    cpu_s: float = 0.0
    warnings: tuple[str, ...] = ()


def run_job(
    job: Job,
    source: Path,
    target: Path,
    crew: Crew,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Do ``job`` to every partition of ``source``, each exactly once, and seal the set in ``target``.

    Begun again it makes only the pieces that are missing. ``progress`` is told pieces done and all.

    :raises InputError: partitions cannot be used (all faults at once, before anything is made), or the target
        belongs to another job.
    :raises PiecesError: pieces could not be made, or what was read back does not add up; all others are kept.
    :raises ClusterError: no worker, lost workers, a full disk; what is finished is kept.
    """
    source, target = source.absolute(), target.absolute()  # workers stand in folders of their own
    _keep_apart(source, target)
    paths = job.partitions(source)
    crew.look([source])
    partitions = survey_all(job, source, paths, crew)
    facts = {"kind": job.kind, "geogrid": version("geogrid"), **job.facts()}
    take_up(target, facts, partitions)
    crew.look([target])
    asked = [(job, one, piece_path(target, one, facts, job.ending)) for one in partitions]
    pieces = _all_pieces(crew, asked, progress)
    _verify(target, pieces)
    report = _report(pieces)
    seal(target, {**facts, "rows": report.rows, "counts": report.counts, "pieces": _sealed(target, pieces)})
    return report


def _all_pieces(
    crew: Crew, asked: Sequence[tuple[Job, Partition, Path]], progress: Callable[[int, int], None] | None
) -> list[Piece]:
    """Have all pieces made and return them in the order of their partitions."""
    pieces: list[Piece] = []
    faults: list[Fault] = []
    for done, answer in enumerate(crew.each(_piece, asked), start=1):
        if isinstance(answer, Piece):
            pieces.append(answer)
        else:
            faults += answer
        if progress is not None:
            progress(done, len(asked))
    if faults:
        raise PiecesError(tuple(faults))
    return sorted(pieces, key=lambda piece: piece.partition.number)


def _report(pieces: Sequence[Piece]) -> Report:
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts.update(piece.counts)
    return Report(
        pieces=len(pieces),
        kept=sum(piece.kept for piece in pieces),
        rows=sum(piece.contents.rows for piece in pieces),
        counts=dict(sorted(counts.items())),
        cpu_s=sum(piece.cpu_s for piece in pieces),
        warnings=tuple(dict.fromkeys(words for piece in pieces for words in piece.warnings)),
    )


def _keep_apart(source: Path, target: Path) -> None:
    a, b = source.resolve(), target.resolve()
    if a == b or a.is_relative_to(b) or b.is_relative_to(a):
        told = "source and target must not lie in one another"
        raise InputError((Fault("same-file", told, "choose another target", str(target)),))


def _piece(asked: tuple[Job, Partition, Path]) -> Piece | tuple[Fault, ...]:
    """Make a piece where it is missing, and read it back; on a worker.

    Faults of the data are an answer: the other pieces are made all the same, and all is told at the end.
    """
    try:
        return _made(*asked)
    except FaultyError as error:
        return error.faults


def _made(job: Job, partition: Partition, path: Path) -> Piece:
    kept, warnings, began = path.exists(), tuple[str, ...](), time.process_time()
    if not kept:
        with written_piece(path) as aside, _named(partition.path):
            warnings = tuple(job.make(partition, aside))
            _refuse_changed(partition)
    with _named(path):
        contents, counts = job.read_back(path)
    spent = 0.0 if kept else time.process_time() - began
    return Piece(path, partition, contents, digest_of(path), counts, spent, kept, warnings)


def _refuse_changed(partition: Partition) -> None:
    if digest_of(partition.path) != partition.sha256:
        told, remedy = "it changed while the job ran", "leave the source alone, and take a new target"
        raise InputError((Fault("changed-meanwhile", told, remedy, str(partition.path)),))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file that Arrow could not read; what the system says of a disk passes."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno and error.filename != str(path):
            raise
        told = f"it cannot be read: {error}"
        raise InputError((Fault("broken-file", told, "write it anew", str(path)),)) from error


def _verify(target: Path, pieces: Sequence[Piece]) -> None:
    """Make sure that every partition came out whole and once, and nothing else."""
    faults = [*_miscounts(pieces), *_changes(target, pieces)]
    for name in strangers(target, [piece.path for piece in pieces]):
        told = f"{name} stands among the pieces and is none of this job's"
        faults.append(Fault("stranger-in-the-set", told, "move it away", str(target)))
    if faults:
        raise PiecesError(tuple(faults))
    if len({piece.path for piece in pieces}) != len(pieces):
        raise ClusterError("two partitions came out as one piece")


def _miscounts(pieces: Iterable[Piece]) -> Iterable[Fault]:
    for piece in pieces:
        asked, given = piece.partition.contents, piece.contents
        if asked.rows != given.rows or sorted(asked.ids) != sorted(given.ids):
            told = f"it holds {given.rows:,} rows, its partition {asked.rows:,}"
            yield Fault("rows-lost", told, "remove it and run the command again", str(piece.path))


def _changes(target: Path, pieces: Iterable[Piece]) -> Iterable[Fault]:
    """Find pieces that are not what a manifest of an earlier run sealed."""
    sealed = {one["file"]: one["sha256"] for one in (read_note(target / MANIFEST) or {}).get("pieces", ())}
    for piece in pieces:
        held = sealed.get(piece.path.relative_to(target).as_posix(), piece.sha256)
        if piece.kept and held != piece.sha256:
            told, remedy = "it changed since it was sealed", "remove it and run the command again"
            yield Fault("damaged-piece", told, remedy, str(piece.path))


def _sealed(target: Path, pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    return [
        {
            "file": piece.path.relative_to(target).as_posix(),
            "partition": piece.partition.name,
            "rows": piece.contents.rows,
            "sha256": piece.sha256,
            "counts": dict(sorted(piece.counts.items())),
        }
        for piece in pieces
    ]
