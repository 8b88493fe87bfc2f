"""The cities that addresses are examined on, and the plan that says which grid is right.

Where no published plan is at hand the blocks of a community are joined in the order of their ids into grids
of about
300 addresses: a plain division of the size that a real one has, enough to tell a right grid from a wrong one.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from benchmarks.errors.block import BlockAddress, BlockErrors
from benchmarks.errors.lane import LaneAddress, LaneErrors
from benchmarks.errors.mainland import MainlandErrors, read_flat
from geogrid.boundaries import read_city
from geogrid.model import Building, City, Community, Compound, District, Grammar
from geogrid.sample import draw_dandong

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    from geogrid.addresses import AddressIndex

ADDRESSES_A_GRID = 300
_DOOR = re.compile(r"臨?\d+(?:之\d+)?(?:臨\d+)?號")
_LANE = re.compile(
    r"(?P<city>臺北市)(?P<district>..區)(?P<li>.+?里)(?P<lin>\d+)鄰(?P<road>.+?(?:路|街|大道))(?P<section>.段)?"
    r"(?P<lane>(?:\d+|[^\d巷]{2,3})巷)?(?P<alley>\d+弄)?(?P<number>臨?\d+(?:之\d+)?號)(?P<tail>.*)"
)


def load(name: str, data: Path) -> City:
    """Return a city by name: songshan, bukit-merah, dandong (the sample) or taipei (from ``data``)."""
    if name == "dandong":
        return draw_dandong(seed=1)
    if name == "taipei":
        return _taipei(data / "taipei_city")
    return read_city(Path("data/boundaries") / name)


def _taipei(folder: Path) -> City:
    """Read the whole city from its register, blocks and communities without their geometry."""
    nowhere = shapely.Polygon()
    tables = {
        name: pd.read_parquet(folder / f"taipei_city_{name}.parquet")
        for name in ("communities", "compounds", "buildings", "addresses")
    }
    districts = {name: f"d{i}" for i, name in enumerate(dict.fromkeys(tables["communities"]["district"]))}
    points = shapely.from_wkb(tables["buildings"]["geometry"].to_numpy())
    buildings = tables["buildings"]
    addresses = tables["addresses"]
    communities, compounds = tables["communities"], tables["compounds"]
    return City(
        id="taipei",
        name="臺北市",
        plane="EPSG:3826",
        grammar=Grammar.LANE,
        communities=tuple(
            Community(id_, name, id_, nowhere, district_id=districts[district])
            for id_, name, district in _rows(communities, "community_id", "name", "district")
        ),
        compounds=tuple(
            Compound(id_, community, "", nowhere)
            for id_, community in _rows(compounds, "compound_id", "community_id")
        ),
        buildings=tuple(
            Building(building, community, point, 1, compound_id=compound)
            for building, community, compound, point in zip(
                buildings["building_id"],
                buildings["community_id"],
                buildings["compound_id"],
                points,
                strict=True,
            )
        ),
        addresses=pd.DataFrame(
            {
                "address_id": [f"a{i}" for i in range(len(addresses))],
                "text": addresses["full_address"],
                "building_id": addresses["building_id"],
                "community_id": addresses["community_id"],
                "x": np.nan,
                "y": np.nan,
            }
        ),
        districts=tuple(District(id_, name) for name, id_ in districts.items()),
        counts="units",
        language="zh-Hant",
    )


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    return list(zip(*(frame[column].tolist() for column in columns), strict=True))


def errors_of(city: City, chance: Random) -> tuple[Any, list[Any]]:
    """Return the maker of changed addresses for a city's grammar, and the addresses to change."""
    if city.grammar is Grammar.LANE:
        rows = zip(city.addresses["text"], city.addresses["building_id"], strict=True)
        read = [(building, _LANE.fullmatch(text)) for text, building in rows]
        lanes = [_lane(building, found) for building, found in read if found is not None]
        return LaneErrors(lanes, chance), lanes
    if city.grammar is Grammar.MAINLAND:
        names = {community.id: community.name for community in city.communities}
        columns = (city.addresses[name] for name in ("building_id", "community_id", "text"))
        flats = [
            flat
            for building, community, text in zip(*columns, strict=True)
            if (flat := read_flat(building, names.get(community, ""), text)) is not None
        ]
        compounds = {compound.id: compound.aliases for compound in city.compounds}
        also = {one.id: compounds.get(one.compound_id, ()) for one in city.buildings}
        return MainlandErrors(flats, chance, also), flats
    frame = city.addresses
    seen = Counter(zip(frame["number"], frame["road"], strict=True))
    blocks = [BlockAddress(*row) for row in _rows(frame, "building_id", "number", "road", "postcode")]
    known = [(b.number, b.street) for b in blocks] + [
        (b.number, b.street) for b in city.buildings if b.number
    ]
    alone = [
        b for b in blocks if b.door and seen[b.number, b.street] == 1 and re.fullmatch(r"\d+[A-Z]?", b.number)
    ]
    return BlockErrors(alone, known, chance), alone


def _lane(building: str, found: re.Match[str]) -> LaneAddress:
    said = found.groupdict("")
    lin, tail = int(said.pop("lin")), _tail(said.pop("tail"))
    return LaneAddress(building, lin=lin, tail=tail, **said)


def _tail(text: str) -> str:
    """Drop the clerk's remarks behind an address."""
    return re.sub(r"[.(].*$", "", text)


def stand_in_plan(city: City, index: AddressIndex) -> npt.NDArray[np.int64]:
    """Return the grid label of every door: blocks of a community joined until they hold enough addresses."""
    size = Counter(city.addresses["building_id"])
    held: Counter[str] = Counter()
    for building in city.buildings:
        held[building.compound_id] += size[building.id]
    label_of: dict[str, int] = {}
    label = -1
    for community in city.communities:
        label += 1
        filled = 0
        for compound in sorted(c.id for c in city.compounds if c.community_id == community.id):
            if filled > ADDRESSES_A_GRID:
                label, filled = label + 1, 0
            label_of[compound] = label
            filled += held[compound]
    outside = {community.id: label + 1 + i for i, community in enumerate(city.communities)}
    compounds = [building.compound_id for building in city.buildings]
    compounds += [""] * (index.door_count - len(compounds))
    return np.array(
        [
            label_of.get(compound, outside.get(community, -1))
            for compound, community in zip(compounds, index.door_communities(), strict=True)
        ]
    )
