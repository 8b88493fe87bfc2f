"""Assign whole files to grids: every input row comes out once, in order, with its grid, status and reason."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from geogrid.batch.columns import DEFAULT_COLUMNS, Columns, fault_of, find_columns
from geogrid.batch.review import review_to
from geogrid.batch.shift import ShiftWatch
from geogrid.batch.told import ADDED, EMPTY, JUDGED, LABELS, RowAnswer, Tally, Told
from geogrid.crs import CGCS2000, DEGREES, WGS84, read_crs, reproject_points
from geogrid.errors import InputError
from geogrid.tables import open_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geogrid.batch.matchers import Matcher

JUDGED_KINDS = dict(zip(JUDGED, (pa.string(), pa.float64(), pa.float64(), pa.string()), strict=True))
TEXT_ROWS = 8192  # addresses between two reports of progress


def assign_file(
    source: Path,
    target: Path,
    matcher: Matcher,
    *,
    columns: Columns = DEFAULT_COLUMNS,
    review: Path | None = None,
    layer: str = "",
    doors: NDArray[np.float64] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Tally:
    """Write ``source`` to ``target`` with columns added, and what needs a person to ``review``.

    ``ADDED`` are added to every row, ``JUDGED`` besides where the rows are addresses.
    Both files are written aside and renamed when the last row is in. CSV and Parquet are streamed. ``doors``
    (D, 2), the city's doors in degrees, let the tally warn of positions in another system than was said.

    :raises InputError: the file, its columns or the target's ending cannot be used; nothing is written.
    """
    _check_targets(source, target, review)
    counts: Counter[str] = Counter()
    watch = ShiftWatch(doors)
    with ExitStack() as stack:
        table = stack.enter_context(open_table(source, layer))
        found = find_columns(table.schema.names, columns, geometry=table.geometry, file=str(source))
        if found.shape:
            found = replace(found, crs=table.crs or found.crs)
        check_crs(found.crs, source)
        review_of = stack.enter_context(review_to(review, found))
        # Dictionary arrays cost nothing a row; other formats than Parquet have none.
        kind = LABELS if target.suffix.lower() == ".parquet" else pa.string()
        schema = _extended(table.schema, dict.fromkeys(ADDED, kind))
        if found.address:
            schema = _extended(schema, JUDGED_KINDS)

        def answered() -> Iterator[pa.RecordBatch]:
            done = 0
            for batch in _pieces(table.batches, found):
                told = _answer(batch, found, matcher, watch)
                counts.update(told.counts())
                review_of(done, batch, told)
                done += batch.num_rows
                yield _with_answers(batch, told, schema, judged=bool(found.address))
                if progress:
                    progress(done, table.rows)

        rows = write_table(target, replace(table, schema=schema, batches=answered()))
    warning = watch.warning()
    return Tally(rows, dict(sorted(counts.items())), (warning,) if warning else ())


def _pieces(batches: Iterable[pa.RecordBatch], columns: Columns) -> Iterator[pa.RecordBatch]:
    """Yield the batches, cut small where each row takes long, so that progress is seen."""
    for batch in batches:
        step = TEXT_ROWS if columns.address else max(batch.num_rows, 1)
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def check_crs(crs: str, source: Path) -> None:
    """Refuse a coordinate system that nobody knows.

    :raises InputError: it is none; ``source`` is named.
    """
    if read_crs(crs) is None:
        told = f"{crs} is no coordinate system that geogrid knows"
        remedy = "say WGS-84, GCJ-02, BD-09, CGCS2000 or EPSG:n"
        raise InputError((fault_of("unknown-crs", told, remedy, str(source)),))


def _check_targets(source: Path, target: Path, review: Path | None) -> None:
    paths = [path.resolve() for path in (source, target, review) if path]
    if len(set(paths)) != len(paths):
        told = "input, output and review must be three different files"
        raise InputError((fault_of("same-file", told, "choose another output", str(target)),))


def _extended(schema: pa.Schema, kinds: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return the schema with the answer's columns; a name that is taken gets a number."""
    for added, kind in kinds.items():
        name, number = added, 2
        while name in schema.names:
            name, number = f"{added}_{number}", number + 1
        schema = schema.append(pa.field(name, kind))
    return schema


def _with_answers(batch: pa.RecordBatch, told: Told, schema: pa.Schema, *, judged: bool) -> pa.RecordBatch:
    added = told.columns()
    if schema.types[batch.num_columns] != LABELS:
        added = [column.dictionary_decode() for column in added]
    besides = told.judged() if judged else []
    return pa.RecordBatch.from_arrays([*batch.columns, *added, *besides], schema=schema)


def _answer(batch: pa.RecordBatch, columns: Columns, matcher: Matcher, watch: ShiftWatch) -> Told:
    if columns.address:
        return Told.each(_answer_texts(batch.column(columns.address).to_pylist(), matcher))
    if columns.shape:
        lon, lat = _points_of(batch.column(columns.shape))
    else:
        lon, lat = (_floats(batch.column(name)) for name in (columns.lon, columns.lat))
    if columns.crs not in (WGS84, CGCS2000, DEGREES):
        finite = np.isfinite(lon) & np.isfinite(lat)
        moved = reproject_points(lon[finite], lat[finite], columns.crs, DEGREES)
        lon, lat = np.full((2, len(finite)), np.nan)
        lon[finite], lat[finite] = moved
    readable = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # NaN is not
    if not readable.all():
        lon, lat = lon[readable], lat[readable]
    watch.see(lon, lat)
    return matcher.points(lon, lat).among(readable)


def _answer_texts(values: Sequence[object], matcher: Matcher) -> Sequence[RowAnswer]:
    texts = ["" if value is None else str(value).strip() for value in values]
    answers = [EMPTY] * len(texts)
    asked = [place for place, text in enumerate(texts) if text]
    for place, answer in zip(asked, matcher.addresses([texts[at] for at in asked]), strict=True):
        answers[place] = answer
    return answers


def _floats(column: pa.Array) -> NDArray[np.float64]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid:  # a row that is no number
            return np.array([_float(value) for value in column.to_pylist()], dtype=np.float64)
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def _float(value: str | None) -> float:
    try:
        return float(value) if value else np.nan
    except ValueError:
        return np.nan


def _points_of(column: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a point inside each shape (the point itself for points), NaN where a row has none."""
    shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    points = shapely.point_on_surface(shapes)
    return shapely.get_x(points), shapely.get_y(points)
