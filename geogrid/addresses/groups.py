"""What belongs together in an index: communities of a district, doors of a compound."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geogrid.addresses.index import AddressIndex


def members(index: AddressIndex) -> dict[str, list[frozenset[int]]]:
    """Return the communities of each division, by kind and ordinal."""
    found: dict[str, list[frozenset[int]]] = kept(index, "members", _members)
    return found


def _members(index: AddressIndex) -> dict[str, list[frozenset[int]]]:
    communities = range(len(index.texts["community_id"]))
    found = {"community": [frozenset((i,)) for i in communities]}
    for kind in ("subdistrict", "district"):
        above = index.arrays[f"community_{kind}"].tolist()
        groups: list[set[int]] = [set() for _ in range(max(above, default=-1) + 1)]
        for community, division in enumerate(above):
            if division >= 0:
                groups[division].add(community)
        size = max((name.target for name in index.gazetteer.names if name.kind == kind), default=-1) + 1
        groups += [set() for _ in range(size - len(groups))]
        found[kind] = [frozenset(group) for group in groups]
    return found


def doors_of(index: AddressIndex, kind: str, ordinal: int) -> npt.NDArray[np.int64]:
    """Return the doors of one compound or community, ascending."""
    order, first = kept(index, f"doors_{kind}", lambda index: _grouped(index.arrays[f"door_{kind}"]))
    found: npt.NDArray[np.int64] = (
        order[first[ordinal] : first[ordinal + 1]] if ordinal + 1 < len(first) else order[:0]
    )
    return found


def _grouped(of: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    order = np.argsort(of, kind="stable").astype(np.int64)
    return order, np.searchsorted(of[order], np.arange(int(of.max(initial=-1)) + 2)).astype(np.int64)


def suffix_codes(index: AddressIndex) -> dict[str, int]:
    """Return the code of each floor-and-room text that the city knows."""
    found: dict[str, int] = kept(index, "suffixes", _suffixes)
    return found


def _suffixes(index: AddressIndex) -> dict[str, int]:
    return {key: i for i, key in enumerate(index.texts["suffix_key"].to_pylist())}


def doors_at_postcode(index: AddressIndex, code: str) -> list[int]:
    """Return the doors with this postcode."""
    view, doors = index.views["postcode"], index.views["postcode_door"]
    low = bisect_left(view, int(code))
    return [doors[i] for i in range(low, bisect_right(view, int(code), low))]


def entry_of_door(index: AddressIndex) -> dict[int, int]:
    """Return one entry (a way to write it) of each door that has any."""
    found: dict[int, int] = kept(index, "entries", _entries)
    return found


def _entries(index: AddressIndex) -> dict[int, int]:
    doors = index.arrays["entry_door"].tolist()
    return {door: entry for entry, door in reversed(list(enumerate(doors)))}


def kept(index: AddressIndex, name: str, build: Callable[[AddressIndex], Any]) -> Any:
    """Return what ``build`` makes of the index, made once and kept beside it."""
    if name not in index.caches:
        index.caches[name] = build(index)
    return index.caches[name]
