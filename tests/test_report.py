"""The report counts what the plan holds and repeats what its solver says, no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import shapely

from geogrid.adjacency import UnitGraph
from geogrid.partition import Division, GaveWay
from geogrid.plan import Plan
from geogrid.policy import COMPOUND_FIRST, EIGHT_TO_TEN, Policy
from geogrid.report import as_html, as_json, as_markdown, report_city, report_community
from geogrid.units import Unit, UnitKind
from tests.town import draw_town

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.report import CityReport

TOWN = draw_town("AABC\n...C")
COMMUNITY = TOWN.communities[0]
HOSTILE = "|<img src=x onerror=alert(1)>|{{7*191}}`${1}"


def unit(name: str, kind: UnitKind, homes: int, west: int, compound: str = "") -> Unit:
    shape = shapely.box(west, 0, west + 100, 100)
    return Unit(name, "c1", kind, shape, homes, compound_id=compound, estimated=name == "B")


GRAPH = UnitGraph(
    "c1",
    (
        unit("A/g01", UnitKind.GROUP, 30, 0, "A"),
        unit("A/g02", UnitKind.GROUP, 50, 100, "A"),
        unit("B", UnitKind.COMPOUND, 10, 200, "B"),
        unit("C", UnitKind.COMPOUND, 70, 300, "C"),
        unit("c1/h01", UnitKind.HOMES, 5, 400),
        unit("c1/l01", UnitKind.LAND, 0, 500),
    ),
    (),
)
# Grids with homes: 30 (part), 50 (part), 80 (B and C joined), 5 (homes only); one special.
PLAN = Plan("c1", {"A/g01": 1, "A/g02": 2, "B": 3, "C": 3, "c1/h01": 4, "c1/l01": 5})


def division(words: str = "only four grids are possible", *, proved: bool = True) -> Division:
    return Division(
        plan=PLAN,
        vector={"window": 12.0, "compactness": 345.6},
        bounds={"window": 12.0 if proved else 6.0},
        gap=0.0 if proved else 0.5,
        proved=proved,
        engine="legal-grids",
        seconds=1.234,
        gave_way=(GaveWay("eight_to_ten_grids", ("1", "2"), 4.0, words),),
    )


def made(
    words: str = "only four grids are possible", policy: Policy = EIGHT_TO_TEN, *, proved: bool = True
) -> CityReport:
    row = report_community(COMMUNITY, GRAPH, division(words, proved=proved))
    return report_city(TOWN, [row], policy)


def test_a_community_is_counted_by_its_grids_with_homes() -> None:
    (row,) = made().communities
    assert (row.residential, row.special, row.units) == (4, 1, 6)
    assert row.alignments == {"whole": 0, "part": 2, "joined": 1, "homes": 1, "special": 1}
    # 5, 30, 50, 80: the median lies between 30 and 50.
    assert (row.households, row.households_min, row.households_median, row.households_max) == (165, 5, 40, 80)
    assert row.estimated


def test_what_the_solver_says_is_repeated_with_its_bound() -> None:
    (row,) = made(proved=False).communities
    assert [(term.name, term.value, term.bound) for term in row.objective] == [
        ("window", 12.0, 6.0),
        ("compactness", 345.6, None),
    ]
    assert (row.proved, row.gap, row.engine, row.seconds) == (False, 0.5, "legal-grids", 1.23)
    text = as_markdown(made(proved=False))
    assert "50.0%" in text
    assert "compactness ?" in text


def test_the_totals_stand_first_in_plain_words() -> None:
    lines = made().lines
    assert lines[0].startswith("1 communities, 3 compounds, 165 households: 4 grids with homes and 1 special")
    assert any(line.startswith("0 of the 1 communities with homes have 8-10 grids") for line in lines)
    assert any("eight to ten grids (1 times)" in line for line in lines)
    assert not any("8-10" in line for line in made(policy=COMPOUND_FIRST).lines)


def test_a_rule_that_gave_way_says_where_and_why() -> None:
    text = as_markdown(made("too few homes"))
    assert "| Community c1 | eight to ten grids | 1 | 4 | too few homes |" in text


@pytest.mark.parametrize("write", [as_markdown, as_html])
def test_hostile_names_are_text(write: Callable[[CityReport], str]) -> None:
    page = write(made(HOSTILE))
    # A backslash before "<" makes it text in Markdown.
    assert "<img" not in page.replace("\\<", "")
    if write is as_markdown:
        rows = [line for line in page.splitlines() if "onerror" in line]
        assert all(line.replace("\\|", "").count("|") == 6 for line in rows)


def test_json_holds_the_same_numbers() -> None:
    values = json.loads(json.dumps(as_json(made())))
    assert values["communities"][0]["households_median"] == 40
    assert values["lines"] == list(made().lines)


def test_the_same_division_gives_the_same_bytes() -> None:
    assert as_markdown(made()) == as_markdown(made())
    assert as_html(made()) == as_html(made())
