"""Completions while typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from geogrid.addresses import compile_index, suggest
from tests.address_towns import block_town, lane_town, mainland_town

if TYPE_CHECKING:
    from geogrid.addresses import AddressIndex


@pytest.fixture(scope="module")
def mainland() -> AddressIndex:
    return compile_index(mainland_town())


@pytest.fixture(scope="module")
def lanes() -> AddressIndex:
    return compile_index(lane_town())


@pytest.mark.parametrize("typed", ["泰河", "泰河花", "taihe", "thhy", "河花", "元宝区泰河", "TAIHEHUA"])
def test_a_compound_is_suggested_by_any_part_of_it(mainland: AddressIndex, typed: str) -> None:
    assert "泰河花园小区" in [one.text for one in suggest(mainland, typed)]


@pytest.mark.parametrize("typed", ["八德", "八德路", "bade", "bdl", "臺北市松山區八", "德路"])
def test_a_road_is_suggested_in_either_script_or_by_sound(lanes: AddressIndex, typed: str) -> None:
    assert "八德路" in [one.text for one in suggest(lanes, typed)]


def test_numbers_go_on_from_what_was_typed(mainland: AddressIndex, lanes: AddressIndex) -> None:
    assert [one.text for one in suggest(mainland, "泰河花园小区1") if one.kind == "door"] == [
        "泰河花园小区1号楼",
        "泰河花园小区13号楼",
    ]
    doors = [one.text for one in suggest(lanes, "八德路三段158巷8弄") if one.kind == "door"]
    assert doors == [
        "臺北市松山區復源里11鄰八德路三段158巷8弄1號",
        "臺北市松山區復源里11鄰八德路三段158巷8弄3號",
    ]


def test_lanes_and_sections_are_suggested(lanes: AddressIndex) -> None:
    assert any(one.text.endswith("八德路三段") for one in suggest(lanes, "八德路"))
    assert any(one.text.endswith("八德路三段158巷") for one in suggest(lanes, "八德路三段15"))


def test_the_nearest_comes_first(mainland: AddressIndex) -> None:
    points = dict(zip(mainland.door_building_ids(), mainland.door_points().tolist(), strict=True))
    for building, name in (("k1-1", "泰河花园小区"), ("k2-1", "泰和公寓")):
        x, y = points[building]
        assert suggest(mainland, "泰", limit=1, near=(x, y))[0].text == name


def test_a_street_of_blocks() -> None:
    index = compile_index(block_town())
    assert [one.text for one in suggest(index, "65 telok")] == ["65 TELOK BLANGAH DRIVE"]
    assert "Kim Tian Towers" in [one.text for one in suggest(index, "kim")]


@pytest.mark.parametrize("typed", ["", "   ", "！", "\u200b"])
def test_nothing_typed_suggests_nothing(mainland: AddressIndex, typed: str) -> None:
    assert suggest(mainland, typed) == ()


def test_the_limit_is_kept(mainland: AddressIndex) -> None:
    assert len(suggest(mainland, "泰河花园小区", limit=2)) == 2
    assert suggest(mainland, "泰", limit=0) == ()
