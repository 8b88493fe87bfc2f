"""Turn foreign columns into the documented ones: which column is which, and every row an id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geogrid.boundaries.faults import printable
from geogrid.boundaries.schema import IGNORE, Column, Kind, Layer
from geogrid.boundaries.values import Cells, clean_texts, convert
from geogrid.errors import Fault, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.files import RawTable


SHEETS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls"})  # their rows have numbers that people see


@dataclass(frozen=True)
class Table:
    """One layer's rows under the documented names.

    Texts and ids are str ("" where unknown), counts and numbers float (NaN where unknown), flags True, False
    or None, dates ``date`` or None, lists of ids tuples. ``geometry`` is an array of shapely geometries.
    """

    layer: Layer
    file: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None
    crs: Any
    crs_stated: bool = False
    min_width_m: float = 0.0
    believe_place: bool = False
    rows: NDArray[np.int64] | None = None  # of CSV and Excel, the header being row 1

    @property
    def ids(self) -> NDArray[np.object_]:
        """The ids of the rows."""
        return self.frame["id"].to_numpy(dtype=object)

    @property
    def shapes(self) -> NDArray[np.object_]:
        """The geometries of a layer that has some."""
        assert self.geometry is not None
        return self.geometry

    def texts(self, column: str) -> NDArray[np.object_]:
        """Return a column as an array of objects."""
        return self.frame[column].to_numpy(dtype=object)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column as an array of floats."""
        return self.frame[column].to_numpy(dtype=np.float64)

    def keep(self, rows: NDArray[np.bool_]) -> Table:
        """Return the table with only ``rows``."""
        geometry = self.geometry[rows] if self.geometry is not None else None
        frame = self.frame.loc[rows].reset_index(drop=True)
        numbers = self.rows[rows] if self.rows is not None else None
        return replace(self, frame=frame, geometry=geometry, rows=numbers)

    def places(self, rows: NDArray[np.bool_]) -> list[tuple[object, int]]:
        """Return the ids of ``rows`` and their rows in the file, 0 where it has none."""
        numbers = self.rows[rows].tolist() if self.rows is not None else [0] * int(np.count_nonzero(rows))
        return list(zip(self.ids[rows].tolist(), numbers, strict=True))

    def put(self, **columns: Any) -> Table:
        """Return the table with these columns added or replaced; objects stay objects."""
        series = {name: pd.Series(values, dtype=np.asarray(values).dtype) for name, values in columns.items()}
        return replace(self, frame=self.frame.assign(**series))

    def fault(
        self, rule: str, message: str, remedy: str, *, field: str = "", row: int | None = None
    ) -> Fault:
        """Return an error at this layer, at one of its rows if ``row`` is given."""
        found = "" if row is None else printable(self.ids[row])
        number = 0 if row is None or self.rows is None else int(self.rows[row])
        return Fault(rule, message, remedy, self.file, self.layer.name, found, field, row=number)

    def repair(self, rule: str, message: str, *, row: int | None = None) -> Fault:
        """Return the notice of something that was mended."""
        return replace(self.fault(rule, message, "", row=row), severity=Severity.REPAIRED)

    def warning(self, rule: str, message: str, remedy: str = "", *, field: str = "") -> Fault:
        """Return something worth knowing."""
        return replace(self.fault(rule, message, remedy, field=field), severity=Severity.WARNING)


def clean_table(raw: RawTable, book: FaultBook) -> Table:
    """Return the rows of a source with the documented columns, every doubtful value told."""
    table = Table(
        layer=raw.layer,
        file=raw.file,
        frame=raw.frame,
        geometry=raw.geometry,
        crs=raw.source.crs or raw.crs,
        crs_stated=bool(raw.source.crs),
        min_width_m=raw.source.min_width_m,
        believe_place=raw.source.believe_place,
        rows=np.arange(2, len(raw.frame) + 2) if Path(raw.file).suffix.lower() in SHEETS else None,
    )
    if len(raw.frame) == 0:
        book.add(table.fault("empty-layer", "the layer has no rows", "Leave it out or fill it"))
    found = {column.name: _foreign(raw, column, table, book) for column in raw.layer.columns}
    ids = _ids(found.get("id"), raw, table, book)
    columns: dict[str, Any] = {"id": ids}
    for column in raw.layer.columns:
        if column.name != "id":
            place = table.fault("", "", "", field=column.name)
            cells = Cells(column, found[column.name], tuple(ids), place, book, table.rows)
            columns[column.name] = convert(cells, raw.source.classes)
    # Objects, not pandas' own strings: rows are looked at one by one far more often than searched.
    series = {name: _series(values) for name, values in columns.items()}
    clean = replace(table, frame=pd.DataFrame(series, index=pd.RangeIndex(len(raw.frame))))
    return _drop_ignored(clean)


def _series(values: Any) -> pd.Series[Any]:
    numbers = isinstance(values, np.ndarray) and values.dtype != np.dtype(object)
    return pd.Series(values, dtype=np.float64 if numbers else object)


def _drop_ignored(table: Table) -> Table:
    """Leave out rows of a class that is ignored, and those of an unknown class, which were told."""
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
        message = f"the source has no column {printable(named)!r}"
        book.add(table.fault("missing-column", message, remedy, field=column.name))
        return None
    name = named or column.name
    if name in raw.frame:
        return raw.frame[name].reset_index(drop=True)
    if column.required:
        message = f"the layer has no column {column.name}"
        remedy = f"Add it, or say in city.toml which column is its {column.name}"
        book.add(table.fault("missing-column", message, remedy, field=column.name))
    return None


def _ids(values: pd.Series[Any] | None, raw: RawTable, table: Table, book: FaultBook) -> list[str]:
    """Return an id for every row; where the layer may do without, the number of the row makes one."""
    stem = raw.source.layer or raw.layer.name
    size = len(raw.frame)
    if values is None:
        return [f"{stem}-{n}" for n in range(1, size + 1)]
    cells = Cells(Column("id", Kind.ID), values, (), table.fault("", "", "", field="id"), book, table.rows)
    ids = clean_texts(cells)
    if raw.layer.id_required:
        for n in (n for n, found in enumerate(ids, start=1) if not found):
            message = f"row {n} has no id" if table.rows is None else "this row has no id"
            fault = table.fault("missing-id", message, "Give every row an id of its own", field="id")
            book.add(replace(fault, row=0 if table.rows is None else n + 1))
    return [found or f"{stem}-{n}" for n, found in enumerate(ids, start=1)]
