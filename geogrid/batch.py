"""Assign whole files to grids: every input row comes out once, in order, with its grid, status and reason."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
import shapely

from geogrid.addresses.match import Matcher as AddressMatcher
from geogrid.crs import DEGREES, WGS84, read_crs, reproject_points
from geogrid.errors import Fault, InputError
from geogrid.tables import disarm, open_table, write_table, written_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geogrid.addresses.answer import AddressAnswer
    from geogrid.snapshot import Snapshot

    Review = Callable[[int, pa.RecordBatch, Sequence["RowAnswer"]], None]

ADDRESS_NAMES = (
    "address",
    "full_address",
    "written_address",
    "addr",
    "text",
    "地址",
    "住址",
    "详细地址",
    "完整地址",
    "门牌",
    "門牌",
)
LON_NAMES = ("lon", "lng", "longitude", "经度", "經度")
LAT_NAMES = ("lat", "latitude", "纬度", "緯度")
ADDED = ("grid_code", "grid_name", "status", "reason")
REVIEWED = ("row", "question", "status", "reason", "candidate", "candidate_grid_code")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible reading of an address and the grid it would lead to."""

    text: str
    grid_code: str


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What one row is told; ``status`` is "matched" only where the grid is certain."""

    status: str
    reason: str = ""
    grid_code: str = ""
    grid_name: str = ""
    candidates: tuple[Candidate, ...] = ()


class Matcher(Protocol):
    """Answers rows; implemented over a snapshot, and by hand in tests."""

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Sequence[RowAnswer]:
        """Answer positions in WGS-84 degrees, one answer each, in order; none of them is NaN."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the question of a row stands: a text, or two coordinates, or the row's shape."""

    address: str = ""
    lon: str = ""
    lat: str = ""
    shape: str = ""
    crs: str = WGS84


DEFAULT_COLUMNS = Columns()


@dataclass(frozen=True, slots=True)
class Tally:
    """What came out: rows by status."""

    rows: int
    by_status: Mapping[str, int] = field(default_factory=dict)

    @property
    def unmatched(self) -> int:
        """Return the number of rows without a certain grid."""
        return self.rows - self.by_status.get("matched", 0)


class SnapshotMatcher:
    """Answers rows from a compiled plan, exactly as a single lookup does."""

    def __init__(self, snapshot: Snapshot, candidates: int = 5) -> None:
        self._cards = snapshot.grids()
        self._locate = snapshot.locate
        self._match = AddressMatcher(snapshot.addresses, snapshot.grid_of_door).match
        self._candidates = candidates

    def addresses(self, texts: Sequence[str]) -> Sequence[RowAnswer]:
        """Answer address texts, one answer each, in order."""
        return [self._of_text(self._match(text, limit=self._candidates)) for text in texts]

    def points(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Sequence[RowAnswer]:
        """Answer positions in WGS-84 degrees, one answer each, in order."""
        found = [RowAnswer("matched", "point", card["code"], card["name"]) for card in self._cards]
        found.append(RowAnswer("outside", "the position lies in no grid"))  # label -1
        return [found[label] for label in self._locate(lon, lat).tolist()]

    def _of_text(self, answer: AddressAnswer) -> RowAnswer:
        status = str(answer.status)
        candidates = tuple(
            Candidate(one.text, self._codes([one.grid] if one.grid >= 0 else one.grids))
            for one in answer.candidates
        )
        if answer.grid >= 0:
            card = self._cards[answer.grid]
            return RowAnswer(status, str(answer.match_level), card["code"], card["name"], candidates)
        if status == "matched":
            return RowAnswer("outside", "the address is known but lies in no grid", candidates=candidates)
        reason = f"missing: {', '.join(answer.missing)}" if answer.missing else _REASONS.get(status, "")
        return RowAnswer(status, reason, candidates=candidates)

    def _codes(self, labels: Sequence[int]) -> str:
        return "; ".join(self._cards[label]["code"] for label in labels if label >= 0)


_REASONS = {
    "ambiguous": "several places in different grids fit",
    "partial": "only a part of it was found",
    "historical": "known only under a former name",
    "none": "nothing fits",
}


def matcher_of(snapshot: Snapshot) -> Matcher:
    """Return what answers rows from a snapshot."""
    return SnapshotMatcher(snapshot)


def find_columns(names: Sequence[str], given: Columns, *, geometry: str = "", file: str = "") -> Columns:
    """Complete ``given`` from the names of a table: an address column first, then coordinates, then a shape.

    :raises InputError: a named column is missing, or none is named and none is found.
    """
    wanted = [name for name in (given.address, given.lon, given.lat) if name]
    missing = [name for name in wanted if name not in names]
    if missing:
        told, have = "there is no such column", f"the columns are: {', '.join(names)}"
        raise InputError(tuple(_fault("no-such-column", told, have, file, name) for name in missing))
    if wanted:
        if bool(given.lon) != bool(given.lat):
            told = "a longitude and a latitude belong together"
            raise InputError((_fault("half-a-position", told, "name both --lon and --lat", file),))
        return given
    address, lon, lat = (_known(names, known) for known in (ADDRESS_NAMES, LON_NAMES, LAT_NAMES))
    if address:
        return replace(given, address=address)
    if lon and lat:
        return replace(given, lon=lon, lat=lat)
    if geometry:
        return replace(given, shape=geometry)
    told = f"no column of addresses or positions found among: {', '.join(names)}"
    raise InputError((_fault("which-column", told, "name it with --address, or --lon and --lat", file),))


def _known(names: Sequence[str], known: Sequence[str]) -> str:
    lowered = {name.strip().lower(): name for name in reversed(names)}
    return next((lowered[name] for name in known if name in lowered), "")


def assign_file(
    source: Path,
    target: Path,
    matcher: Matcher,
    *,
    columns: Columns = Columns(),
    review: Path | None = None,
    layer: str = "",
    progress: Callable[[int, int | None], None] | None = None,
) -> Tally:
    """Write ``source`` to ``target`` with four columns added, and what needs a person to ``review`` (CSV).

    Both files are written aside and renamed when the last row is in. CSV and Parquet are streamed.

    :raises InputError: the file, its columns or the target's ending cannot be used; nothing is written.
    """
    _check_targets(source, target, review)
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        table = stack.enter_context(open_table(source, layer))
        found = find_columns(table.schema.names, columns, geometry=table.geometry, file=str(source))
        if found.shape:
            found = replace(found, crs=table.crs or found.crs)
        _check_crs(found.crs, source)
        review_of = stack.enter_context(_review_to(review, found))
        schema = _extended(table.schema)

        def answered() -> Iterator[pa.RecordBatch]:
            done = 0
            for batch in table.batches:
                answers = _answer(batch, found, matcher)
                counts.update(answer.status for answer in answers)
                review_of(done, batch, answers)
                done += batch.num_rows
                yield _with_answers(batch, answers, schema)
                if progress:
                    progress(done, table.rows)

        rows = write_table(target, replace(table, schema=schema, batches=answered()))
    return Tally(rows, dict(sorted(counts.items())))


def _check_crs(crs: str, source: Path) -> None:
    if read_crs(crs) is None:
        told = f"{crs} is no coordinate system that geogrid knows"
        remedy = "say WGS-84, GCJ-02, BD-09, CGCS2000 or EPSG:n"
        raise InputError((_fault("unknown-crs", told, remedy, str(source)),))


def _check_targets(source: Path, target: Path, review: Path | None) -> None:
    paths = [path.resolve() for path in (source, target, review) if path]
    if len(set(paths)) != len(paths):
        told = "input, output and review must be three different files"
        raise InputError((_fault("same-file", told, "choose another output", str(target)),))


def _extended(schema: pa.Schema) -> pa.Schema:
    """Return the schema with the answer's columns; a name that is taken gets a number."""
    for added in ADDED:
        name, number = added, 2
        while name in schema.names:
            name, number = f"{added}_{number}", number + 1
        schema = schema.append(pa.field(name, pa.string()))
    return schema


def _with_answers(batch: pa.RecordBatch, answers: Sequence[RowAnswer], schema: pa.Schema) -> pa.RecordBatch:
    added = [pa.array([getattr(answer, name) for answer in answers], pa.string()) for name in ADDED]
    return pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)


def _answer(batch: pa.RecordBatch, columns: Columns, matcher: Matcher) -> Sequence[RowAnswer]:
    if columns.address:
        return _answer_texts(batch.column(columns.address).to_pylist(), matcher)
    if columns.shape:
        x, y, valid = _points_of(batch.column(columns.shape))
    else:
        x, y = (_floats(batch.column(name)) for name in (columns.lon, columns.lat))
        valid = np.isfinite(x) & np.isfinite(y)
    lon, lat = reproject_points(x[valid], y[valid], columns.crs, DEGREES)
    sane = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    places = np.flatnonzero(valid)[sane]
    bad = RowAnswer("invalid", "no readable position in this row")
    answers = [bad] * batch.num_rows
    for place, answer in zip(places.tolist(), matcher.points(lon[sane], lat[sane]), strict=True):
        answers[place] = answer
    return answers


def _answer_texts(values: Sequence[object], matcher: Matcher) -> Sequence[RowAnswer]:
    texts = ["" if value is None else str(value).strip() for value in values]
    answers = [RowAnswer("empty", "no address in this row")] * len(texts)
    asked = [place for place, text in enumerate(texts) if text]
    for place, answer in zip(asked, matcher.addresses([texts[at] for at in asked]), strict=True):
        answers[place] = answer
    return answers


def _floats(column: pa.Array) -> NDArray[np.float64]:
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return np.asarray(
            column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64
        )
    return np.array([_float(value) for value in column.to_pylist()], dtype=np.float64)


def _float(value: str | None) -> float:
    try:
        return float(value) if value else np.nan
    except ValueError:
        return np.nan


def _points_of(column: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return a point inside each shape (the point itself for points) and which rows have one."""
    shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    points = shapely.point_on_surface(shapes)
    x, y = shapely.get_x(points), shapely.get_y(points)
    return x, y, np.isfinite(x) & np.isfinite(y)


@contextmanager
def _review_to(path: Path | None, columns: Columns) -> Iterator[Review]:
    """Hand out what writes the rows without a certain grid to ``path``; it does nothing for None."""
    if path is None:
        yield lambda *_: None
        return
    names = [name for name in (columns.address, columns.lon, columns.lat) if name]
    with written_aside(path) as aside, aside.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REVIEWED)

        def note(start: int, batch: pa.RecordBatch, answers: Sequence[RowAnswer]) -> None:
            for place, answer in enumerate(answers):
                if answer.status == "matched":
                    continue
                asked = " ".join(str(batch.column(name)[place].as_py() or "") for name in names)
                row = (str(start + place + 1), asked, answer.status, answer.reason)
                for candidate in answer.candidates or (Candidate("", ""),):
                    writer.writerow([disarm(text) for text in (*row, candidate.text, candidate.grid_code)])

        yield note


def _fault(rule: str, message: str, remedy: str, file: str, column: str = "") -> Fault:
    return Fault(rule, message, remedy, file, field=column)
