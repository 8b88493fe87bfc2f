"""Read and write delimited text (CSV): streamed, checked before its first row, safe to open as a sheet."""

from __future__ import annotations

import csv
import re
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

BATCH_ROWS = 8192
MOST_COLUMNS = 2000  # every row is filled up to the header's width
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FAULTS_TOLD = 20


def disarm(text: str) -> str:
    """Return ``text`` with a quote before ``= + - @`` and their like, so that no spreadsheet runs it.

    A plain number such as ``-1.5`` stays as it is. Source: OWASP, CSV Injection.
    """
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def rearm(text: str) -> str:
    """Return what ``disarm`` was given."""
    return text[1:] if text.startswith("'") and disarm(text[1:]) == text else text


def read_csv(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch], int]:
    """Return the columns of a file, all of them texts, its rows as batches, and how many there are.

    :raises InputError: it cannot be read as one table; all faults at once.
    """
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    names, rows = _check_csv(path, encoding, delimiter)
    schema = pa.schema([(name, pa.string()) for name in names])
    return schema, _csv_batches(path, encoding, delimiter, schema), rows


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        marked = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeError:  # a decoding error, or UTF-16 cut off
            continue
        return encoding
    told = "the text is neither UTF-8 nor GB18030"
    raise InputError((Fault("wrong-encoding", told, "save it as UTF-8", str(path)),))


def _delimiter(path: Path, encoding: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding=encoding) as file:
        header = file.readline()
    return max(",\t;", key=header.count)


def _rows(file: IO[str], delimiter: str) -> Any:
    csv.field_size_limit(1 << 20)
    return csv.reader(file, delimiter=delimiter, strict=True)


def _check_csv(path: Path, encoding: str, delimiter: str) -> tuple[list[str], int]:
    names: list[str] = []
    faults: list[Fault] = []
    rows = 0
    with path.open(encoding=encoding, newline="") as file:
        reader = _rows(file, delimiter)
        try:
            names = next(reader, [])
            for row in reader:
                rows += 1
                if len(row) > len(names) and len(faults) < _FAULTS_TOLD:
                    told = f"line {reader.line_num} has {len(row)} fields, the header has {len(names)}"
                    faults.append(Fault("too-many-fields", told, "quote fields that hold a comma", str(path)))
        except csv.Error as error:
            told = f"line {reader.line_num} is not CSV: {error}"
            faults.append(Fault("broken-csv", told, "close the quotes", str(path)))
            names = names if rows else ["?"]
    faults += _faults_of_names(names, path)
    if faults:
        raise InputError(tuple(faults))
    return names, rows


def _faults_of_names(names: list[str], path: Path) -> list[Fault]:
    if len(names) > MOST_COLUMNS:
        return [Fault("too-many-columns", f"the header has {len(names)} names", "leave some out", str(path))]
    if not names:
        return [Fault("no-header", "the file is empty", "put the column names in the first line", str(path))]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [
        Fault("duplicate-column", "the column stands twice", "rename one of them", str(path), field=name)
        for name in twice
    ]


def _csv_batches(path: Path, encoding: str, delimiter: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    width = len(schema)
    with path.open(encoding=encoding, newline="") as file:
        reader = _rows(file, delimiter)
        next(reader)
        chunk: list[list[str]] = []
        for row in reader:
            chunk.append(row + [""] * (width - len(row)))
            if len(chunk) == BATCH_ROWS:
                yield _batch_of_rows(chunk, schema)
                chunk = []
        if chunk:
            yield _batch_of_rows(chunk, schema)


def _batch_of_rows(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def write_csv(path: Path, names: Sequence[str], batches: Iterable[pa.RecordBatch], delimiter: str) -> None:
    """Write batches as they come, formulas disarmed."""
    # The byte order mark makes Excel read UTF-8; geogrid and pandas skip it.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow([disarm(name) for name in names])
        for batch in batches:
            writer.writerows(zip(*map(_texts, batch.columns), strict=True))


def _texts(column: pa.Array) -> list[str]:
    """Return a column as texts; what occurs often is made a text once."""
    try:
        encoded = column.dictionary_encode()
    except pa.ArrowNotImplementedError:  # lists and the like
        return [_text(value) for value in column.to_pylist()]
    words = [*map(_text, encoded.dictionary.to_pylist()), ""]
    places = encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return [words[at] for at in places.tolist()]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return disarm(value) if isinstance(value, str) else str(value)
