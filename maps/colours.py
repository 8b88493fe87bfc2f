"""The colours of a whole plan: neighbours far apart, and a grid that survives a re-division keeps its own.

Colours follow the published plans one after the other, from the first. They are worked out once a plan and
depend on nothing but the snapshots that lie beside one another.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.errors import SnapshotError
from geogrid.snapshot import Snapshot, read_timeline
from geogrid.snapshot.files import read_manifest
from maps.colouring import colour_grids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

REMEMBERED = 64  # plans
SHARED = 5e-5  # degrees, about 5 m of common border make two grids neighbours


_made: dict[str, dict[str, int]] = {}
_making = threading.RLock()


def colours_of(source: Snapshot) -> Mapping[str, int]:
    """Return the colour of every grid with homes by code, an index into the palette; remembered by plan."""
    return _remembered(str(source.manifest["sha256"]), lambda: source)


def _remembered(key: str, opened: Callable[[], Snapshot]) -> Mapping[str, int]:
    with _making:
        if key not in _made:
            _made[key] = _colours(opened())
            while len(_made) > REMEMBERED:
                del _made[next(iter(_made))]
        return _made[key]


def _colours(source: Snapshot) -> dict[str, int]:
    if not any(card["replaces"] for card in source.grids()):
        return colour_plan(source)
    return colour_plan(source, kept(source, colours_before(source)))


def colours_before(source: Snapshot) -> Mapping[str, int]:
    """Return the colours of the plan that was in force before, of the snapshot beside ``source``.

    Without one there are none.
    """
    root, begins = source.folder.parent, source.city["effective_from"]
    try:
        older = [one for one in read_timeline(root) if _before(one.effective_from, begins)]
        if not older:
            return {}
        folder = root / str(older[-1].version)
        key = str(read_manifest(folder, verify=False)["sha256"])
        return _remembered(key, lambda: Snapshot.open(folder, verify=False, numba=False))
    except SnapshotError:
        return {}


def _before(day: date, other: str) -> bool:
    return day.isoformat() < other


def kept(source: Snapshot, before: Mapping[str, int]) -> dict[str, int]:
    """Return the colours that grids keep: from the grid each replaces most of, handed on once."""
    found: dict[str, int] = {}
    heirs: set[str] = set()
    for card in sorted(source.grids(), key=lambda card: (-card["households"], card["code"])):
        old = card["replaces"][0] if card["replaces"] else ""
        if old in before and old not in heirs:
            heirs.add(old)
            found[card["code"]] = before[old]
    return found


def colour_plan(source: Snapshot, keep: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return the colours of one plan, community by community; special-purpose grids get none."""
    cards = source.grids()
    homes = [n for n, card in enumerate(cards) if card["kind"] != "special"]
    shapes = source.layer("grids").shapes
    around = touching([cards[n]["code"] for n in homes], shapes[homes])
    own: dict[str, list[str]] = defaultdict(list)
    for n in homes:
        own[cards[n]["community"]["id"]].append(cards[n]["code"])
    chosen: dict[str, int] = {}
    for codes in own.values():
        chosen |= colour_grids({code: around[code] for code in codes}, keep, chosen)
    return chosen


def touching(codes: Sequence[str], shapes: NDArray[np.object_]) -> dict[str, list[str]]:
    """Return the neighbours of every polygon of a coverage: those with a common border of about five metres.

    Polygons of a coverage share whole segments, so equal segments are found by sorting them.
    """
    found: dict[str, list[str]] = {code: [] for code in codes}
    rings, owner = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[:-1] == ring[1:]
    ends = np.stack([points[:-1][same], points[1:][same]], axis=1)
    turned = (ends[:, 0, 0] > ends[:, 1, 0]) | (
        (ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1])
    )
    ends[turned] = ends[turned][:, ::-1]
    holder, flat = owner[ring[:-1][same]], ends.reshape(-1, 4)
    order = np.lexsort(flat.T)
    flat, holder = flat[order], holder[order]
    pair = np.flatnonzero((flat[:-1] == flat[1:]).all(axis=1) & (holder[:-1] != holder[1:]))
    low, high = np.sort([holder[pair], holder[pair + 1]], axis=0)
    both, place = np.unique(low * len(codes) + high, return_inverse=True)
    lengths = np.bincount(place, np.hypot(*(flat[pair, :2] - flat[pair, 2:]).T))
    for a, b in zip(*np.divmod(both[lengths > SHARED], len(codes)), strict=True):
        found[codes[a]].append(codes[b])
        found[codes[b]].append(codes[a])
    return found
