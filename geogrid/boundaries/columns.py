"""Turn foreign columns into the documented ones: names, texts, numbers, dates, classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geogrid.boundaries.faults import printable
from geogrid.boundaries.schema import IGNORE, Column, Kind, Layer
from geogrid.errors import Fault, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.files import RawTable

# No column of a city may hold a number above this: not a community's people, not a tower's levels.
ABSURD = {"population": 1_000_000, "households": 20_000, "levels": 200, "stars": 100}
ABSURD_ELSE = 10_000_000
TRUE = frozenset({"true", "yes", "1", "t", "y", "是", "1.0"})
FALSE = frozenset({"false", "no", "0", "f", "n", "否", "0.0", ""})


@dataclass(frozen=True)
class Table:
    """One layer's rows under the documented names.

    Text and ids are str ("" where unknown), counts and numbers float (NaN where unknown), flags object
    (None where unknown), dates ``date`` or None, ids lists tuples. ``geometry`` is an object array.
    """

    layer: Layer
    file: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None
    crs: Any
    min_width_m: float = 0.0

    def keep(self, rows: NDArray[np.bool_]) -> Table:
        """Return the table with only ``rows``."""
        geometry = self.geometry[rows] if self.geometry is not None else None
        return replace(self, frame=self.frame.loc[rows].reset_index(drop=True), geometry=geometry)

    def fault(self, rule: str, message: str, remedy: str, field: str = "", id: object = "") -> Fault:  # noqa: A002
        """Return an error at this layer."""
        return Fault(rule, message, remedy, self.file, self.layer.name, printable(id), field)

    @property
    def ids(self) -> NDArray[np.object_]:
        """The ids of the rows."""
        return self.frame["id"].to_numpy(dtype=object)


def clean_table(raw: RawTable, book: FaultBook) -> Table:
    """Return the rows of a source with the documented columns, every doubtful value told."""
    table = Table(
        raw.layer, raw.file, raw.frame, raw.geometry, raw.source.crs or raw.crs, raw.source.min_width_m
    )
    if len(raw.frame) == 0:
        book.add(table.fault("empty-layer", "the layer has no rows", "Leave it out or fill it"))
    found = {column.name: _foreign(raw, column, table, book) for column in raw.layer.columns}
    ids = _ids(found.get("id"), raw, table, book)
    columns: dict[str, Any] = {"id": ids}
    for column in raw.layer.columns:
        if column.name != "id":
            columns[column.name] = _convert(found[column.name], column, raw, table, ids, book)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw.frame)))
    clean = replace(table, frame=frame)
    return _drop_ignored(clean)


def _drop_ignored(table: Table) -> Table:
    name = next((column.name for column in table.layer.columns if column.kind is Kind.CLASS), None)
    if name is None:
        return table
    rows = ~table.frame[name].isin([IGNORE, ""]).to_numpy(dtype=bool)
    return table if rows.all() else table.keep(rows)


def _foreign(raw: RawTable, column: Column, table: Table, book: FaultBook) -> pd.Series[Any] | None:
    """Return the source's column for a documented one, None where it has none."""
    if column.name in raw.source.values:
        return pd.Series([raw.source.values[column.name]] * len(raw.frame), dtype=object)
    named = raw.source.columns.get(column.name, "")
    if named and named not in raw.frame:
        remedy = f"Its columns are: {', '.join(map(printable, raw.frame.columns))}"
        message = f"the source has no column {named!r}"
        book.add(table.fault("missing-column", message, remedy, column.name))
        return None
    name = named or column.name
    if name in raw.frame:
        return raw.frame[name].reset_index(drop=True)
    if column.required:
        remedy = f"Add it, or say in city.toml which column is its {column.name}"
        book.add(table.fault("missing-column", f"the layer has no column {column.name}", remedy, column.name))
    return None


def _ids(values: pd.Series[Any] | None, raw: RawTable, table: Table, book: FaultBook) -> list[str]:
    if values is None:
        stem = raw.source.layer or raw.layer.name
        return [f"{stem}-{n}" for n in range(1, len(raw.frame) + 1)]
    ids = _texts(values)
    missing = [n for n, found in enumerate(ids, start=1) if not found]
    for n in missing:
        book.add(table.fault("missing-id", f"row {n} has no id", "Give every row an id of its own", "id"))
    return [found or f"?{n}" for n, found in enumerate(ids, start=1)]


def _texts(values: pd.Series[Any]) -> list[str]:
    """Return text, "" for what is missing; whole numbers that became floats lose their ``.0``."""
    if pd.api.types.is_float_dtype(values.dtype):
        return [
            "" if np.isnan(v) else (str(int(v)) if v == int(v) else str(v))
            for v in values.to_numpy(dtype=float)
        ]
    missing = values.isna().to_numpy(dtype=bool)
    return ["" if gone else str(v).strip() for v, gone in zip(values.tolist(), missing, strict=True)]


def _convert(
    values: pd.Series[Any] | None,
    column: Column,
    raw: RawTable,
    table: Table,
    ids: list[str],
    book: FaultBook,
) -> Any:
    size = len(raw.frame)
    if column.kind in (Kind.TEXT, Kind.ID):
        return _texts(values) if values is not None else [""] * size
    if column.kind in (Kind.COUNT, Kind.NUMBER):
        return np.full(size, np.nan) if values is None else _numbers(values, column, table, ids, book)
    texts = _texts(values) if values is not None else [""] * size
    if column.kind is Kind.IDS:
        return [tuple(part.strip() for part in text.split(";") if part.strip()) for text in texts]
    if column.kind is Kind.FLAG:
        return _flags(texts, column, table, ids, book) if values is not None else [None] * size
    if column.kind is Kind.DATE:
        return _dates(texts, column, table, ids, book)
    return _classes(texts, column, raw, table, ids, book) if values is not None else texts


def _numbers(
    values: pd.Series[Any], column: Column, table: Table, ids: list[str], book: FaultBook
) -> NDArray[np.float64]:
    blank = values.isna() | values.astype(str).str.strip().eq("")
    numbers = pd.to_numeric(values.where(~blank), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    given = ~blank.to_numpy(dtype=bool)
    unread = given & ~np.isfinite(numbers)
    _tell(
        unread, table.fault("bad-number", "this is not a number", "Write digits only", column.name), ids, book
    )
    numbers = np.where(unread, np.nan, numbers)
    if column.name in ("x", "y"):
        return numbers
    absurd = numbers > ABSURD.get(column.name, ABSURD_ELSE)
    remedy = f"Nothing above {ABSURD.get(column.name, ABSURD_ELSE):,} is believed here"
    _tell(absurd, table.fault("absurd-number", "the number is too large", remedy, column.name), ids, book)
    if column.name == "levels":
        # Registers write basements as negative levels; the levels above ground are then unknown.
        numbers = np.where(numbers < 0, np.nan, numbers)
    negative = numbers < 0
    _tell(
        negative,
        table.fault("negative-number", "the number is negative", "Count from 0", column.name),
        ids,
        book,
    )
    if column.kind is Kind.COUNT:
        broken = np.isfinite(numbers) & (numbers != np.floor(numbers))
        message = "this must be a whole number"
        _tell(broken, table.fault("not-an-integer", message, "Count whole ones", column.name), ids, book)
    return np.where(absurd | negative, np.nan, numbers)


def _flags(
    texts: list[str], column: Column, table: Table, ids: list[str], book: FaultBook
) -> list[bool | None]:
    lowered = [text.lower() for text in texts]
    unknown = np.array([text not in TRUE and text not in FALSE for text in lowered], dtype=bool)
    _tell(
        unknown,
        table.fault("bad-flag", "this is neither true nor false", "Say true or false", column.name),
        ids,
        book,
    )
    return [None if not text else text in TRUE for text in lowered]


def _dates(texts: list[str], column: Column, table: Table, ids: list[str], book: FaultBook) -> list[Any]:
    parsed = pd.to_datetime(
        pd.Series([text[:10] or None for text in texts], dtype=object), format="%Y-%m-%d", errors="coerce"
    )
    wrong = parsed.isna().to_numpy(dtype=bool) & np.array([bool(text) for text in texts], dtype=bool)
    _tell(
        wrong, table.fault("bad-date", "this is not a date", "Write it as 2026-01-31", column.name), ids, book
    )
    return [None if pd.isna(day) else day.date() for day in parsed]


def _classes(
    texts: list[str], column: Column, raw: RawTable, table: Table, ids: list[str], book: FaultBook
) -> list[str]:
    mapping = raw.source.classes
    default = mapping.get("*", "")
    classes = [mapping.get(text, default or text) for text in texts]
    known = column.classes | {IGNORE}
    for found, text, value in zip(ids, texts, classes, strict=True):
        if value not in known:
            remedy = f"Known are: {', '.join(sorted(column.classes))}"
            message = f"{printable(text)!r} is no known {column.name}"
            book.add(table.fault("unknown-class", message, remedy, column.name, found))
    return [value if value in known else "" for value in classes]


def _tell(rows: NDArray[np.bool_], template: Fault, ids: Iterable[str], book: FaultBook) -> None:
    if rows.any():
        book.add_each((found for found, wrong in zip(ids, rows, strict=True) if wrong), template)


def tell_repair(table: Table, rule: str, message: str, book: FaultBook, id: object = "") -> None:  # noqa: A002
    """Note something that was mended."""
    book.add(replace(table.fault(rule, message, "", id=id), severity=Severity.REPAIRED))
