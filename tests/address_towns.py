"""Three hand-drawn towns, one for each grammar of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from shapely import Point, box

from geogrid.model import Building, City, Community, Compound, District, Grammar, Subdistrict

if TYPE_CHECKING:
    from geogrid.addresses import AddressIndex

PLANE = "+proj=tmerc +lat_0=40.1 +lon_0=124.4 +datum=WGS84 +units=m"
AREA = box(0, 0, 1000, 1000)


def mainland_town() -> City:
    """Draw a piece of Dandong: names that sound alike, two compounds of one name, phases, letters."""
    compounds = (
        _compound("k1", "c1", "泰河花园小区", ("泰河花园", "泰河园")),
        _compound("k2", "c1", "泰和公寓"),
        _compound("k3", "c1", "锦江小区"),
        _compound("k4", "c2", "锦江小区"),
        _compound("k5", "c2", "江城嘉园一期"),
        _compound("k6", "c2", "江城嘉园二期"),
        _compound("k7", "c2", "滨江国际"),
    )
    numbers = {
        "k1": ["1", "2", "3", "13", "甲3"],
        "k2": ["1", "2"],
        "k3": ["1", "2"],
        "k4": ["1", "5"],
        "k5": ["1", "2"],
        "k6": ["1", "2"],
        "k7": ["A", "B"],
    }
    community = {compound.id: compound.community_id for compound in compounds}
    buildings = [
        Building(
            f"{k}-{n}",
            community[k],
            Point(100 * i, 10 * j),
            40,
            compound_id=k,
            number=n if n.isdecimal() else _lettered(n),
        )
        for i, (k, those) in enumerate(numbers.items())
        for j, n in enumerate(those)
    ]
    buildings.append(Building("r1", "c1", Point(5, 900), 10, number="12号", street="锦山大街"))
    rows = [
        (f"元宝区兴东街道泰河花园小区3号楼{u}单元{f}0{r}室", "k1-3", "c1")
        for u in (1, 2)
        for f in (1, 5)
        for r in (1, 2)
    ]
    return City(
        id="town",
        name="丹东市",
        plane=PLANE,
        grammar=Grammar.MAINLAND,
        communities=(
            Community("c1", "丹建社区", "210602006010", AREA, district_id="d1", subdistrict_id="s1"),
            Community("c2", "临江社区", "210603002004", AREA, district_id="d2", subdistrict_id="s2"),
        ),
        compounds=compounds,
        buildings=tuple(buildings),
        addresses=_frame(rows),
        districts=(District("d1", "元宝区"), District("d2", "振兴区")),
        subdistricts=(Subdistrict("s1", "兴东街道", "d1"), Subdistrict("s2", "临江街道", "d2")),
    )


def lane_town() -> City:
    """Draw a piece of 臺北市松山區: 八德路 in sections, lanes and alleys, a temporary number."""
    written = {
        "1": ("復源里", 11, "八德路三段158巷8弄1號"),
        "2": ("復源里", 11, "八德路三段158巷8弄3號"),
        "3": ("復源里", 11, "八德路三段158巷1號"),
        "4": ("中崙里", 2, "八德路二段441號"),
        "5": ("民有里", 30, "民權東路三段106巷3弄65號"),
        "6": ("民有里", 30, "民權東路三段106巷3弄67之1號"),
        "7": ("介壽里", 5, "民生東路四段116號"),
        "8": ("介壽里", 5, "民權東路三段300號"),
        "9": ("介壽里", 6, "復興北路15號"),
        "10": ("民有里", 7, "復興北路313巷臨5號"),
        "11": ("中崙里", 3, "八德路三段20號"),
        "12": ("復源里", 3, "八德路二段20號"),
    }
    lis = list(dict.fromkeys(li for li, _, _ in written.values()))
    tails = ("", "二樓", "四樓之2", "地下一層")
    rows = [
        (f"臺北市松山區{li}{lin}鄰{street}{tail}", door, f"L{lis.index(li)}")
        for door, (li, lin, street) in written.items()
        for tail in tails
    ]
    return City(
        id="lanes",
        name="臺北市",
        plane=PLANE,
        grammar=Grammar.LANE,
        communities=tuple(Community(f"L{i}", li, f"L{i}", AREA, district_id="d") for i, li in enumerate(lis)),
        compounds=(),
        buildings=tuple(
            Building(door, f"L{lis.index(li)}", Point(float(door), 0), 1)
            for door, (li, _, _) in written.items()
        ),
        addresses=_frame(rows),
        districts=(District("d", "臺北市松山區"),),
        language="zh-Hant",
    )


def block_town() -> City:
    """Draw two streets of Singapore; a shelter without homes has the address of the block beside it."""
    written = {
        "b1": ("65 TELOK BLANGAH DRIVE SINGAPORE 100065", 90),
        "b2": ("78A TELOK BLANGAH STREET 32 SINGAPORE 101078", 90),
        "b3": ("78B TELOK BLANGAH STREET 32 SINGAPORE 102078", 90),
        "b4": ("1 JALAN BUKIT MERAH SINGAPORE 150001", 90),
        "b5": ("1 JALAN BUKIT MERAH SINGAPORE 150001", 0),
        "b6": ("18 KIM TIAN ROAD SINGAPORE 169252", 60),
        "b7": ("7 TELOK BLANGAH STREET 31 SINGAPORE 100007", 60),
    }
    rows = [(text, door, "B1") for door, (text, _) in written.items()]
    named = {"b6": "Kim Tian Towers"}
    return City(
        id="blocks",
        name="Bukit Merah",
        plane=PLANE,
        grammar=Grammar.BLOCK,
        communities=(Community("B1", "TELOK BLANGAH DRIVE", "B1", AREA),),
        compounds=(),
        buildings=tuple(
            Building(door, "B1", Point(i, 0), homes, name=named.get(door, ""))
            for i, (door, (_, homes)) in enumerate(written.items())
        ),
        addresses=_frame(rows),
        language="en",
    )


def grids_by_building(index: AddressIndex) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Give every door a grid of its own, so that nothing is certain by accident."""
    return np.arange(index.door_count, dtype=np.int64)


def _compound(id_: str, community: str, name: str, aliases: tuple[str, ...] = ()) -> Compound:
    return Compound(id_, community, name, AREA, aliases=aliases)


def _lettered(number: str) -> str:
    return f"{number}号楼" if len(number) > 1 else f"{number}座"


def _frame(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["text", "building_id", "community_id"])
    frame.insert(0, "address_id", [f"a{i}" for i in range(len(rows))])
    return frame.assign(x=np.nan, y=np.nan)
