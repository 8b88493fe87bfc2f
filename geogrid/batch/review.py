"""The review file: the rows that need a person, with what they may mean; it comes back with corrections.

A line is one candidate of one row. A reviewer marks the right line in the column ``correct``, or writes the
right address, or the id of its building, there.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from geogrid.aside import room_beside
from geogrid.batch.columns import fault_of
from geogrid.batch.told import Candidate
from geogrid.delimited import disarm, rearm
from geogrid.errors import InputError
from geogrid.tables import open_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from geogrid.batch.columns import Columns
    from geogrid.batch.told import Told
    from geogrid.errors import Fault

    Review = Callable[[int, pa.RecordBatch, Told], None]

CANDIDATE = ("candidate", "candidate_grid_code", "candidate_id")
REVIEWED = ("row", "question", "status", "reason", *CANDIDATE, "correct")
NEEDED = ("row", "question", "candidate_id", "correct")
MARKS = frozenset({"x", "×", "√", "✓", "✔", "1", "y", "yes", "true", "是", "对", "對"})


class Correction(NamedTuple):
    """What a reviewer said of a row: the id of a building, or an address in words; ``line`` counts from 1."""

    line: int
    row: str
    question: str
    building: str = ""
    address: str = ""


@contextmanager
def review_to(path: Path | None, columns: Columns) -> Iterator[Review]:
    """Hand out what writes the rows without a certain grid to ``path``, by its ending; None writes none."""
    if path is None:
        yield lambda *_: None
        return
    with room_beside(path) as room:
        draft = room / "review.csv"
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            yield _noting(file, [name for name in (columns.address, columns.lon, columns.lat) if name])
        if path.suffix.lower() == ".csv":
            draft.replace(path)
            return
        with open_table(draft) as table:
            write_table(path, table)


def _noting(file: Any, names: list[str]) -> Review:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(REVIEWED)

    def note(start: int, batch: pa.RecordBatch, told: Told) -> None:
        for place, answer in told.doubtful():
            asked = " ".join(str(batch.column(name)[place].as_py() or "") for name in names)
            row = (str(start + place + 1), asked, answer.status, answer.reason)
            for one in answer.candidates or (Candidate("", ""),):
                line = (*row, one.text, one.grid_code, one.building_id, "")
                writer.writerow([disarm(text) for text in line])

    return note


def read_review(path: Path, layer: str = "") -> list[Correction]:
    """Return the corrections in a review file that came back, each row's once.

    :raises InputError: it is no review file, or lines of it cannot be corrections; all faults at once.
    """
    with open_table(path, layer) as table:
        missing = [name for name in NEEDED if name not in table.schema.names]
        if missing:
            told, remedy = (
                "a review file has this column",
                f"the columns are: {', '.join(table.schema.names)}",
            )
            raise InputError(tuple(fault_of("no-such-column", told, remedy, str(path), n) for n in missing))
        found: dict[str, Correction] = {}
        faults: list[Fault] = []
        line = 1
        for batch in table.batches:
            for values in zip(*(batch.column(name).to_pylist() for name in NEEDED), strict=True):
                line += 1
                one = _correction(line, *(rearm(_text(value)) for value in values))
                if one is None:
                    continue
                faults += _faults_of(one, found.get(one.row), path)
                found.setdefault(one.row, one)
    if faults:
        raise InputError(tuple(faults))
    return list(found.values())


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet's 1.0
    return "" if value is None else str(value).strip()


def _correction(line: int, row: str, question: str, candidate: str, correct: str) -> Correction | None:
    if not correct:
        return None
    if correct.lower() in MARKS:
        return Correction(line, row, question, building=candidate)
    return Correction(line, row, question, address=correct)


def _faults_of(one: Correction, before: Correction | None, path: Path) -> Iterator[Fault]:
    """Tell what is wrong with a line; the words of a question are never repeated."""
    if not (one.building or one.address):
        told = f"line {one.line} is marked, but names no building"
        yield fault_of("no-building", told, "write the address of the right door", str(path), "correct")
    if not one.question:
        told, remedy = f"line {one.line} has no question to learn", "leave its correction out"
        yield fault_of("no-question", told, remedy, str(path), "question")
    if before is not None and before[2:] != one[2:]:
        told = f"line {one.line} corrects row {one.row} otherwise than line {before.line}"
        yield fault_of("two-corrections", told, "keep one of them", str(path), "correct")
