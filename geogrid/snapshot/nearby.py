"""Find the addresses near a point: buildings only, never a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geogrid.crs import points_to_metres

if TYPE_CHECKING:
    from geogrid.snapshot.reading import Snapshot


class Nearby(NamedTuple):
    """One address near a point: its text, metres away, WGS-84 place, and the label of its grid or -1."""

    address: str
    distance_m: float
    lon: float
    lat: float
    label: int


class NearbyIndex:
    """The addresses of a snapshot from south to north: a search reads one band and no tree is needed."""

    def __init__(self, snapshot: Snapshot) -> None:
        index = snapshot.addresses
        doors = np.asarray(index.arrays["entry_door"])
        y = np.asarray(index.arrays["door_y"])[doors]
        entries = np.flatnonzero(np.isfinite(y))
        order = entries[np.argsort(y[entries], kind="stable")].astype(np.int32)
        self._snapshot = snapshot
        self._entries = order
        self._doors = doors[order]
        self._y = y[order]
        self._x = np.asarray(index.arrays["door_x"])[self._doors]

    def near(self, *, lon: float, lat: float, radius_m: float, limit: int) -> tuple[Nearby, ...]:
        """Return at most ``limit`` addresses within ``radius_m`` of a WGS-84 position, the nearest first."""
        x, y = (float(one) for one in points_to_metres(lon, lat, self._snapshot.city["plane"]))
        if not (np.isfinite(x) and np.isfinite(y)):
            return ()
        start, stop = np.searchsorted(self._y, [y - radius_m, y + radius_m + 1e-9])
        far = np.hypot(self._x[start:stop] - x, self._y[start:stop] - y)
        within = np.flatnonzero(far <= radius_m)
        texts = self._snapshot.addresses.texts["entry_text"]
        found: dict[str, Nearby] = {}
        for at in within[np.lexsort((self._entries[start:stop][within], far[within]))].tolist():
            text = texts[int(self._entries[start + at])].as_py()
            if text and text not in found:
                found[text] = self._told(text, float(far[at]), int(self._doors[start + at]))
            if len(found) == limit:
                break
        return tuple(found.values())

    def _told(self, text: str, metres: float, door: int) -> Nearby:
        lon, lat = self._snapshot.door_places[door].tolist()
        return Nearby(text, round(metres, 1), lon, lat, int(self._snapshot.grid_of_door[door]))
