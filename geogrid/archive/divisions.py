"""Keep what is known of a division beside its assignment: objective vector, bounds, gap, what gave way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from geogrid.partition import Division, GaveWay
from geogrid.plan import Plan
from geogrid.policy import policy_from_table, policy_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from geogrid.policy import Policy

# These have columns of their own, so that SQL can ask for them.
_OWN = ("engine", "proved", "seconds")
# JSON writes the numbers of grids as texts.
_BY_GRID = ("names", "purposes")


def division_row(one: Division, policy: Policy | None) -> dict[str, Any]:
    """Return the columns of a division other than its keys and its assignment."""
    row = {name: getattr(one, name) for name in _OWN}
    rest = {field.name for field in fields(one)} - {"plan", "gave_way", *_OWN}
    facts = {name: _plain(getattr(one, name)) for name in sorted(rest)}
    facts["gave_way"] = [_plain(asdict(found)) for found in one.gave_way]
    return row | {"facts": facts, "policy": None if policy is None else policy_table(policy)}


def read_division(row: Row[Any], numbers: dict[str, int]) -> Division:
    """Return the division of a row, with the assignment ``numbers``.

    A fact that an older geogrid knew and this one does not is left out.
    """
    known = {field.name for field in fields(Division)}
    facts = {name: _value(found) for name, found in row.facts.items() if name in known}
    facts["gave_way"] = tuple(GaveWay(**_value(found)) for found in row.facts["gave_way"])
    for name in _BY_GRID:
        facts[name] = {int(grid): text for grid, text in facts.get(name, {}).items()}
    own = {name: getattr(row, name) for name in _OWN}
    return Division(plan=Plan(row.community_id, numbers), **own, **facts)


def read_division_policy(row: Row[Any]) -> Policy | None:
    """Return the policy that a division was made under, None where none was told."""
    return None if row.policy is None else policy_from_table(row.policy)


def _plain(value: Any) -> Any:
    """Return what JSON keeps: the order of a mapping counts, and infinity is written as a word."""
    if isinstance(value, Mapping):
        return {"pairs": [[str(key), _plain(one)] for key, one in value.items()]}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    return value


def _value(plain: Any) -> Any:
    if isinstance(plain, dict):
        if "float" in plain:
            return float(plain["float"])
        return {key: _value(one) for key, one in plain["pairs"]}
    return tuple(_value(one) for one in plain) if isinstance(plain, list) else plain
