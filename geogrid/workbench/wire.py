"""Operations as JSON objects and back: ``{"kind": "assign", "units": ["c1/h01"], "grid": 3}``.

What is written here is also what the archive keeps of a draft, so a kind or a field is never renamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_args

from geogrid.errors import Fault, RefusedError
from geogrid.workbench.operations import Operation

MOST_UNITS = 20_000
KINDS: dict[str, type[Operation]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in get_args(Operation)
}
NAMES = {kind: name for name, kind in KINDS.items()}


def operation_to_json(operation: Operation) -> dict[str, Any]:
    """Return an operation as a JSON object; tuples become lists."""
    told: dict[str, Any] = {"kind": NAMES[type(operation)]}
    for field in fields(operation):
        told[field.name] = _plain(getattr(operation, field.name))
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return dict(sorted(value.items())) if isinstance(value, Mapping) else value


def operation_from_json(told: object) -> Operation:
    """Return the operation that a JSON object describes.

    :raises RefusedError: no such kind, a field too many, too few or of another type; carries all faults.
    """
    if not isinstance(told, Mapping) or told.get("kind") not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise RefusedError((Fault("unknown-operation", "no such kind of operation", f"Known are {known}."),))
    kind = KINDS[told["kind"]]
    wanted = {field.name: field for field in fields(kind)}
    faults = [
        Fault("unknown-field", "the operation has no such field", "Leave it out.", field=str(name)[:40])
        for name in told
        if name not in wanted and name != "kind"
    ]
    values: dict[str, Any] = {}
    for name, field in wanted.items():
        if name in told:
            try:
                values[name] = READERS[str(field.type)](told[name])
            except (TypeError, ValueError) as error:
                faults.append(Fault("wrong-type", f"the field must be {error}", field=name))
        elif field.default is MISSING and field.default_factory is MISSING:
            faults.append(Fault("missing-field", "the operation needs this field", field=name))
    if faults:
        raise RefusedError(tuple(faults))
    return kind(**values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 999:
        raise TypeError("a whole number from 1 to 999")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_UNITS:
        raise TypeError(f"a list of at most {MOST_UNITS}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    # An id named twice means the same as once.
    return tuple(dict.fromkeys(_text(one) for one in _list(value)))


def _assignment(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping) or len(value) > MOST_UNITS:
        raise TypeError(f"an object of at most {MOST_UNITS} units")
    return {_text(unit): _number(grid) for unit, grid in value.items()}


READERS = {
    "str": _text,
    "int": _number,
    "tuple[str, ...]": _texts,
    "tuple[int, ...]": lambda value: tuple(dict.fromkeys(_number(one) for one in _list(value))),
    "tuple[tuple[str, ...], ...]": lambda value: tuple(_texts(one) for one in _list(value)),
    "Mapping[str, int]": _assignment,
}
