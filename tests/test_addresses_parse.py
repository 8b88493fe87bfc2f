"""Texts are folded to one spelling and read into elements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.addresses import Elements, Number, grammar_block, grammar_lane, grammar_mainland, numerals
from geogrid.addresses.normalize import MAX_LENGTH, fold, name_key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("臺北市松山區", "台北市松山区"),
        ("３號樓２單元", "3号楼2单元"),
        ("泰河花园（南区）", "泰河花园(南区)"),
        ("3—2–501", "3-2-501"),
        ("八德路　三段", "八德路 三段"),
        ("泰河\u200b花园", "泰河花园"),
        ("Blk 65", "BLK 65"),
        ("", ""),
    ],
)
def test_folding_gives_one_spelling(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_twice_changes_nothing_more_whatever_the_character() -> None:
    """Every character of the basic plane; 薴 is folded to 苧 and that to 苎, ΰ comes apart as a capital."""
    basic = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x10000))]
    assert [char for char in basic if fold(fold(char)) != fold(char)] == []
    assert fold("薴") == fold("苧") == "苎"


@given(st.text(max_size=400))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)
    assert len(once) <= MAX_LENGTH
    assert fold(once) == once


def test_a_name_key_has_no_marks() -> None:
    assert name_key("PEARL'S HILL TERRACE") == name_key("Pearls Hill-Terrace") == "PEARLSHILLTERRACE"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("三", 3),
        ("十", 10),
        ("十八", 18),
        ("二十", 20),
        ("廿三", 23),
        ("一百零五", 105),
        ("一百五十八", 158),
        ("二零一", 201),
        ("158", 158),
    ],
)
def test_numerals_are_read(words: str, number: int) -> None:
    assert numerals.value(words) == number


def _read(elements: Elements) -> dict[str, str]:
    return dict(elements.read())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "臺北市松山區復源里11鄰八德路三段158巷8弄1號四樓之2",
            (
                "city=台北市 county=松山区 community=复源里 group=11 "
                "road=八德路 section=3 lane=158 alley=8 number=1 floor=4 room=2"
            ),
        ),
        ("民權東路三段106巷3弄67之1號", "road=民权东路 section=3 lane=106 alley=3 number=67-1"),
        ("民權東路三段106巷3弄67號之1", "road=民权东路 section=3 lane=106 alley=3 number=67-1"),
        ("復興北路313巷臨5號", "road=复兴北路 lane=313 number=临5"),
        ("永吉路491巷5臨40號三樓", "road=永吉路 lane=491 number=临5-40 floor=3"),
        ("八德路3段一百五十八巷8弄1號地下一層", "road=八德路 section=3 lane=158 alley=8 number=1 floor=B1"),
        ("市民大道四段100號", "road=市民大道 section=4 number=100"),
        ("松山區市民大道四段100號", "county=松山区 road=市民大道 section=4 number=100"),
        ("八德路-四段-687號-十二樓", "road=八德路 section=4 number=687 floor=12"),
        ("八德三段158巷8弄1", "road=八德 section=3 lane=158 alley=8 number=1"),
        ("中和街錫安巷12號", "road=中和街 lane=锡安 number=12"),
    ],
)
def test_lane_addresses_are_read(text: str, expected: str) -> None:
    assert _read(grammar_lane.parse(fold(text))) == _pairs(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "元宝区兴东街道泰河花园小区3号楼2单元501室",
            "county=元宝区 subdistrict=兴东街道 compound=泰河花园小区 building=3 unit=2 room=501",
        ),
        ("泰河花园3-2-501", "compound=泰河花园 building=3 unit=2 room=501"),
        ("泰和花園三號樓", "compound=泰和花园 building=3"),
        ("泰河花园A栋", "compound=泰河花园 building=A"),
        ("泰河花园甲3号", "compound=泰河花园 building=甲3"),
        ("泰河花园12#", "compound=泰河花园 building=12"),
        ("泰河花园二期B区3栋", "compound=泰河花园 zone=2期B区 building=3"),
        ("锦山大街甲12号", "road=锦山大街 number=甲12"),
        ("菊太路777弄24号602室", "road=菊太路 lane=777 number=24 room=602"),
        ("新康街2号院1号楼", "road=新康街 number=2 building=1"),
        ("凤城市草河街道红旗庭院2号楼", "city=凤城市 subdistrict=草河街道 compound=红旗庭院 building=2"),
        ("振兴区永昌街道城市庭院12号楼", "county=振兴区 subdistrict=永昌街道 compound=城市庭院 building=12"),
        ("宽甸镇铁路花园2号楼", "subdistrict=宽甸镇 compound=铁路花园 building=2"),
        (
            "九江路20号大都会3号楼2单元1303",
            "road=九江路 number=20 compound=大都会 building=3 unit=2 room=1303",
        ),
    ],
)
def test_mainland_addresses_are_read(text: str, expected: str) -> None:
    assert _read(grammar_mainland.parse(fold(text))) == _pairs(expected)


@pytest.mark.parametrize("text", ["泰河花园对面", "泰河花园东侧", "泰河花园附近"])
def test_a_place_beside_a_compound_is_not_read_as_the_compound_alone(text: str) -> None:
    read = grammar_mainland.parse(fold(text))
    assert read.compound == "泰河花园"
    assert read.rest


@pytest.mark.parametrize(
    ("text", "road", "number", "unit", "postcode"),
    [
        (
            "65 TELOK BLANGAH DRIVE #01-158 SINGAPORE 100065",
            "TELOK BLANGAH DRIVE",
            Number(65),
            ("1", "158"),
            "100065",
        ),
        (
            "Blk 65 Telok Blangah Dr #01-158 S(100065)",
            "TELOK BLANGAH DRIVE",
            Number(65),
            ("1", "158"),
            "100065",
        ),
        ("#02-07, 78A Telok Blangah St 32", "TELOK BLANGAH STREET 32", Number(78, 0, "a"), ("2", "07"), ""),
        ("1 JLN BT MERAH SINGAPORE 50004", "JALAN BUKIT MERAH", Number(1), ("", ""), "050004"),
        ("166 BUKIT MERAH CENTRAL #3527", "BUKIT MERAH CENTRAL", Number(166), ("", "3527"), ""),
        ("Telok Blangah St 32 Blk 78A", "TELOK BLANGAH STREET 32", Number(78, 0, "a"), ("", ""), ""),
    ],
)
def test_block_addresses_are_read(
    text: str, road: str, number: Number, unit: tuple[str, str], postcode: str
) -> None:
    read = grammar_block.parse(fold(text))
    assert (read.road, read.number, (read.floor, read.room), read.postcode) == (road, number, unit, postcode)


def test_two_numbers_before_a_street_are_alternatives() -> None:
    read = grammar_block.parse(fold("18 /20 KIM TIAN ROAD"))
    assert (read.number, read.alternatives) == (Number(18), (Number(20),))


@given(st.text(max_size=120))
def test_no_text_breaks_a_grammar(text: str) -> None:
    for grammar in (grammar_lane, grammar_mainland, grammar_block):
        assert isinstance(grammar.parse(fold(text)), Elements)


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())
