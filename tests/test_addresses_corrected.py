"""When a name with a slip is taken for another, and when it is asked back.

The town has forty compounds of two telling characters, 瑞河, 瑞林 ... with 花园 behind them, ten to a
subdistrict, each with buildings 1-3. Two more have what few others have: a building 88.
"""

from __future__ import annotations

import pytest
from shapely import Point, box

from geogrid.addresses import AddressAnswer, Matcher, Status, compile_index
from geogrid.model import Building, City, Community, Compound, Grammar, Subdistrict
from tests.address_towns import PLANE, _frame, grids_by_building

AREA = box(0, 0, 1000, 1000)
# Neither sound nor look of one is near that of another at the same place.
FIRST, SECOND = "瑞锦鸿翠", "河林景园庭安溪月泉桥"
TWO = {"富民": "3", "平安": "2"}  # the two with a building 88, by subdistrict
NEAR = {"泰和": "0", "泰河": "1"}  # one sound, two compounds, in two subdistricts


def town() -> City:
    """Draw the town."""
    names = {f"{a}{b}": str(i) for i, a in enumerate(FIRST) for b in SECOND} | TWO | NEAR
    buildings, compounds, rows = [], [], []
    for i, (name, subdistrict) in enumerate(names.items()):
        compounds.append(Compound(f"k{i}", f"c{subdistrict}", f"{name}花园", AREA))
        for number in ("1", "2", "3", *["88"] * (name in TWO)):
            id_ = f"{name}{number}"
            at = Point(100 * i, 10 * int(number))
            buildings.append(
                Building(id_, f"c{subdistrict}", at, 40, compound_id=f"k{i}", number=f"{number}号楼")
            )
            rows.append((f"{name}花园{number}号楼1单元101室", id_, f"c{subdistrict}"))
    return City(
        id="town",
        name="样例市",
        plane=PLANE,
        grammar=Grammar.MAINLAND,
        communities=tuple(
            Community(f"c{i}", f"{i}号社区", f"21060200600{i}", AREA, subdistrict_id=f"s{i}")
            for i in range(4)
        ),
        compounds=tuple(compounds),
        buildings=tuple(buildings),
        addresses=_frame(rows),
        subdistricts=tuple(Subdistrict(f"s{i}", f"{name}山街道", "") for i, name in enumerate("东南西北")),
    )


INDEX = compile_index(town())
IDS = INDEX.door_building_ids()
MATCHER = Matcher(INDEX, grids_by_building(INDEX))


def ask(text: str) -> AddressAnswer:
    return MATCHER.match(text)


def door(text: str) -> str:
    answer = ask(text)
    return IDS[answer.grid] if answer.grid >= 0 else ""


@pytest.mark.parametrize(
    ("text", "building"),
    [
        # 富勇 is 富民 with another character. Two names of forty-four have a building 88: it tells something.
        ("富勇花园88号楼", "富民88"),
        ("富勇花园88号楼1单元101室", "富民88"),
        # A building 3 is had by all of them, in one subdistrict by a quarter of them: it means nothing.
        ("富勇花园3号楼", ""),
        ("北山街道富勇花园3号楼", ""),
        ("北山街道富勇花园88号楼", "富民88"),
        # ... and where the stated subdistrict disagrees, nothing is taken.
        ("东山街道富勇花园88号楼", ""),
        # No telling character is left: asked back, whatever the numbers say.
        ("勇谋花园88号楼", ""),
        # A flat that the building does not have speaks against it.
        ("富勇花园88号楼9单元909室", ""),
    ],
)
def test_another_character_is_taken_only_where_few_names_have_such_a_place(text: str, building: str) -> None:
    assert door(text) == building


def test_what_is_asked_back_offers_the_door_that_may_be_meant() -> None:
    answer = ask("富勇花园3号楼")
    assert (answer.status, answer.missing) == (Status.AMBIGUOUS, ("name",))
    assert IDS[answer.candidates[0].door] == "富民3"
    assert ("doubt", "name") in [(note.kind, note.element) for note in answer.notes]


@pytest.mark.parametrize(
    ("text", "buildings"),
    [
        ("泰禾花园1号楼", {"泰和1", "泰河1"}),  # it sounds like both
        # 瑞镜 sounds like 瑞景, but nine more are one character away, each with a building 1.
        ("瑞镜花园1号楼", {f"瑞{b}1" for b in SECOND}),
    ],
)
def test_all_names_one_slip_away_from_what_was_written_are_asked(text: str, buildings: set[str]) -> None:
    answer = MATCHER.match(text, limit=50)
    assert (answer.status, answer.grid) == (Status.AMBIGUOUS, -1)
    assert {IDS[one.door] for one in answer.candidates} == buildings


@pytest.mark.parametrize(("subdistrict", "building"), [("东山街道", "泰和1"), ("南山街道", "泰河1")])
def test_a_stated_subdistrict_tells_names_one_slip_away_apart(subdistrict: str, building: str) -> None:
    answer = ask(f"{subdistrict}泰禾花园1号楼")
    assert IDS[answer.grid] == building
    assert IDS[answer.candidates[0].door] == building


def test_a_phase_that_was_begun_is_not_dropped() -> None:
    assert door("富民花园期88号楼") == ""


def test_the_score_does_not_change_with_what_else_is_stated_rightly() -> None:
    assert ask("富勇花园88号楼").score == ask("北山街道富勇花园88号楼").score


# Names that are one slip apart, and both exist


def test_an_address_that_has_a_twin_is_answered_and_the_twin_is_told() -> None:
    answer = ask("泰和花园1号楼")
    assert (answer.status, IDS[answer.grid], answer.score) == (Status.MATCHED, "泰和1", 1.0)
    assert [IDS[one.door] for one in answer.candidates] == ["泰和1", "泰河1"]
    assert answer.margin == pytest.approx(1 - answer.candidates[1].score)
    assert ("alike", "name", "泰和花园", "泰河花园") in [tuple(note) for note in answer.notes]


@pytest.mark.parametrize(
    "text",
    [
        "东山街道泰和花园1号楼",  # the other lies in another subdistrict
        "富民花园1号楼",  # no other name is like it
        "泰和花园88号楼",  # no such building
    ],
)
def test_no_twin_is_told_where_there_is_none(text: str) -> None:
    assert not any(note.kind == "alike" for note in ask(text).notes)


def test_a_twin_in_the_same_grid_is_no_matter() -> None:
    together = grids_by_building(INDEX)
    together[IDS.index("泰河1")] = together[IDS.index("泰和1")]
    answer = Matcher(INDEX, together).match("泰和花园1号楼")
    assert (len(answer.candidates), answer.margin, answer.notes) == (1, 1.0, ())
