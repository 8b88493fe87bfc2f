"""Read and write Excel sheets as Arrow record batches."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pyarrow as pa
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_ILLEGAL = {code: " " for code in range(32) if code not in {9, 10, 13}}
MOST_ROWS = 1_048_576  # with the names of the columns
LARGEST = 10**15  # Excel rounds longer numbers, such as those of identity cards
_KEPT = (bool, int, float, dt.datetime, dt.date, dt.time)


def read_sheet(path: Path, sheet: str = "") -> tuple[pa.Schema, list[pa.RecordBatch]]:
    """Read one sheet whole; ``sheet`` is its name, else the first one is read.

    A column of one kind (whole numbers, dates, text) keeps it; a mixed one becomes text. Formulas are read as
    the values that were saved with them.

    :raises InputError: not a workbook, no such sheet, no or twofold column names.
    """
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise _fault("broken-file", "the file is not an Excel workbook", path) from error
    try:
        if sheet and sheet not in book.sheetnames:
            told = f"there is no sheet {sheet}; sheets: {', '.join(book.sheetnames)}"
            raise _fault("no-such-layer", told, path)
        rows = list((book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True))
    finally:
        book.close()
    return _batches(rows, path)


def _batches(rows: list[tuple[Any, ...]], path: Path) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    names = ["" if name is None else str(name) for name in rows[0]] if rows else []
    while names and not names[-1]:
        names.pop()
    if not names or len(set(names)) != len(names):
        told = "a column stands twice or has no name" if names else "the sheet is empty"
        raise _fault("duplicate-column" if names else "no-header", told, path)
    width = len(names)
    body = [(*row, *[None] * width)[:width] for row in rows[1:]]
    columns = [_column([row[at] for row in body]) for at in range(width)]
    batch = pa.RecordBatch.from_arrays(columns, names=names)
    return batch.schema, [batch] if body else []


def _column(values: list[Any]) -> pa.Array:
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        array = pa.array([None if value is None else str(value) for value in values], pa.string())
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def write_sheet(path: Path, names: Sequence[str], batches: Iterable[pa.RecordBatch], sheet: str) -> None:
    """Write ``batches`` as one sheet. Text is marked as text, so that none of it is run as a formula.

    :raises InputError: there are more rows than a sheet holds.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet[:31])
    page.append([_cell(page, name) for name in names])
    written = 1
    try:
        for batch in batches:
            written += batch.num_rows
            if written > MOST_ROWS:  # Excel would leave the rest out
                told = f"an Excel sheet holds {MOST_ROWS:,} rows and no more"
                raise InputError((Fault("too-many-rows", told, "write .csv or .parquet"),))
            _append(page, batch)
    finally:
        page.close()
    book.save(path)


def _append(page: Any, batch: pa.RecordBatch) -> None:
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        page.append([_cell(page, value) for value in row])


def _cell(page: Any, value: object) -> object:
    if value is None or (isinstance(value, _KEPT) and _holds(value)):
        return value
    text = value.hex() if isinstance(value, bytes) else str(value)
    cell = WriteOnlyCell(page, text.translate(_ILLEGAL)[:32767])
    cell.data_type = "s"
    # Excel keeps a cell with this mark as text even after somebody edits it.
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    return cell


def _holds(value: object) -> bool:
    """Say whether a cell holds a value as it is: no time zone, and no more than fifteen digits."""
    if isinstance(value, int):
        return abs(value) < LARGEST
    return getattr(value, "tzinfo", None) is None


def _fault(rule: str, message: str, path: Path) -> InputError:
    return InputError((Fault(rule, message, "", str(path)),))
