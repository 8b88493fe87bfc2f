"""Name the grids of a community in the language of its data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from geogrid.plan import GridKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.model import Building, City
    from geogrid.plan import Grid
    from geogrid.units import Unit


@dataclass(frozen=True, slots=True)
class _Words:
    """How a language joins names: two, more compounds than two, more streets than two, and none."""

    comma: str
    compounds: str
    streets: str
    plain: str
    special: str


_WORDS = {
    "zh-Hans": _Words("、", "{names}等{all}个小区", "{names}等{all}条街", "第{}网格", "第{}网格（专属）"),
    "zh-Hant": _Words("、", "{names}等{all}個街廓", "{names}等{all}條街", "第{}網格", "第{}網格（專屬）"),
    "en": _Words(", ", "{names} and {rest} more", "{names} and {rest} more", "Grid {}", "Grid {} (special)"),
}


def name_grids(
    city: City, grids: Sequence[Grid], units: Iterable[Unit], given: Mapping[int, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """Return a name for each of ``grids``, all grids of one community, each name once.

    ``given`` are names that a planner gave, by grid number; they are kept as they are.

    A grid is called after its compounds, the largest first; without compounds after its streets; without
    homes after the land in it; else by its number. Grids that would share a name are numbered: A(1), A(2).
    """
    words = _WORDS.get(city.language, _WORDS["en"])
    compounds = {one.id: one.name.strip() for one in city.compounds}
    buildings = {one.id: one for one in city.buildings}
    land = {unit.id: unit.name.strip() for unit in units}
    return _made_unique(
        tuple(given.get(grid.number) or _name(grid, words, compounds, buildings, land) for grid in grids)
    )


def _name(
    grid: Grid,
    words: _Words,
    compounds: Mapping[str, str],
    buildings: Mapping[str, Building],
    land: Mapping[str, str],
) -> str:
    lands = _distinct(land[unit] for unit in grid.unit_ids)
    if grid.kind is GridKind.SPECIAL and lands:
        return words.comma.join(lands[:2])
    named = _distinct(compounds[one] for one in grid.compound_ids)
    if named:
        return _joined(named, len(grid.compound_ids), words.comma, words.compounds)
    streets = _streets(buildings[one] for one in grid.building_ids)
    if streets:
        return _joined(streets, len(streets), words.comma, words.streets)
    return (words.special if grid.kind is GridKind.SPECIAL else words.plain).format(grid.number)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))


def _joined(names: list[str], count: int, comma: str, many: str) -> str:
    first = comma.join(names[:2])
    return first if len(names) <= 2 else many.format(names=first, all=count, rest=count - 2)


def _streets(buildings: Iterable[Building]) -> list[str]:
    """Return the streets of buildings, the one with most households first."""
    homes: Counter[str] = Counter()
    for one in buildings:
        if one.street.strip():
            homes[one.street.strip()] += max(one.households, 1)
    return sorted(homes, key=lambda name: (-homes[name], name))


def _made_unique(names: Sequence[str]) -> tuple[str, ...]:
    count, taken, unique = Counter(names), set(names), []
    for name in names:
        number, wanted = 1, name
        while count[name] > 1 and wanted in taken:
            wanted = f"{name}({number})"
            number += 1
        taken.add(wanted)
        unique.append(wanted)
    return tuple(unique)
