"""Plans to print: those that lie compiled, else a few communities of each city divided on the spot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geogrid import fleet
from geogrid.archive import Archive
from geogrid.boundaries import read_city
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot, publish_snapshot

if TYPE_CHECKING:
    from geogrid.model import City

ROOT = Path(__file__).parents[2]
SHIPPED = ("bukit-merah", "songshan")
LIMIT_S = 3.0


def snapshots(given: list[Path], folder: Path) -> list[Snapshot]:
    """Open the snapshots given, else those of ``geogrid demo``, else make small ones in ``folder``."""
    found = given or sorted(ROOT.glob("var/*.snapshots/*/current"))
    if found:
        return [Snapshot.open(place.resolve(), verify=False) for place in found]
    print("no snapshot in var: a few communities of each shipped city are divided first")
    return [small(name, folder) for name in SHIPPED]


def small(name: str, folder: Path, communities: int = 3) -> Snapshot:
    """Publish the first few communities with homes of a shipped city."""
    city = first_of(read_city(ROOT / "data" / "boundaries" / name), communities)
    divided = fleet.divide_city(city, EIGHT_TO_TEN, workers=2, time_limit_s=LIMIT_S)
    (folder / name).mkdir()
    with Archive.open(f"sqlite:///{folder / name}.db") as archive:
        archive.store_city(city)
        archive.store_graphs(city.id, [one.graph for one in divided])
        draft = archive.add_version(
            city.id, [one.division for one in divided], policy=EIGHT_TO_TEN, who="benchmark"
        )
        return publish_snapshot(archive, draft.id, archive.today(), folder / name / "1")


def first_of(city: City, communities: int) -> City:
    """Return the first communities that have homes, and what lies in them."""
    lived = {one.community_id for one in city.buildings if one.households}
    kept = [one for one in city.communities if one.id in lived][:communities]
    ids = {one.id for one in kept}
    return replace(
        city,
        communities=tuple(kept),
        compounds=tuple(one for one in city.compounds if one.community_id in ids),
        buildings=tuple(one for one in city.buildings if one.community_id in ids),
        addresses=city.addresses[city.addresses["community_id"].isin(ids)],
        venues=tuple(one for one in city.venues if one.community_id in ids),
    )
