"""Read and write Excel sheets as Arrow record batches."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_ILLEGAL = {code: " " for code in range(32) if code not in {9, 10, 13}}
MOST_ROWS = 1_048_576  # with the names of the columns
LARGEST = 10**15  # Excel rounds longer numbers, such as those of identity cards
# A workbook is a ZIP archive of XML: a few bytes of it can claim to be a sheet that fills the memory.
MOST_UNPACKED = 1 << 30  # bytes of all its parts
MOST_PARTS = 10_000
MOST_COLUMNS = 2000
MOST_CELLS = 30_000_000
_BROKEN = (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, ParseError, EOFError, TypeError)
_KEPT = (bool, int, float, dt.datetime, dt.date, dt.time)


def read_sheet(path: Path, sheet: str = "") -> tuple[pa.Schema, list[pa.RecordBatch]]:
    """Read one sheet whole; ``sheet`` is its name, else the first one is read.

    A column of one kind (whole numbers, dates, text) keeps it; a mixed one becomes text. Formulas are read as
    the values that were saved with them.

    :raises InputError: not a workbook, too large, no such sheet, no or twofold column names.
    """
    return _batches(list(rows_of(path, sheet)), path)


def rows_of(path: Path, sheet: str = "") -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one sheet, the names of its columns first.

    :raises InputError: not a workbook, no such sheet, or one that is larger than it may be.
    """
    book = _opened(path)
    try:
        if sheet and sheet not in book.sheetnames:
            told = f"there is no sheet {sheet}; sheets: {', '.join(book.sheetnames)}"
            raise _fault("no-such-layer", told, path)
        page = book[sheet] if sheet else book.worksheets[0]
        page.reset_dimensions()  # what a sheet says of its own size is not believed
        cells = 0
        for row in page.iter_rows(values_only=True):
            cells += len(row)
            if len(row) > MOST_COLUMNS or cells > MOST_CELLS:
                told = f"a sheet may have {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells"
                raise _fault("too-large", told, path)
            yield row
    except _BROKEN as error:
        raise _fault("broken-file", "the file is not an Excel workbook", path) from error
    finally:
        book.close()


def _opened(path: Path) -> Any:
    """Open a workbook, once its parts are known to be of a size that can be read."""
    try:
        with ZipFile(path) as archive:  # it reads no more of a part than is stated here
            parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            told = f"the workbook unpacks to more than {MOST_UNPACKED >> 20} MB"
            raise _fault("too-large", told, path)
        return load_workbook(path, read_only=True, data_only=True)
    except _BROKEN as error:
        raise _fault("broken-file", "the file is not an Excel workbook", path) from error


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
