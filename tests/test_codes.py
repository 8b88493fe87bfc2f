from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.codes import (
    AreaLevel,
    GridCode,
    Scheme,
    area_level,
    grid_code,
    is_area_code,
    number_west_to_east,
    parse_grid_code,
    write_grid_code,
)

communities = st.builds(
    "{}{:010d}".format, st.sampled_from(["11", "21", "63", "71"]), st.integers(0, 10**10 - 1)
)
digits = st.text("0123456789", min_size=6, max_size=6)


@st.composite
def codes(draw: st.DrawFn) -> GridCode:
    scheme = draw(st.sampled_from([Scheme.GBT_47678, Scheme.CJT_213, Scheme.CJT_349]))
    first = 0 if scheme is Scheme.CJT_349 else 1
    last = 999 if scheme is Scheme.GBT_47678 else 99
    object_class = draw(digits) if scheme is Scheme.CJT_349 else ""
    return GridCode(draw(communities), draw(st.integers(first, last)), scheme, object_class)


@given(code=codes())
def test_a_code_survives_writing_and_reading(code: GridCode) -> None:
    text = write_grid_code(code)
    assert parse_grid_code(text) == code
    assert str(code) == text
    assert len(text) == {Scheme.GBT_47678: 15, Scheme.CJT_213: 14, Scheme.CJT_349: 20}[code.scheme]


@given(community=st.text(min_size=1, max_size=20).filter(lambda t: "\n" not in t), number=st.integers(1, 999))
def test_any_community_gets_codes_that_are_read_back(community: str, number: int) -> None:
    code = parse_grid_code(grid_code(community, number))
    assert (code.community, code.number) == (community, number)


def test_the_codes_of_a_grid() -> None:
    # 丹东市元宝区七道街道城隍庙一社区, grid 7.
    assert grid_code("210602002001", 7) == "210602002001007"
    assert write_grid_code(GridCode("210602002001", 7, Scheme.CJT_213)) == "21060200200107"
    assert write_grid_code(GridCode("210602002001", 7, Scheme.CJT_349, "010200")) == "01020021060200200107"
    assert grid_code("BMSZ12", 7) == "BMSZ12-007"
    assert grid_code("63000010-01", 12) == "63000010-01-012"
    assert parse_grid_code("63000010-01-012") == GridCode("63000010-01", 12, Scheme.LOCAL)


def test_cjt349_knows_undivided_and_merged_communities() -> None:
    whole = parse_grid_code("01020021060200200100")
    assert (whole.number, whole.merged) == (0, False)
    assert parse_grid_code("01020021060200260100").merged


@pytest.mark.parametrize(
    "text",
    [
        "",
        "210602002001",
        "210602002001000",  # grids are numbered from 1
        "990602002001001",  # no such province
        "21060200200100",
        "BMSZ12-000",
        "BMSZ12-1",
        "-001",
        "２１０６０２００２００１００１",  # full-width digits
        "210602002001-001",
    ],
)
def test_what_is_no_grid_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a grid code"):
        parse_grid_code(text)


@pytest.mark.parametrize(
    ("community", "number"), [("210602002001", 0), ("210602002001", 1000), ("BMSZ12", 0), ("", 1), ("A", -1)]
)
def test_what_cannot_be_written_is_refused(community: str, number: int) -> None:
    with pytest.raises(ValueError, match=r"numbered|no grid number|no code"):
        grid_code(community, number)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (GridCode("210602002001", 100, Scheme.CJT_213), "no grid number"),
        (GridCode("21060200200", 1, Scheme.CJT_213), "12-digit"),
        (GridCode("210602002001", 1, Scheme.CJT_349), "object class"),
        (GridCode("210602002001", 1, Scheme.NBS), "no grid number"),
    ],
)
def test_parts_that_do_not_fit_the_scheme_are_refused(code: GridCode, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_grid_code(code)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("210000000000", AreaLevel.PROVINCE),
        ("210600000000", AreaLevel.CITY),
        ("210602000000", AreaLevel.DISTRICT),
        ("210602002000", AreaLevel.SUBDISTRICT),
        ("210602002001", AreaLevel.COMMUNITY),
        # Dongguan has no districts.
        ("441900003000", AreaLevel.SUBDISTRICT),
    ],
)
def test_the_levels_of_area_codes(code: str, level: AreaLevel) -> None:
    assert is_area_code(code)
    assert area_level(code) is level


@pytest.mark.parametrize(
    "text",
    ["", "21060200200", "2106020020011", "990602002001", "210602000001", "210002002001", "21060200200a"],
)
def test_what_is_no_area_code(text: str) -> None:
    assert not is_area_code(text)
    with pytest.raises(ValueError, match="12-digit"):
        area_level(text)


def test_grids_are_numbered_west_to_east_then_north_to_south() -> None:
    # d lies farthest west; a and b equally far east, b to the north; c farthest east.
    points = [(10, 0), (10, 50), (20, 99), (0, 7)]
    assert number_west_to_east(points).tolist() == [3, 1, 0, 2]


def test_places_within_a_millimetre_are_ordered_by_the_rest() -> None:
    # Floating-point noise in x must not decide between north and south.
    assert number_west_to_east([(10 + 1e-7, 50), (10, 0)]).tolist() == [0, 1]
    assert number_west_to_east([(5, 5), (5, 5)], ids=["b", "a"]).tolist() == [1, 0]
    assert number_west_to_east([]).tolist() == []


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), unique=True, max_size=12), st.randoms()
)
def test_the_numbering_does_not_depend_on_the_order_of_the_rows(
    points: list[tuple[int, int]], random: object
) -> None:
    order = list(range(len(points)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = [points[n] for n in order]
    first = [points[n] for n in number_west_to_east(np.array(points).reshape(-1, 2))]
    second = [shuffled[n] for n in number_west_to_east(np.array(shuffled).reshape(-1, 2))]
    assert first == second
