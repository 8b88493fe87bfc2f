"""Rows of structured arrays: what a compiled loop hands on as a pointer, to read and to write."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Row = TypeVar("Row")
TYPES = {"int": np.int64, "float": np.float64, "bool": np.bool_}


def table(kind: type[Row], **columns: NDArray[Any]) -> Sequence[Row]:
    """Return rows of a kind as a structured array; the columns that are not told are 0."""
    rows = _zeros(kind, len(next(iter(columns.values()))))
    for name, column in columns.items():
        rows[name] = column
    told: Sequence[Row] = rows
    return told


def row(kind: type[Row]) -> Row:
    """Return one row of a kind, all 0."""
    told: Row = _zeros(kind, 1)[0]
    return told


def _zeros(kind: type, length: int) -> Any:
    return np.zeros(length, _dtype(kind))


@cache
def _dtype(kind: type) -> np.dtype[np.void]:
    fields = [(name, TYPES[told]) for name, told in kind.__annotations__.items()]
    return np.dtype(fields, align=True)
