"""Tell what differs between two published plans: grids that became others, homes and addresses that moved.

Homes are compared building by building. Two grids are *linked* where they share homes, or land where one of
them has no homes; what is linked, directly or through others, is one change. Within a change every grid in
force before gets at most one successor, so that the fewest households change grid.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.crs import to_metres

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.snapshot.reading import Snapshot

# Less common land than this is a rounding of borders, not a take-over.
LEAST_M2 = 1.0
Pair = tuple[int, int]


class GridChange(TypedDict):
    """Grids before and after that share homes or land.

    ``kind``: ``renumbered`` (only the code differs), ``redrawn`` (one grid, other borders), ``split``,
    ``merged``, ``rearranged`` (several became several), ``new``, ``retired``. ``successors`` are pairs of
    codes. ``households`` live there now; ``households_moved`` changed to a grid that does not succeed theirs.
    """

    kind: str
    before: list[str]
    after: list[str]
    successors: list[list[str]]
    households: int
    households_moved: int
    addresses_moved: int


class Move(TypedDict):
    """An address and the codes of its grids; empty where it lay in none."""

    address: str
    before: str
    after: str


class PlanChanges(TypedDict):
    """All differences; ``unchanged`` grids have the same code, homes and borders. ``moved`` may be cut."""

    grids_before: int
    grids_after: int
    unchanged: int
    changes: list[GridChange]
    households_compared: int
    households_moved: int
    addresses_compared: int
    addresses_moved: int
    addresses_new: int
    addresses_gone: int
    moved: list[Move]


@dataclass(frozen=True)
class _Doors:
    """The doors that both plans know: their grids before and after, households and addresses each."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    households: NDArray[np.int64]
    addresses: NDArray[np.int64]
    at: NDArray[np.int64]
    new: int
    gone: int


def compare_plans(old: Snapshot, new: Snapshot, *, most_moved: int = 1000) -> PlanChanges:
    """Return what differs between two plans of one city; at most ``most_moved`` addresses are listed."""
    doors = _shared_doors(old, new)
    homes = Counter[Pair]()
    pairs = list(zip(doors.before.tolist(), doors.after.tolist(), strict=True))
    for pair, count in zip(pairs, doors.households.tolist(), strict=True):
        homes[pair] += count
    land, same_shape = _shared_land(old, new)
    successor = _successors(homes, land, (len(old.grids()), len(new.grids())))
    left = np.array([successor.get(one, -1) for one in range(len(old.grids()))] + [-1], dtype=np.int64)
    moved = (left[doors.before] != doors.after) & ((doors.before >= 0) | (doors.after >= 0))
    groups = _groups(old, new, homes, land)
    told = [_change(old, new, group, successor, doors, moved) for group in groups]
    unchanged = [
        (len(before), len(after)) == (1, 1)
        and (before[0], after[0]) in same_shape
        and old.grids()[before[0]]["code"] == new.grids()[after[0]]["code"]
        for before, after in groups
    ]
    for one, (before, after) in zip(told, groups, strict=True):
        if one["kind"] == "redrawn" and (before[0], after[0]) in same_shape:
            one["kind"] = "renumbered"
    return {
        "grids_before": len(old.grids()),
        "grids_after": len(new.grids()),
        "unchanged": sum(unchanged),
        "changes": [one for one, same in zip(told, unchanged, strict=True) if not same],
        "households_compared": int(doors.households.sum()),
        "households_moved": int(doors.households[moved].sum()),
        "addresses_compared": int(doors.addresses.sum()),
        "addresses_moved": int(doors.addresses[moved].sum()),
        "addresses_new": doors.new,
        "addresses_gone": doors.gone,
        "moved": _moves(old, new, doors, moved, most_moved),
    }


def _keys(snapshot: Snapshot) -> dict[str, int]:
    """Return the door of every building, and of every address of no building by its text or its place."""
    buildings = snapshot.addresses.door_building_ids()
    found = {f"building/{building}": door for door, building in enumerate(buildings) if building}
    loose = {door for door, building in enumerate(buildings) if not building}
    texts, metres = _texts(snapshot, loose), snapshot.addresses.door_points().round(1)
    for door in sorted(loose):
        key = f"text/{texts[door]}" if door in texts else f"place/{metres[door].tolist()}"
        found.setdefault(key, door)
    return found


def _texts(snapshot: Snapshot, doors: set[int]) -> dict[int, str]:
    """Return an address of each of some doors; those that are no full address have none."""
    entries = snapshot.addresses.texts["entry_text"]
    found: dict[int, str] = {}
    for entry, door in enumerate(snapshot.addresses.arrays["entry_door"].tolist()):
        if door in doors and door not in found:
            found[door] = entries[entry].as_py()
    return found


def _written(snapshot: Snapshot) -> NDArray[np.int64]:
    """Return how many addresses each door has."""
    doors = np.asarray(snapshot.addresses.arrays["unit_key"]) >> 24
    return np.bincount(doors, minlength=snapshot.addresses.door_count).astype(np.int64)


def _shared_doors(old: Snapshot, new: Snapshot) -> _Doors:
    before, after = _keys(old), _keys(new)
    both = sorted(before.keys() & after.keys(), key=after.__getitem__)
    first = np.array([before[key] for key in both], dtype=np.int64)
    last = np.array([after[key] for key in both], dtype=np.int64)
    counts, counts_before = _written(new), _written(old)
    return _Doors(
        before=old.grid_of_door[first].astype(np.int64),
        after=new.grid_of_door[last].astype(np.int64),
        households=new.door_households[last].astype(np.int64),
        addresses=counts[last],
        at=last,
        new=int(counts.sum() - counts[last].sum()),
        gone=int(counts_before.sum() - counts_before[first].sum()),
    )


def _shared_land(old: Snapshot, new: Snapshot) -> tuple[dict[Pair, float], set[Pair]]:
    """Return the land that grids share in square metres, and the pairs that are one and the same polygon."""
    was, now = old.layer("grids").shapes, new.layer("grids").shapes
    same_wkb = {wkb: place for place, wkb in enumerate(shapely.to_wkb(shapely.normalize(was)))}
    same = {
        (same_wkb[wkb], place)
        for place, wkb in enumerate(shapely.to_wkb(shapely.normalize(now)))
        if wkb in same_wkb
    }
    settled = {place for _, place in same}
    left = np.array([place for place in range(len(now)) if place not in settled], dtype=np.int64)
    plane = new.city["plane"]
    place, other = old.layer("grids").tree.query(now[left], predicate="intersects")
    common = shapely.intersection(now[left[place]], was[other]) if len(place) else np.empty(0, dtype=object)
    areas = shapely.area(to_metres(common, plane)) if len(common) else np.empty(0)
    land = {
        (int(before), int(left[after])): float(area)
        for before, after, area in zip(other, place, areas, strict=True)
        if area >= LEAST_M2
    }
    own = shapely.area(to_metres(now, plane))
    land |= {(before, after): float(own[after]) for before, after in same}
    return land, same


def _successors(homes: Counter[Pair], land: dict[Pair, float], size: Pair) -> dict[int, int]:
    """Return the successor of each grid: most households stay, then most land, then the lowest place."""
    most = max(land.values(), default=1.0) * (min(size) + 1)
    gain = np.zeros(size)
    for row, column in {*(pair for pair in homes if min(pair) >= 0), *land}:
        gain[row, column] = homes[row, column] + land.get((row, column), 0.0) / most
    found = linear_sum_assignment(gain, maximize=True)
    return {int(row): int(column) for row, column in zip(*found, strict=True) if gain[row, column] > 0}


def _groups(
    old: Snapshot, new: Snapshot, homes: Counter[Pair], land: dict[Pair, float]
) -> list[tuple[list[int], list[int]]]:
    """Return the grids before and after that are linked, in the order of the new plan."""
    was, now = old.grids(), new.grids()
    linked = [pair for pair, count in homes.items() if count and min(pair) >= 0]
    linked += [
        (before, after)
        for before, after in land
        if not was[before]["households"] or not now[after]["households"]
        if _is_main(before, after, land, was[before]["households"] == 0)
    ]
    rows = np.array([pair[0] for pair in linked], dtype=np.int64)
    columns = np.array([pair[1] + len(was) for pair in linked], dtype=np.int64)
    size = len(was) + len(now)
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    group_of = connected_components(links, directed=False)[1].tolist()
    found: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, group in enumerate(group_of):
        found[group][place >= len(was)].append(place if place < len(was) else place - len(was))
    return sorted(found.values(), key=lambda group: (group[1][:1] or [len(now)], group[0]))


def _is_main(before: int, after: int, land: dict[Pair, float], empty_before: bool) -> bool:
    """Tell whether most of the land of the grid without homes lies in the other one."""
    if empty_before:
        whole = sum(area for (one, _), area in land.items() if one == before)
    else:
        whole = sum(area for (_, one), area in land.items() if one == after)
    return land[before, after] * 2 > whole


def _change(
    old: Snapshot,
    new: Snapshot,
    group: tuple[list[int], list[int]],
    successor: dict[int, int],
    doors: _Doors,
    moved: NDArray[np.bool_],
) -> GridChange:
    before, after = group
    here = moved & (np.isin(doors.after, after) | (np.isin(doors.before, before) & (doors.after < 0)))
    was, now = old.grids(), new.grids()
    follow = [(one, successor[one]) for one in before if successor.get(one) in after]
    return {
        "kind": _kind(len(before), len(after)),
        "before": [was[one]["code"] for one in before],
        "after": [now[one]["code"] for one in after],
        "successors": [[was[one]["code"], now[other]["code"]] for one, other in follow],
        "households": sum(now[one]["households"] for one in after),
        "households_moved": int(doors.households[here].sum()),
        "addresses_moved": int(doors.addresses[here].sum()),
    }


def _kind(before: int, after: int) -> str:
    if not before or not after:
        return "retired" if before else "new"
    if before == after == 1:
        return "redrawn"
    if before == 1:
        return "split"
    return "merged" if after == 1 else "rearranged"


def _moves(old: Snapshot, new: Snapshot, doors: _Doors, moved: NDArray[np.bool_], most: int) -> list[Move]:
    chosen = np.flatnonzero(moved)[:most]
    texts = _texts(new, set(doors.at[chosen].tolist()))
    was, now = old.grids(), new.grids()
    return [
        {
            "address": texts.get(int(doors.at[one]), ""),
            "before": was[doors.before[one]]["code"] if doors.before[one] >= 0 else "",
            "after": now[doors.after[one]]["code"] if doors.after[one] >= 0 else "",
        }
        for one in chosen
    ]
