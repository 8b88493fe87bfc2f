"""Compile a published plan version into the folder that answers questions."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import shapely

from geogrid.addresses import compile_index
from geogrid.archive import Status
from geogrid.crs import points_to_degrees
from geogrid.errors import PlanError
from geogrid.locate import PointIndex
from geogrid.snapshot.background import Background
from geogrid.snapshot.cards import DIGITS, Cards
from geogrid.snapshot.files import read_manifest, written_folder
from geogrid.snapshot.geojson import feature_collection
from geogrid.snapshot.inherited import index_source, inherited_index
from geogrid.snapshot.layering import Layering
from geogrid.snapshot.layout import lay_out, records_of
from geogrid.snapshot.reading import Snapshot
from geogrid.snapshot.timeline import put_in_force, write_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from geogrid.addresses import AddressIndex
    from geogrid.archive import Archive, Version
    from geogrid.snapshot.answers import CityCard, GridCard
    from geogrid.snapshot.layout import Layout

T = TypeVar("T")
# What a manifest repeats of the city's facts.
TOLD = (
    "version",
    "effective_from",
    "as_of",
    "attribution",
    "licence",
    "counts",
    "synthetic",
    "grids",
    "addresses",
)
# Display polygons keep every vertex up to this many in a city; beyond, borders are smoothed by 0.3 m.
MANY_VERTICES = 300_000
SMOOTH_DEGREES = 3e-6


class Caller(Protocol):
    """Calls what holds the store, for which others wait."""

    def __call__(self, work: Callable[..., T], /, *told: Any, **named: Any) -> T:
        """Return what the work gives."""


def at_once(work: Callable[..., T], /, *told: Any, **named: Any) -> T:
    """Call it here and now."""
    return work(*told, **named)


def compile_snapshot(
    archive: Archive, city_id: str, version: int, folder: Path, *, as_of: date | None = None
) -> Snapshot:
    """Compile a published version into ``folder`` and open it; what stood there is replaced in one step.

    The timeline beside it is brought up to date. Teams and branches are those of ``as_of``, by default the
    version's first day. The same version on the same data gives the same bytes.

    :raises NotFoundError: no such version.
    :raises PlanError: it is of another city, not published, or its grids overlap beyond repair.
    """
    layout = lay_out(archive, version)
    if layout.city.id != city_id:
        raise PlanError(f"version {version} is of city {layout.city.id}, not of {city_id}")
    if layout.version.status is not Status.PUBLISHED:
        raise PlanError(f"version {version} is {layout.version.status}: publish it first")
    write_snapshot(layout, folder, as_of=as_of)
    return _shown(archive, layout.version, folder)


def publish_snapshot(
    archive: Archive,
    version: int,
    effective_from: date,
    folder: Path,
    *,
    who: str = "geogrid",
    promptly: Caller = at_once,
) -> Snapshot:
    """Publish a version and compile it; a plan that cannot be laid out is refused before it is published.

    ``promptly`` calls what holds the store, so that who calls with a low priority keeps nobody waiting.

    :raises PlanError: the grids overlap beyond repair, or a community is not divided.
    :raises FrozenError: it is published for another day.
    :raises StaleError: somebody edited it in the meantime; what was laid out is not what would be published.
    :raises StoreError: the day is over and another version was in force or announced then.
    """
    layout = lay_out(archive, version)
    revision, found = layout.version.revision, archive.succession(version, effective_from)
    published = promptly(
        archive.publish, version, effective_from, revision=revision, succession=found, who=who
    )
    ready = replace(layout, version=published, records=records_of(archive, layout))
    write_snapshot(ready, folder, inherit=True)
    return _shown(archive, published, folder, promptly)


def show_today(archive: Archive, published: Snapshot) -> Version:
    """Show what was published to readers where it is in force today; return its version."""
    here = archive.version(published.city["version"])
    in_force = archive.version_in_force(here.city_id)
    if in_force is not None and in_force.id == here.id:
        put_in_force(published.folder)
    return here


def _shown(archive: Archive, version: Version, folder: Path, promptly: Caller = at_once) -> Snapshot:
    """Tell the readers of a snapshot's folder of it, and those elsewhere where the store is a server."""
    write_timeline(archive, version.city_id, folder.parent)
    snapshot = Snapshot.open(folder)
    if archive.file is None:
        promptly(archive.deposits.add, version.id, read_manifest(folder, verify=False)["sha256"], folder)
    return snapshot


def write_snapshot(layout: Layout, folder: Path, *, as_of: date | None = None, inherit: bool = False) -> None:
    """Write the snapshot of a laid-out version aside and swap it in.

    With ``inherit`` the address index is that of another snapshot beside it, where both come of the same.
    """
    day = as_of or layout.version.effective_from
    assert day is not None
    points = PointIndex.compile(layout.shapes, np.arange(len(layout.grids)))
    source = index_source(layout)
    found = inherited_index(source, folder.parent) if inherit else None
    addresses = found or compile_index(layout.city, layout.names)
    cards = Cards(layout, day)
    grids = cards.grids()
    city = cards.of_city(grids)
    told = {"city": city, "communities": cards.communities(grids), "grids": grids}
    facts = _facts(layout.version, city) | {"index": source}
    with written_folder(folder, facts) as aside:
        points.save(aside / "points")
        addresses.save(aside / "addresses")
        for name, array in _doors(layout, addresses, points).items():
            np.save(aside / f"{name}.npy", array, allow_pickle=False)
        _write_json(aside / "cards.json", told)
        drawn = _drawn(layout.shapes)
        _write_shapes(aside, layout, grids, drawn)
        Layering(layout, grids, drawn).write(aside)


def _facts(version: Version, city: CityCard) -> dict[str, Any]:
    """Return what the manifest says beside its checksums."""
    told: dict[str, Any] = dict(city)
    return {"city": city["id"], "plan": version.digest} | {name: told[name] for name in TOLD}


def _doors(layout: Layout, addresses: AddressIndex, points: PointIndex) -> dict[str, np.ndarray[Any, Any]]:
    """Return door -> unit -> grid as arrays of labels, -1 for none, and the doors' places and homes.

    Places are in degrees. A door is a building or an address. A door of a building lies in the building's
    unit; one without is placed by its point.
    """
    grid_of = {unit: label for label, grid in enumerate(layout.grids) for unit in grid.unit_ids}
    units = [unit for stored in layout.stored for unit in stored.graph.units]
    grid_of_unit = np.array([grid_of[unit.id] for unit in units], dtype=np.int32)
    unit_of = {building: n for n, unit in enumerate(units) for building in unit.building_ids}
    unit_of_door = np.array(
        [unit_of.get(building, -1) for building in addresses.door_building_ids()], dtype=np.int32
    )
    homes = {one.id: one.households for one in layout.city.buildings}
    metres = addresses.door_points()
    lon, lat = points_to_degrees(metres[:, 0], metres[:, 1], layout.city.plane)
    places = np.column_stack([lon, lat]).round(DIGITS)
    places[~np.isfinite(metres).all(axis=1)] = np.nan
    grid_of_door = points.locate(places[:, 0], places[:, 1])
    housed = unit_of_door >= 0
    grid_of_door[housed] = grid_of_unit[unit_of_door[housed]]
    return {
        "unit_of_door": unit_of_door,
        "grid_of_unit": grid_of_unit,
        "grid_of_door": grid_of_door.astype(np.int32),
        "door_places": places,
        "door_households": np.array(
            [homes.get(building, 0) for building in addresses.door_building_ids()], dtype=np.int32
        ),
    }


def _write_shapes(
    aside: Path, layout: Layout, cards: Sequence[GridCard], shapes: np.ndarray[Any, Any]
) -> None:
    """Write the drawn GeoJSON of city and communities into one file, and where each piece lies in it."""
    labels: dict[str, list[int]] = defaultdict(list)
    for label, grid in enumerate(layout.grids):
        labels[grid.community_id].append(label)
    background = Background(layout.city)
    places: dict[str, dict[str, Any]] = {"grids": {}, "background": {}, "ground": {}}
    with (aside / "shapes.bin").open("wb") as file:

        def keep(kind: str, of: str, content: bytes) -> None:
            places[kind][of] = [file.tell(), len(content), hashlib.sha256(content).hexdigest()]
            file.write(content)

        keep("ground", layout.city.id, background.whole())
        for community in layout.city.communities:
            own = labels[community.id]
            drawn = feature_collection([cards[label] for label in own], shapes[own], DIGITS)
            keep("grids", community.id, drawn)
            keep("background", community.id, background.of(community))
    _write_json(aside / "shapes.json", places)


def _drawn(shapes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the polygons as they are drawn: all their vertices, unless a city has very many."""
    if shapely.get_num_coordinates(shapes).sum() <= MANY_VERTICES:
        return shapes
    return np.asarray(shapely.coverage_simplify(shapes, SMOOTH_DEGREES), dtype=object)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
