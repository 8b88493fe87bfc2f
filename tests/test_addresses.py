"""From what a resident types to the right door, or an honest question back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.addresses import (
    AddressAnswer,
    AddressIndex,
    KnownName,
    Level,
    Matcher,
    Status,
    compile_index,
    suggest,
)
from geogrid.errors import SnapshotError
from tests.address_towns import block_town, grids_by_building, lane_town, mainland_town

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geogrid.model import City

TOLD = (
    KnownName("泰河老院", "compound", "k1", "former", "1998-01-01", "2012-06-30"),
    KnownName("六道口街道", "subdistrict", "s1", "former", "", "2021-01-01"),
    KnownName("供销社家属楼东门那栋", "door", "k2-2"),
)


class Town:
    """A compiled town that answers with the building's id instead of a label."""

    def __init__(self, city: City, names: tuple[KnownName, ...] = ()) -> None:
        self.index = compile_index(city, names)
        self.ids = self.index.door_building_ids()
        self.grids = grids_by_building(self.index)
        self.matcher = Matcher(self.index, self.grids)

    def ask(self, text: str, *, limit: int = 5) -> AddressAnswer:
        return self.matcher.match(text, limit=limit)

    def door(self, text: str) -> str:
        """Return the building whose grid is certain, "" where none is."""
        answer = self.ask(text)
        return self.ids[answer.grid] if answer.grid >= 0 else ""


@pytest.fixture(scope="module")
def mainland() -> Town:
    return Town(mainland_town(), TOLD)


@pytest.fixture(scope="module")
def lanes() -> Town:
    return Town(lane_town())


@pytest.fixture(scope="module")
def blocks() -> Town:
    return Town(block_town())


@pytest.mark.parametrize("draw", [mainland_town, lane_town, block_town])
def test_every_address_as_the_city_writes_it_finds_its_own_door(draw: Callable[[], City]) -> None:
    city = draw()
    town = Town(city)
    for text, building in zip(city.addresses["text"], city.addresses["building_id"], strict=True):
        shared = building in {"b4", "b5"}  # a block and the shelter beside it, in two grids, have one address
        assert town.door(text) == ("" if shared else building)


def test_an_address_that_buildings_in_two_grids_share_is_asked_back(blocks: Town) -> None:
    answer = blocks.ask("1 JLN BT MERAH")
    assert (answer.status, answer.grid) == (Status.AMBIGUOUS, -1)
    assert [blocks.ids[one.door] for one in answer.candidates] == ["b4", "b5"]  # the one with homes first
    together = np.where([id_ in {"b4", "b5"} for id_ in blocks.ids], 7, 8)
    assert Matcher(blocks.index, together).match("1 JLN BT MERAH").grid == 7


@pytest.mark.parametrize(
    ("text", "building"),
    [
        ("元宝区兴东街道泰河花园小区3号楼2单元501室", "k1-3"),
        ("泰和公寓小区1号楼", "k2-1"),  # the city calls it 泰和公寓
        ("泰河花园3-2-501", "k1-3"),
        ("泰和花園三號樓", "k1-3"),  # one homophone; 泰和公寓 is another compound
        ("丹东元宝兴东泰河花园3号楼", "k1-3"),
        ("３号楼２单元５０１室泰河花园", "k1-3"),
        ("泰河花园3号楼，兴东街道，元宝区", "k1-3"),
        ("请送到泰河花园3号楼，谢谢", "k1-3"),
        ("泰河花园甲3号", "k1-甲3"),
        ("泰河花园13#", "k1-13"),
        ("泰河花园十三栋", "k1-13"),
        ("江城嘉园二期1号楼", "k6-1"),
        ("滨江国际A栋", "k7-A"),
        ("滨江国际b座1201", "k7-B"),
        ("锦山大街12号", "r1"),
        ("兴东街道锦江小区1号楼", "k3-1"),
        ("振兴区锦江小区1号楼", "k4-1"),
        ("振兴区临江街道泰河花园小区2号楼", "k1-2"),  # the wrong division, the only such compound
        ("供销社家属楼东门那栋", "k2-2"),  # learnt from a reviewer
    ],
)
def test_mainland_variants_find_their_building(mainland: Town, text: str, building: str) -> None:
    assert mainland.door(text) == building


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("泰河花园99号楼", Status.PARTIAL),  # no such building
        ("泰河花园4号楼", Status.PARTIAL),  # between two that exist
        ("锦山大街甲12号", Status.PARTIAL),  # 12 exists, 甲12 does not
        ("兴东街道锦江小区5号楼", Status.PARTIAL),  # only the other 锦江小区 has a 5
        ("泰山花园3号楼", Status.AMBIGUOUS),  # another name, not a slip: asked back
        ("月亮湾豪庭3号楼", Status.NONE),
        ("锦江小区1号楼", Status.AMBIGUOUS),  # two compounds of this name
        ("江城嘉园1号楼", Status.AMBIGUOUS),  # which phase?
        ("泰河花园3号楼对面", Status.AMBIGUOUS),  # beside it, not in it
        ("泰河花园小区", Status.PARTIAL),  # which building?
        ("thhy", Status.PARTIAL),
        ("", Status.NONE),
        ("！！！", Status.NONE),
        ("3号楼2单元501室", Status.NONE),
    ],
)
def test_what_is_not_sure_is_never_answered_with_a_grid(mainland: Town, text: str, status: Status) -> None:
    answer = mainland.ask(text)
    assert (answer.status, answer.grid) == (status, -1)


def test_a_partial_answer_lists_all_grids_and_says_what_is_missing(mainland: Town) -> None:
    answer = mainland.ask("泰河花园小区")
    assert answer.match_level is Level.COMPOUND
    assert {mainland.ids[label] for label in answer.grids} == {"k1-1", "k1-2", "k1-3", "k1-13", "k1-甲3"}
    assert answer.missing == ("building",)


def test_one_grid_for_the_whole_compound_makes_it_certain() -> None:
    index = compile_index(mainland_town())
    one = np.where([id_.startswith("k1-") for id_ in index.door_building_ids()], 7, 8)
    matcher = Matcher(index, one)
    answer = matcher.match("泰河花园小区")
    assert (answer.status, answer.match_level, answer.grid) == (Status.MATCHED, Level.COMPOUND, 7)
    unknown = matcher.match("泰河花园99号楼")  # the grid is known, the building is not: nothing is claimed
    assert (unknown.status, unknown.grid) == (Status.PARTIAL, -1)
    phases = matcher.match("江城嘉园1号楼")  # the phase is open, but both lie in grid 8
    assert (phases.status, phases.grid, len(phases.candidates)) == (Status.MATCHED, 8, 2)


def test_a_former_name_is_told_with_its_dates(mainland: Town) -> None:
    answer = mainland.ask("泰河老院3号楼")
    assert (answer.status, mainland.ids[answer.grid]) == (Status.HISTORICAL, "k1-3")
    (note,) = answer.notes
    assert (note.kind, note.text, note.became) == (
        "former",
        "泰河老院",
        "泰河花园小区 (1998-01-01 - 2012-06-30)",
    )
    assert mainland.ask("六道口街道泰河花园3号楼").status is Status.HISTORICAL


def test_a_name_in_use_today_means_todays_thing() -> None:
    """泰和公寓 was what k1 was called; today it is k2. The code of s1 was c2's."""
    told = (
        KnownName("泰和公寓", "compound", "k1", "former", "1998-01-01", "2012-06-30"),
        KnownName("210602006010", "community", "c2", "former", "", "2019-01-01"),
    )
    town, plain = Town(mainland_town(), told), Town(mainland_town())
    for text in ("泰和公寓1号楼", "泰和公寓3号楼", "210602006010"):
        assert town.ask(text) == plain.ask(text)


def test_a_division_code_is_a_name(mainland: Town) -> None:
    answer = mainland.ask("210602006010")
    assert (answer.status, answer.match_level) == (Status.PARTIAL, Level.COMMUNITY)


def test_corrections_and_contradictions_are_explained(mainland: Town) -> None:
    corrected = mainland.ask("泰和花園三號樓")
    assert ("corrected", "name", "泰和花园", "泰河花园") in [tuple(note) for note in corrected.explain]
    assert ("read", "building", "3", "") in [tuple(note) for note in corrected.explain]
    wrong = mainland.ask("振兴区泰河花园3号楼")
    assert [note.kind for note in wrong.notes] == ["contradicted"]
    assert wrong.score < 1


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("八德路3段158巷8弄1號4樓之2", "1"),
        ("八德路三段158巷8弄1号", "1"),
        ("八德路158巷8弄1號", "1"),  # only the third section has this lane
        ("八德路三段8弄1號", "1"),  # an alley needs its lane
        ("德八路三段158巷8弄1號", "1"),
        ("八德三段158巷8弄1", "1"),
        ("8弄1號158巷八德路三段 復源里", "1"),
        ("民權東路三段106巷3弄67-1號", "6"),
        ("民全東路三段106巷3弄65號", "5"),
        ("民有里106巷3弄65號", "5"),  # the road is left out, but one door of the li fits
        ("介壽里民權東路三段106巷3弄65號", "5"),  # the wrong li
        ("復興北路313巷臨5號", "10"),
    ],
)
def test_lane_variants_find_their_door(lanes: Town, text: str, door: str) -> None:
    assert lanes.door(text) == door


@pytest.mark.parametrize(
    "text",
    [
        "八德路20號",  # in two sections
        "八德路三段158巷8弄2號",  # no such number
        "復興北路313巷5號",  # only 臨5 exists
        "民生東路三段106巷3弄65號",  # the road exists, this lane is another road's
        "金玫瑰路三段158巷8弄1號",
        "民權東路三段106巷3弄65號與67號之間",
        "65號",
    ],
)
def test_lane_addresses_in_doubt_are_asked_back(lanes: Town, text: str) -> None:
    assert lanes.door(text) == ""


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("Blk 65 Telok Blangah Dr #01-158 S(100065)", "b1"),
        ("#01-07, 78A TELOK BLANGAH ST 32", "b2"),
        ("1 JLN BT MERAH", ""),  # the block's address, and that of the shelter beside it
        ("65 TELOK BLANGA DRIVE", "b1"),
        ("Kim Tian Towers", "b6"),
        ("S 169252", "b6"),
        ("18 /20 KIM TIAN ROAD", "b6"),
        ("78A TELOK BLANGAH ST 31", ""),  # streets 31 and 32 are never taken for each other
        ("65 BEACH ROAD", ""),
        ("65 TELOK BLANGAH DRIVE SINGAPORE 101078", ""),  # the postcode is another block's
        ("66 TELOK BLANGAH DRIVE", ""),
    ],
)
def test_block_variants(blocks: Town, text: str, door: str) -> None:
    assert blocks.door(text) == door


@given(st.integers(1, 400), st.sampled_from(["泰河花园", "泰和公寓", "锦江小区", "江城嘉园一期"]))
def test_a_number_is_never_taken_for_another(number: int, name: str) -> None:
    town = _MAINLAND
    answer = town.ask(f"{name}{number}号楼")
    for candidate in answer.candidates:
        if candidate.door >= 0:
            assert town.ids[candidate.door].split("-")[1] == str(number)


_MAINLAND = Town(mainland_town())
_PIECES = st.sampled_from(
    [
        "元宝区",
        "兴东街道",
        "泰河花园",
        "泰和公寓",
        "3号楼",
        "13号楼",
        "2单元",
        "501室",
        "锦江小区",
        "-",
        " ",
        "对面",
        "二期",
        "楼",
        "9",
    ]
)


@settings(max_examples=200)
@given(st.lists(_PIECES, max_size=7).map("".join))
def test_the_answer_does_not_depend_on_how_many_candidates_are_asked_for(text: str) -> None:
    few, many = _MAINLAND.ask(text, limit=1), _MAINLAND.ask(text, limit=50)
    assert few._replace(candidates=()) == many._replace(candidates=())
    assert few.candidates == many.candidates[:1]


@settings(max_examples=200)
@given(st.lists(_PIECES, max_size=7).map("".join))
def test_a_certain_grid_belongs_to_what_was_found(text: str) -> None:
    answer = _MAINLAND.ask(text)
    assert (answer.grid >= 0) == (answer.status in (Status.MATCHED, Status.HISTORICAL))
    if answer.grid >= 0:
        assert all(answer.grid in candidate.grids for candidate in answer.candidates[:1])
        assert answer.text == text


def test_a_saved_index_answers_the_same_and_is_the_same_bytes(tmp_path: Path, mainland: Town) -> None:
    mainland.index.save(tmp_path / "one")
    compile_index(mainland_town(), TOLD).save(tmp_path / "two")
    one = {path.name: path.read_bytes() for path in sorted((tmp_path / "one").iterdir())}
    assert one == {path.name: path.read_bytes() for path in sorted((tmp_path / "two").iterdir())}
    opened = Matcher(AddressIndex.open(tmp_path / "one"), mainland.grids)
    for text in ("泰河花园3-2-501", "泰和花園三號樓", "thhy"):
        assert opened.match(text) == mainland.ask(text)


def test_a_damaged_index_is_refused(tmp_path: Path, mainland: Town) -> None:
    with pytest.raises(SnapshotError):
        AddressIndex.open(tmp_path)
    mainland.index.save(tmp_path)
    (tmp_path / "place_key.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(SnapshotError):
        AddressIndex.open(tmp_path)


def test_labels_must_fit_the_doors(mainland: Town) -> None:
    with pytest.raises(ValueError, match="labels for"):
        Matcher(mainland.index, np.zeros(3, dtype=np.int64))


def test_near_only_orders_what_is_shown(mainland: Town) -> None:
    there = mainland.index.door_points()[mainland.ids.index("k4-1")]
    asked = mainland.matcher.match("锦江小区1号楼", near=(there[0], there[1]))
    assert asked.status is Status.AMBIGUOUS
    assert mainland.ids[asked.candidates[0].door] == "k4-1"
    assert mainland.ids[mainland.ask("锦江小区1号楼").candidates[0].door] == "k3-1"


def test_a_query_is_never_logged(mainland: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mainland.ask("泰河花园3-2-501")
    suggest(mainland.index, "泰河花园3")
    assert caplog.text == ""
