"""The report of a city's organisation: counted from the data, told plainly, safe to open and to publish."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from geogrid.overview import (
    LANGUAGES,
    count_figures,
    make_overview,
    overview_html,
    overview_json,
    sentences,
)
from geogrid.overview.charts import Bar, bars, columns, shares
from geogrid.overview.words import words
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from tests.governed import PLANS, TODAY, governed_town, graphs_of
from tests.sampled import PUBLISHED, sample_city

if TYPE_CHECKING:
    from geogrid.model import City
    from geogrid.overview import Overview

TOWN = governed_town()
GRAPHS = graphs_of(TOWN)
STORED = [(GRAPHS[id_], Plan(id_, assignment)) for id_, assignment in PLANS.items()]
HOSTILE = "<img src=x onerror=alert(1)>{{7*191}}\"'&</script>"


def overview(city: City = TOWN) -> Overview:
    return make_overview(city, STORED, EIGHT_TO_TEN, as_of=TODAY, version="7")


def test_every_published_figure_is_counted_from_the_data() -> None:
    counted = {one.name: one.value for one in count_figures(sample_city(), TODAY)}
    assert {name: counted[name] for name in PUBLISHED} == PUBLISHED
    assert counted["branches with three stars or more"] / counted["branches"] >= 0.9


def test_the_plan_and_compound_first_are_counted() -> None:
    """c1 is A | C | B with the homes beside it, c2 is D | E: five grids with homes.

    8-10 in each of two communities would be 16-20. compound-first makes a grid of each compound at least.
    """
    made = overview()
    assert made.asked == (16, 20)
    assert (made.plan.grids, made.plan.special, made.plan.in_range) == (5, 0, 0)
    assert made.plan.per_community == {2: 1, 3: 1}
    assert (made.plan.to_found, made.plan.split_compounds) == (2, 0)
    assert made.compound_first is not None
    assert made.compound_first.grids >= 5
    assert (made.homes, made.homes_in_a_grid) == (600, 600)
    assert made.pairing.given == 1
    assert made.stars == {"5": 1, "4": 0, "3": 0, "2": 0, "1": 0, "not rated": 2}


def test_rules_are_told_with_the_communities_that_hold_them() -> None:
    rules = {one.rule: one for one in overview().rules}
    count = rules["the_number_of_grids_is_in_range"]
    # 3 grids are 5 fewer than 8, 2 are 6 fewer.
    assert (count.holds, count.broken, count.times, count.by) == (0, 2, 2, 11)
    assert (count.most, count.place) == (6, "Community c2")
    assert set(rules) == {
        key.removeprefix("rule.") for key in words("en") if key.count("_") > 2 and key.startswith("rule.")
    }
    assert all(one.broken == 0 for one in rules.values() if one.hard)


def test_it_is_said_plainly() -> None:
    lines = list(sentences(overview(), "en"))
    assert lines[0] == (
        "8-10 grids in each of 2 communities are 16-20 grids, but there are 5 compounds and 3 branches: "
        "one compound a grid and one branch a grid cannot hold as well."
    )
    assert "2 are to be founded" in lines[2]
    assert lines[3].startswith("compound-first would give ")


def test_the_page_escapes_what_the_data_say() -> None:
    hostile = replace(
        TOWN,
        name=HOSTILE,
        attribution=HOSTILE,
        subdistricts=tuple(replace(one, name=HOSTILE) for one in TOWN.subdistricts),
    )
    page = overview_html(overview(hostile), outlines={"c1": TOWN.communities[0].geometry})
    assert "<img" not in page
    assert "</script" not in page
    assert not re.search(r"<script|https?://|\bon\w+=(?!alert)", page)
    assert "&lt;img" in page


def test_the_page_and_the_json_are_the_same_every_time_and_name_nobody_private() -> None:
    made = overview()
    page, plain = overview_html(made), json.dumps(overview_json(made), ensure_ascii=False)
    assert overview_html(overview()) == page
    assert "PRIVATE" not in page + plain
    assert words("zh-Hans")["sample"] in page
    assert words("zh-Hans")["sample"] not in overview_html(overview(replace(TOWN, synthetic=False)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    """The same keys, the same blanks to fill; every word that the page takes is there."""
    ours, theirs = words(language), words("en")
    assert list(ours) == list(theirs)
    for key, text in ours.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", theirs[key])), key
    page = overview_html(overview(), language)
    assert f'<html lang="{language}">' in page
    assert not re.search(r"{\w+}", page.split("</style>")[1])
    numbers = [re.findall(r"\d+(?:,\d{3})*", line) for line in sentences(overview(), language)]
    assert [sorted(line) for line in numbers] == [
        sorted(re.findall(r"\d+(?:,\d{3})*", line)) for line in sentences(overview(), "en")
    ]


def test_the_map_colours_communities_by_their_branches() -> None:
    """c1: two of three grids have a branch, 67 %: the fourth of five tones. c2: one of two: the third."""
    made = overview()
    assert [(one.grids, one.grids_with_branch) for one in made.communities] == [(3, 2), (2, 1)]
    page = overview_html(made, outlines={one.id: one.geometry for one in TOWN.communities})
    found = re.findall(r'<path class="(t\d)" d="M[^"]+Z"><title>([^<]+)</title>', page)
    assert found == [("t4", "Community c1: 2/3"), ("t3", "Community c2: 1/2")]
    assert '<svg class="map"' not in overview_html(made)


def test_proposed_pairs_are_told_with_their_cost() -> None:
    """q9 sits in A. p2 (B, 50 m): 0.05 + 0.25, since one of c1's two branches has a partner; p3 (D): 0.15."""
    seeking = replace(TOWN.pairings[0], id="q9", organisation=HOSTILE, branch_id="", size=None)
    made = overview(replace(TOWN, pairings=(*TOWN.pairings, seeking)))
    (pair,) = made.pairing.proposals
    assert (made.pairing.given, made.pairing.proposed, pair.branch_id) == (1, 1, "p3")
    assert (pair.cost, pair.of_distance, pair.of_size, pair.of_balance) == (0.15, 0.15, 0.0, 0.0)
    assert "&lt;img" in overview_html(made)
    assert overview_json(made)["pairing"]["proposals"][0]["branch_id"] == "p3"
    assert made.pairing.without_partner == ("B小区党支部",)


@pytest.mark.parametrize("rows", [[], [Bar("a", 0.0)], [Bar("<b>", 10.0), Bar("c", 5.0, start=2.0)]])
def test_bars_stay_inside_their_picture(rows: list[Bar]) -> None:
    drawn = bars("t<", rows)
    assert drawn.count("<rect") == len(rows)
    assert "<b>" not in drawn
    ends = [float(x) + float(w) for x, w in re.findall(r'x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)]
    assert all(end <= 671 for end in ends)


def test_shares_and_columns_draw_what_there_is() -> None:
    """10 of 40 is a quarter of 380 wide; a column for each number that occurs."""
    assert 'width="95.0"' in shares("s", [("x", (("a", 10), ("n", 30)))])
    drawn = columns("c", [("a", {2: 1, 4: 3}), ("d", {3: 2})])
    assert drawn.count("<rect") == 3
    assert columns("c", [("a", {})]) == ""


def test_the_range_of_the_policy_is_shaded() -> None:
    """Three numbers, 2 to 4; the range 3-9 covers the last two: one rect more, two steps wide."""
    drawn = columns("c", [("a", {2: 1, 3: 1, 4: 3})], shaded=(3, 9))
    assert drawn.count("<rect") == 4
    assert drawn.count('class="range"') == 1
