"""Read the values of a column: texts, whole numbers, dates, flags and classes, in whatever form they come."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geogrid.boundaries.faults import printable
from geogrid.boundaries.schema import IGNORE, Column, Kind
from geogrid.errors import Fault, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from geogrid.boundaries.faults import FaultBook

# No column may hold a number above these: more is a mistake of units or of columns.
LARGEST = {"population": 1_000_000.0, "households": 20_000.0, "levels": 200.0, "stars": 5.0}
LARGEST_ELSE = 10_000_000.0
LONGEST_TEXT = 1_000

TRUE = frozenset({"true", "yes", "1", "t", "y", "是", "1.0"})
FALSE = frozenset({"false", "no", "0", "f", "n", "否", "0.0", ""})

# C0 and C1 controls, and the marks that turn the direction of a line around.
CONTROLS = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u200b\\u2028-\\u202e\\u2066-\\u2069\\ufeff]")
LINE_OR_CONTROL = re.compile(CONTROLS.pattern + "|\\n")
# Text that was decoded wrongly: the replacement character and its own mangled forms, UTF-8 taken for
# Latin-1 or Windows-1252 (three-byte Chinese, two-byte accents), GB18030 taken for Latin-1.
CONTINUATION = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
MOJIBAKE = re.compile(f"\ufffd|锟斤拷|烫烫烫|[à-ï][{CONTINUATION}]{{2}}|[ÃÂ][\x80-\xbf]|[\xa1-\xfe]{{4}}")
# Checking for UTF-8 taken for GB18030 decodes every text; a sample of this size tells.
SAMPLE = 2_000


@dataclass(frozen=True)
class Cells:
    """A column of a layer while it is read; ``place`` is a fault that says where it is."""

    column: Column
    values: pd.Series[Any] | None
    ids: tuple[str, ...]
    place: Fault
    book: FaultBook
    rows: NDArray[np.int64] | None = None

    def tell(self, rows: ArrayLike, rule: str, message: str, remedy: str) -> None:
        """Note a fault in each of ``rows``."""
        numbers = np.flatnonzero(np.asarray(rows, dtype=bool))
        if len(numbers):
            template = replace(self.place, rule=rule, message=message, remedy=remedy)
            ids = [self.ids[n] if self.ids else f"row {n + 1}" for n in numbers]
            rows = self.rows[numbers].tolist() if self.rows is not None else [0] * len(ids)
            self.book.add_each(zip(ids, rows, strict=True), template)


def convert(cells: Cells, classes: Mapping[str, str]) -> Any:
    """Return the values of a column by its kind; see ``Table`` for what stands for the unknown."""
    kind, size = cells.column.kind, len(cells.ids)
    if cells.values is None:
        return _nothing(kind, size)
    if kind in (Kind.COUNT, Kind.NUMBER):
        return _numbers(cells, cells.values)
    texts = clean_texts(cells)
    readers: dict[Kind, Callable[[], Any]] = {
        Kind.TEXT: lambda: np.array(texts, dtype=object),
        Kind.ID: lambda: np.array(texts, dtype=object),
        Kind.IDS: lambda: [_parts(text) for text in texts],
        Kind.FLAG: lambda: _flags(cells, texts),
        Kind.DATE: lambda: _dates(cells, texts),
        Kind.CLASS: lambda: _classes(cells, texts, classes),
    }
    return readers[kind]()


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("；", ";").split(";") if part.strip())


def _nothing(kind: Kind, size: int) -> Any:
    if kind in (Kind.COUNT, Kind.NUMBER):
        return np.full(size, np.nan)
    if kind in (Kind.FLAG, Kind.DATE):
        return np.full(size, None, dtype=object)
    return np.full(size, "", dtype=object) if kind is not Kind.IDS else [()] * size


def clean_texts(cells: Cells) -> list[str]:
    """Return trimmed text, "" for what is missing, control characters removed, wrong encodings told."""
    assert cells.values is not None
    read = [text.strip() for text in _as_text(cells.values)]
    # One search through a whole column costs a tenth of one search a value.
    column = "\n".join(read)
    texts = read
    if CONTROLS.search(column) or column.count("\n") >= max(len(read), 1):
        dirty = sum(1 for text in read if LINE_OR_CONTROL.search(text))
        message = f"control characters were removed from {dirty:,} values"
        told = replace(cells.place, rule="control-characters", message=message, severity=Severity.REPAIRED)
        cells.book.add(told)
        texts = [LINE_OR_CONTROL.sub("", text).strip() for text in read]
    _tell_encoding(cells, read, column)
    too_long = [len(text) > LONGEST_TEXT for text in texts]
    cells.tell(too_long, "absurd-size", f"the text is longer than {LONGEST_TEXT:,} characters", "Shorten it")
    return texts


def _as_text(values: pd.Series[Any]) -> list[str]:
    """Return text; whole numbers that a missing value turned into floats lose their ``.0``."""
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float, na_value=np.nan).tolist()
        return ["" if np.isnan(number) else f"{number:.15g}" for number in numbers]
    missing = values.isna().to_numpy(dtype=bool)
    pairs = zip(values.tolist(), missing.tolist(), strict=True)
    if pd.api.types.is_object_dtype(values.dtype):
        return ["" if gone else _joined(value) for value, gone in pairs]
    return ["" if gone else str(value) for value, gone in pairs]


def _joined(value: object) -> str:
    """Return a value as text; Parquet and GeoJSON may hold real lists."""
    if isinstance(value, list | tuple | np.ndarray):
        return ";".join(str(part) for part in value)
    return str(value)


def _tell_encoding(cells: Cells, texts: list[str], column: str) -> None:
    """Tell texts that were decoded wrongly; ``column`` is all of them in one."""
    suspicious = MOJIBAKE.search(column) is not None
    foreign = [n for n, text in enumerate(texts) if not text.isascii()]
    wrong = {n for n in foreign if suspicious and MOJIBAKE.search(texts[n])}
    wrong |= {n for n in foreign[:SAMPLE] if _utf8_taken_for_gb(texts[n])}
    remedy = 'Export it as UTF-8, or say in city.toml: encoding = "gb18030"'
    rows = np.isin(np.arange(len(texts)), sorted(wrong))
    cells.tell(rows, "wrong-encoding", "the text was read in a wrong encoding", remedy)


def _utf8_taken_for_gb(text: str) -> bool:
    """Say whether the text turns into other Chinese when its GB18030 bytes are read as UTF-8."""
    try:
        other = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return any("\u4e00" <= char <= "\u9fff" for char in other)


def _numbers(cells: Cells, values: pd.Series[Any]) -> NDArray[np.float64]:
    name = cells.column.name
    numbers = _parsed(cells, values)
    if name in ("x", "y"):
        return numbers
    if name == "levels":
        # Registers write basements as negative levels; how many are above ground is then unknown.
        numbers = np.where(numbers < 0, np.nan, numbers)
    largest = LARGEST.get(name, LARGEST_ELSE)
    absurd, negative = numbers > largest, numbers < 0
    cells.tell(absurd, "absurd-number", "the number is too large", f"No more than {largest:,.0f} is believed")
    cells.tell(negative, "negative-number", "the number is negative", "Count from 0")
    if cells.column.kind is Kind.COUNT:
        broken = np.isfinite(numbers) & (numbers != np.floor(numbers))
        cells.tell(broken, "not-an-integer", "this must be a whole number", "Count whole ones")
    return np.where(absurd | negative, np.nan, numbers)


def _parsed(cells: Cells, values: pd.Series[Any]) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        given = ~np.isnan(numbers)
    else:
        texts = pd.Series([text.strip() for text in _as_text(values)], dtype="str")
        given = texts.ne("").to_numpy(dtype=bool)
        parsed = pd.to_numeric(texts.where(given), errors="coerce")
        numbers = parsed.to_numpy(dtype=np.float64, na_value=np.nan)
    unread = given & ~np.isfinite(numbers)
    cells.tell(unread, "bad-number", "this is not a number", "Write digits only")
    return np.where(unread, np.nan, numbers)


def _flags(cells: Cells, texts: list[str]) -> NDArray[np.object_]:
    lowered = [text.lower() for text in texts]
    unknown = [text not in TRUE and text not in FALSE for text in lowered]
    cells.tell(unknown, "bad-flag", "this is neither true nor false", "Say true or false")
    return np.array([None if not text else text in TRUE for text in lowered], dtype=object)


def _dates(cells: Cells, texts: list[str]) -> NDArray[np.object_]:
    days = [_day(text) for text in texts]
    wrong = [bool(text) and day is None for text, day in zip(texts, days, strict=True)]
    cells.tell(wrong, "bad-date", "this is not a date", "Write it as 2026-01-31")
    return np.array(days, dtype=object)


def _day(text: str) -> date | None:
    """Return the day of ``2026-01-31``, ``2026/01/31`` or the two with a time behind."""
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        return None


def _classes(cells: Cells, texts: list[str], mapping: Mapping[str, str]) -> NDArray[np.object_]:
    known = cells.column.classes | {IGNORE}
    found = [mapping.get(text, mapping.get("*", text)) for text in texts]
    remedy = f"Known are: {', '.join(sorted(cells.column.classes))}"
    for n, (text, value) in enumerate(zip(texts, found, strict=True)):
        if value not in known:
            message = (
                f"{printable(text)!r} is no known {cells.column.name}" if text else "the class is missing"
            )
            told = replace(cells.place, rule="unknown-class", message=message, remedy=remedy)
            row = 0 if cells.rows is None else int(cells.rows[n])
            cells.book.add(replace(told, id=printable(cells.ids[n]), row=row))
    return np.array([value if value in known else "" for value in found], dtype=object)
