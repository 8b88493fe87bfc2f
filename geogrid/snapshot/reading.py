"""Open a compiled snapshot and answer from it."""

from __future__ import annotations

import json
import math
import mmap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.addresses import AddressIndex, Matcher, suggest
from geogrid.crs import points_to_metres
from geogrid.errors import NotFoundError, SnapshotError
from geogrid.locate import PointIndex
from geogrid.snapshot.answers import LookupAnswer, LookupCandidate, Reading
from geogrid.snapshot.files import read_manifest
from geogrid.snapshot.layers import LAYERS, Layer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geogrid.addresses import AddressAnswer, Candidate
    from geogrid.snapshot.answers import CityCard, CommunityCard, GridCard

ARRAYS = ("unit_of_door", "grid_of_unit", "grid_of_door", "door_places", "door_households")


class Snapshot:
    """One published plan, immutable and memory-mapped: processes that open it share its pages.

    The cards it gives are shared too; callers must not change them. A grid's *label* is its place in
    ``grids()``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], *, numba: bool = True) -> None:
        self.folder = folder
        self.manifest = manifest
        told = json.loads((folder / "cards.json").read_bytes())
        self._city: CityCard = told["city"]
        self._communities: tuple[CommunityCard, ...] = tuple(told["communities"])
        self._grids: tuple[GridCard, ...] = tuple(told["grids"])
        self._label_of = {card["code"]: label for label, card in enumerate(self._grids)}
        self.points = PointIndex.open(folder / "points", numba=numba)
        self.addresses = AddressIndex.open(folder / "addresses")
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
        self.grid_of_door: NDArray[np.int32] = arrays["grid_of_door"]
        self.door_households: NDArray[np.int32] = arrays["door_households"]
        self.door_places: NDArray[np.float64] = np.asarray(arrays["door_places"])
        # lon, lat, lon, lat ... as plain numbers: single reads from an array cost ten times as much.
        self._places_flat = self.door_places.ravel().data
        self._matcher = Matcher(self.addresses, self.grid_of_door)
        named = {str(card["id"]): card["name"] for card in self._communities}
        self._names = [named.get(id_, "") for id_ in self.addresses.community_ids]
        self._places = json.loads((folder / "shapes.json").read_bytes())
        self._shapes = _mapped(folder / "shapes.bin")
        self._layers = {name: Layer.open(folder, name) for name in LAYERS}

    @classmethod
    def open(cls, folder: str | Path, *, verify: bool = True, numba: bool = True) -> Snapshot:
        """Open a snapshot after checking every file against the manifest.

        ``verify=False`` checks sizes only. Without ``numba`` it opens sooner and takes less memory; the
        answers are the same.

        :raises SnapshotError: missing, damaged, truncated or of another format.
        """
        place = Path(folder)
        manifest = read_manifest(place, verify=verify)
        try:
            return cls(place, manifest, numba=numba)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"snapshot {place.name} cannot be read: {type(error).__name__}") from error

    @property
    def city(self) -> CityCard:
        """Return the facts of the city and of the plan."""
        return self._city

    def communities(self) -> tuple[CommunityCard, ...]:
        """Return every community in the city's order."""
        return self._communities

    def grids(self) -> tuple[GridCard, ...]:
        """Return every grid, by community and number; a grid's place is its label."""
        return self._grids

    def grid(self, code: str) -> GridCard:
        """Return the card of a grid.

        :raises NotFoundError: this plan has no grid of that code.
        """
        label = self._label_of.get(code)
        if label is None:
            raise NotFoundError("grid", code)
        return self._grids[label]

    # Drawings

    def grids_geojson(self, community_id: str) -> dict[str, Any]:
        """Return the grids of a community as a FeatureCollection; properties are their cards.

        :raises NotFoundError: no such community.
        """
        return _parsed(self.grids_bytes(community_id))

    def background_geojson(self, community_id: str) -> dict[str, Any]:
        """Return what lies under the grids of a community as a FeatureCollection.

        Properties: ``layer`` (water, park, land, compound, building, street, barrier), ``kind``, ``name``.

        :raises NotFoundError: no such community.
        """
        return _parsed(self.background_bytes(community_id))

    def grids_bytes(self, community_id: str) -> bytes:
        """Return ``grids_geojson`` as it lies on the disk, UTF-8."""
        return self._piece("grids", community_id)

    def background_bytes(self, community_id: str) -> bytes:
        """Return ``background_geojson`` as it lies on the disk, UTF-8."""
        return self._piece("background", community_id)

    def city_ground_bytes(self) -> bytes:
        """Return what lies under the whole city as a FeatureCollection as it lies on the disk, UTF-8.

        Water, parks, land and dividing lines, beyond its edge too, with properties as ``background_geojson``.
        """
        return self._piece("ground", self.city["id"])

    def content_hash(self, kind: str, community_id: str) -> str:
        """Return the SHA-256 of ``grids_bytes`` ("grids") or ``background_bytes`` ("background")."""
        return str(self._place(kind, community_id)[2])

    def _piece(self, kind: str, community_id: str) -> bytes:
        start, length, _ = self._place(kind, community_id)
        return bytes(self._shapes[start : start + length])

    def _place(self, kind: str, community_id: str) -> tuple[int, int, str]:
        found = self._places[kind].get(community_id)
        if found is None:
            raise NotFoundError("community", community_id)
        return found[0], found[1], found[2]

    def layer(self, name: str) -> Layer:
        """Return one of `LAYERS`: the five levels, the grids, the branches, the venues.

        :raises NotFoundError: no such layer.
        """
        found = self._layers.get(name)
        if found is None:
            raise NotFoundError("layer", name)
        return found

    # Positions

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """Return the label of the grid at each WGS-84 position, -1 outside."""
        return self.points.locate(lon, lat)

    def lookup_point(self, *, lon: float, lat: float) -> LookupAnswer:
        """Answer which grid a WGS-84 position lies in; outside, the nearest grid and its metres are told."""
        label = self.points.locate_one(lon=lon, lat=lat)
        if label >= 0:
            return LookupAnswer("matched", self._grids[label], match_level="point", lon=lon, lat=lat)
        return self._outside("point", "", lon, lat)

    def _outside(self, level: str, address: str, lon: float | None, lat: float | None) -> LookupAnswer:
        answer = LookupAnswer("outside", address=address, match_level=level, lon=lon, lat=lat)
        if lon is None or lat is None:
            return answer
        label, metres = self.points.nearest(lon=lon, lat=lat)
        if label < 0:
            return answer
        return LookupAnswer(
            "outside",
            address=address,
            match_level=level,
            lon=lon,
            lat=lat,
            nearest=self._grids[label],
            distance_m=metres,
        )

    # Addresses

    def lookup_address(
        self, text: str, *, limit: int = 5, near: tuple[float, float] | None = None, explain: bool = True
    ) -> LookupAnswer:
        """Answer which grid an address lies in, with at most ``limit`` candidates.

        ``near`` is a WGS-84 (lon, lat) that breaks ties in the order shown. Without ``explain`` the answer
        does not say how the address was read, and costs less.
        """
        return self._told(self._matcher.match(text, near=self._in_plane(near), limit=limit), explain=explain)

    def suggest(
        self, text: str, *, limit: int = 8, near: tuple[float, float] | None = None
    ) -> tuple[str, ...]:
        """Return completions of what was typed so far, the best first; ``near`` is a WGS-84 (lon, lat)."""
        return tuple(text for text, _ in self.suggestions(text, limit=limit, near=near))

    def suggestions(
        self, text: str, *, limit: int = 8, near: tuple[float, float] | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Return completions as ``suggest`` does, and of a single door the name of its community."""
        found = suggest(self.addresses, text, limit=limit, near=self._in_plane(near))
        homes = self.addresses.views["door_community"]
        return tuple((one.text, self._names[homes[one.door]] if one.door >= 0 else "") for one in found)

    def _in_plane(self, near: tuple[float, float] | None) -> tuple[float, float] | None:
        if near is None:
            return None
        x, y = points_to_metres(near[0], near[1], self._city["plane"])
        return float(x), float(y)

    def _told(self, found: AddressAnswer, *, explain: bool = True) -> LookupAnswer:
        candidates = tuple([self._candidate(one) for one in found.candidates])
        first = candidates[0] if candidates else None
        grid = self._grids[found.grid] if found.grid >= 0 else None
        status, level = str(found.status), str(found.match_level)
        if first is not None and status == "matched" and grid is None:
            outside = self._outside(level, first.text, first.lon, first.lat)
            return replace(
                outside,
                score=found.score,
                margin=found.margin,
                candidates=candidates,
                explain=_readings(found) if explain else (),
            )
        if status == "ambiguous":
            first = None  # no one place is the answer; the candidates have theirs
        return LookupAnswer(
            status=status,
            grid=grid,
            address=first.text if first else "",
            match_level=level,
            score=found.score,
            margin=found.margin,
            candidates=candidates,
            missing=found.missing,
            explain=_readings(found) if explain else (),
            lon=first.lon if first else None,
            lat=first.lat if first else None,
        )

    def _candidate(self, found: Candidate) -> LookupCandidate:
        lon, lat = self._place_of(found.door)
        return LookupCandidate(
            kind=found.kind,
            text=found.text,
            score=found.score,
            grid=self._grids[found.grid] if found.grid >= 0 else None,
            grids=tuple([self._grids[label]["code"] for label in found.grids if label >= 0]),
            lon=lon,
            lat=lat,
        )

    def _place_of(self, door: int) -> tuple[float | None, float | None]:
        """Return the lon, lat of a door, None for both where it has no place."""
        if door < 0:
            return None, None
        lon, lat = self._places_flat[2 * door : 2 * door + 2]
        return (lon, lat) if math.isfinite(lon) and math.isfinite(lat) else (None, None)


def _readings(found: AddressAnswer) -> tuple[Reading, ...]:
    return tuple(Reading(*note) for note in found.explain)


def _parsed(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content)
    return found


def _mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
