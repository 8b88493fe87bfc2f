"""What rows are told, as whole columns: few distinct answers, and for every row the place of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

ADDED = ("grid_code", "grid_name", "status", "reason")
JUDGED = ("match_level", "score", "margin", "missing")  # what a row with an address is told besides
GEOCODED = "geocoded"  # the status of a row that a geocoding service placed
LABELS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible reading of an address, the grid it would lead to, and its building where it is one."""

    text: str
    grid_code: str
    building_id: str = ""


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What one row is told; ``status`` is "matched" only where the grid is certain.

    ``match_level``, ``score``, ``margin`` and ``missing`` are those of a single look-up; a position has no
    score.
    """

    status: str
    reason: str = ""
    grid_code: str = ""
    grid_name: str = ""
    match_level: str = ""
    score: float | None = None
    margin: float | None = None
    missing: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


INVALID = RowAnswer("invalid", "no readable position in this row")
EMPTY = RowAnswer("empty", "no address in this row")


@dataclass(frozen=True, slots=True)
class Tally:
    """What came out: rows by status, and what to know about the file as a whole."""

    rows: int
    by_status: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def unmatched(self) -> int:
        """Return the number of rows without a certain grid."""
        return self.rows - self.by_status.get("matched", 0)


@dataclass(frozen=True)
class Kinds:
    """Distinct answers; their texts are made into Arrow dictionaries once."""

    answers: Sequence[RowAnswer]

    @cached_property
    def columns(self) -> tuple[tuple[NDArray[np.int32], pa.StringArray], ...]:
        """Return, for each of ``ADDED``, the place of every answer's text and the distinct texts."""
        encoded = (
            pa.array([getattr(one, name) for one in self.answers], pa.string()).dictionary_encode()
            for name in ADDED
        )
        return tuple((one.indices.to_numpy(), one.dictionary) for one in encoded)

    @cached_property
    def judged(self) -> tuple[pa.Array, ...]:
        """Return, for each of ``JUDGED``, what every answer says: texts and numbers."""
        texts = pa.string()
        return (
            pa.array([one.match_level for one in self.answers], texts),
            pa.array([one.score for one in self.answers], pa.float64()),
            pa.array([one.margin for one in self.answers], pa.float64()),
            pa.array([", ".join(one.missing) for one in self.answers], texts),
        )

    @cached_property
    def and_invalid(self) -> Kinds:
        """Return the same answers and, at the end, the one to a row that cannot be read."""
        return Kinds((*self.answers, INVALID))


@dataclass(frozen=True)
class Told:
    """The answers of a run of rows: row ``i`` is told ``kinds.answers[of_row[i]]``."""

    kinds: Kinds
    of_row: NDArray[np.int32]

    @classmethod
    def each(cls, answers: Sequence[RowAnswer]) -> Told:
        """Return one answer for each row."""
        return cls(Kinds(answers), np.arange(len(answers), dtype=np.int32))

    def among(self, readable: NDArray[np.bool_]) -> Told:
        """Return the answers of all rows, of which only the ``readable`` ones were asked."""
        if readable.all():
            return self
        of_row = np.full(len(readable), len(self.kinds.answers), dtype=np.int32)
        of_row[readable] = self.of_row
        return Told(self.kinds.and_invalid, of_row)

    def columns(self) -> list[pa.DictionaryArray]:
        """Return the four columns of ``ADDED`` as Arrow dictionary arrays: no Python object for a row."""
        return [
            pa.DictionaryArray.from_arrays(pa.array(places[self.of_row]), texts)
            for places, texts in self.kinds.columns
        ]

    def judged(self) -> list[pa.Array]:
        """Return the columns of ``JUDGED``."""
        return [told.take(pa.array(self.of_row)) for told in self.kinds.judged]

    def counts(self) -> Counter[str]:
        """Return the rows by status."""
        rows = np.bincount(self.of_row, minlength=len(self.kinds.answers))
        found: Counter[str] = Counter()
        for at in np.flatnonzero(rows).tolist():
            found[self.kinds.answers[at].status] += int(rows[at])
        return found

    def answers(self) -> list[RowAnswer]:
        """Return the answer of every row."""
        return [self.kinds.answers[at] for at in self.of_row.tolist()]

    def doubtful(self) -> Iterator[tuple[int, RowAnswer]]:
        """Give every row without a grid, or with one that a service guessed, with its place."""
        certain = [bool(one.grid_code) and one.status != GEOCODED for one in self.kinds.answers]
        for place in np.flatnonzero(~np.array(certain, dtype=bool)[self.of_row]).tolist():
            yield place, self.kinds.answers[self.of_row[place]]
