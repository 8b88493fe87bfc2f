"""The independent check passes a sound plan and finds every kind of sabotage.

The town is six squares by two of 100 m, a building of 40 households in each::

    A A B B C C
    A A B B C C      grid 1: west of A, grid 2: east of A, grid 3: B and C

So A is split (by 1), grid 3 joins B and C (by 1), and the grids have 80, 80 and 320 households.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box

from geogrid.check import check_city, check_plan
from geogrid.check.ground import CORRIDORS_M
from geogrid.check.told import window
from geogrid.model import Barrier, BarrierKind, Building, City, Community, Compound
from geogrid.policy import EIGHT_TO_TEN, Band, Policy, window_of
from geogrid.units import Unit, UnitKind
from tests.town import draw_city

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.check import Finding

CODE = "210602001001"
POLICY = Policy("test", grids_min=3, grids_max=4, band=Band(lower=80, upper=320))


@dataclass(frozen=True)
class Reason:
    rule: str
    where: tuple[str, ...]
    by: float
    words: str


@dataclass(frozen=True)
class Case:
    """The arguments of one check."""

    community: Community
    units: tuple[Unit, ...]
    assignment: dict[str, int]
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    barriers: tuple[Barrier, ...] = ()
    policy: Policy = POLICY
    gave_way: tuple[Reason, ...] | None = (
        Reason("every_compound_is_one_grid", ("A",), 1, "A is split"),
        Reason("every_compound_is_one_grid", ("3",), 1, "grid 3 joins two"),
    )
    codes: dict[int, str] | None = None

    def found(self) -> tuple[Finding, ...]:
        return check_plan(
            self.community,
            self.units,
            self.assignment,
            self.compounds,
            self.buildings,
            self.barriers,
            self.policy,
            gave_way=self.gave_way,
            codes=self.codes,
        )

    def rules(self) -> set[str]:
        return {finding.rule for finding in self.found()}

    def unit(self, name: str) -> Unit:
        return next(unit for unit in self.units if unit.id == name)

    def with_unit(self, name: str, **changes: Any) -> Case:
        return replace(
            self, units=tuple(replace(unit, **changes) if unit.id == name else unit for unit in self.units)
        )

    def with_building(self, name: str, **changes: Any) -> Case:
        buildings = tuple(replace(b, **changes) if b.id == name else b for b in self.buildings)
        return replace(self, buildings=buildings)


def square(column: int, row: int) -> Polygon:
    return box(column * 100, row * 100, column * 100 + 100, row * 100 + 100)


def sound() -> Case:
    """Return the plan of the drawing above: the units are its squares."""
    buildings, units = [], []
    for column in range(6):
        for row in range(2):
            compound = "ABC"[column // 2]
            name = f"{compound}/{column}{row}"
            place = Point(column * 100 + 50, row * 100 + 50)
            buildings.append(Building(f"b{column}{row}", "c1", place, 40, compound_id=compound))
            tile = square(column, row)
            units.append(
                Unit(name, "c1", UnitKind.GROUP, tile, 40, "", compound, False, (f"b{column}{row}",))
            )
    return Case(
        community=Community("c1", "One", CODE, box(0, 0, 600, 200)),
        units=tuple(units),
        assignment={unit.id: min(int(unit.id[2]) + 1, 3) for unit in units},
        compounds=tuple(
            Compound(name, "c1", name, box(i * 200, 0, i * 200 + 200, 200)) for i, name in enumerate("ABC")
        ),
        buildings=tuple(buildings),
        codes={n: f"{CODE}{n:03d}" for n in (1, 2, 3)},
    )


def with_park(homes_first: bool) -> Case:
    """Return the town with a park in the west, a special-purpose grid; numbered last, or first."""
    town = sound()
    park = Unit("c1/l01", "c1", UnitKind.LAND, WEST_PARK, 0)
    shift = 0 if homes_first else 1
    assignment = {name: number + shift for name, number in town.assignment.items()}
    return replace(
        town,
        community=replace(town.community, geometry=box(-100, 0, 600, 200)),
        units=(*town.units, park),
        assignment={**assignment, park.id: 4 if homes_first else 1},
        gave_way=None,
        codes=None,
    )


def test_a_sound_plan_passes() -> None:
    assert sound().found() == ()
    assert with_park(homes_first=True).found() == ()


def test_reasons_and_codes_may_be_left_open() -> None:
    assert replace(sound(), gave_way=None, codes=None).found() == ()


def test_other_communities_things_do_not_matter() -> None:
    town = sound()
    stranger = Building("x", "c2", Point(50, 50), 40)
    assert replace(town, buildings=(*town.buildings, stranger)).found() == ()


def without(case: Case, unit: str) -> Case:
    return replace(case, assignment={name: n for name, n in case.assignment.items() if name != unit})


def with_river(case: Case, x: float, south: float, north: float) -> Case:
    river = Barrier("r", BarrierKind.RIVER, LineString([(x, south), (x, north)]))
    return replace(case, barriers=(river,))


def moved(case: Case, units: dict[str, int]) -> Case:
    return replace(case, assignment={**case.assignment, **units})


def swapped_numbers(case: Case) -> Case:
    other = {1: 2, 2: 1, 3: 3}
    return replace(case, assignment={name: other[n] for name, n in case.assignment.items()})


def reasons(case: Case, *some: Reason) -> Case:
    return replace(case, gave_way=some)


SPLIT, JOINED = Case.gave_way or ()
WEST_PARK = Polygon([(-100, 0), (0, 0), (0, 100), (0, 200), (-100, 200)])
CORNER = Polygon([(0, 100), (100, 100), (100, 200), (0, 200), (-20, 150)])
SHIFTED = Polygon([(0, 0), (100, 0), (100.5, 50), (100, 100), (0, 100)])
HALVES = MultiPolygon([box(0, 0, 100, 40), box(0, 60, 100, 100)])

SABOTAGE: dict[str, tuple[Callable[[Case], Case], str]] = {
    "a unit without a grid": (lambda c: without(c, "A/00"), "every_unit_lies_in_one_grid"),
    "land without a grid": (lambda c: without(c, "A/00"), "tiles_cover_the_community"),
    "a unit that is none": (lambda c: moved(c, {"Z": 1}), "every_unit_lies_in_one_grid"),
    "a unit twice": (lambda c: replace(c, units=(*c.units, c.units[0])), "every_unit_lies_in_one_grid"),
    "a number left out": (
        lambda c: moved(c, {n: 4 for n, g in c.assignment.items() if g == 3}),
        "every_unit_lies_in_one_grid",
    ),
    "a gap": (
        lambda c: c.with_unit("A/00", geometry=box(0, 0, 100, 99.9)),
        "tiles_cover_the_community",
    ),
    "a tile missing": (lambda c: replace(c, units=c.units[1:]), "tiles_cover_the_community"),
    "an overlap": (lambda c: c.with_unit("A/00", geometry=box(0, 0, 101, 100)), "tiles_do_not_overlap"),
    "an overlap that leaves a gap elsewhere": (
        lambda c: c.with_unit("A/00", geometry=affinity.translate(square(0, 0), 1, 0)),
        "tiles_do_not_overlap",
    ),
    "an overlap and its area": (
        lambda c: c.with_unit("A/00", geometry=box(0, 0, 101, 100)),
        "tiles_cover_the_community",
    ),
    "a border that bends on one side": (
        lambda c: c.with_unit("A/00", geometry=SHIFTED),
        "tiles_do_not_overlap",
    ),
    "a tile that crosses itself": (
        lambda c: c.with_unit("A/00", geometry=Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])),
        "tiles_are_valid",
    ),
    "a tile that leaves the community": (
        lambda c: c.with_unit("A/01", geometry=CORNER),
        "no_grid_crosses_a_community",
    ),
    "a unit of another community": (
        lambda c: c.with_unit("A/00", community_id="c2"),
        "no_grid_crosses_a_community",
    ),
    "two pieces that touch in a corner": (
        lambda c: moved(c, {"A/01": 2, "A/11": 1}),
        "every_grid_is_in_one_piece",
    ),
    "a tile in two pieces": (
        lambda c: c.with_unit("A/00", geometry=HALVES),
        "every_grid_is_in_one_piece",
    ),
    "a grid across a river": (lambda c: with_river(c, 405, -50, 250), "every_grid_is_in_one_piece"),
    "a grid across a river with a path of 4 m": (
        lambda c: with_river(c, 400, 16.5, 250),
        "every_grid_is_in_one_piece",
    ),
    "parts of two compounds": (
        lambda c: moved(c, {"B/20": 2, "B/21": 2}),
        "no_grid_mixes_parts_of_compounds",
    ),
    "a part with a whole": (
        lambda c: moved(c, {n: 2 for n, g in c.assignment.items() if g == 3}),
        "no_grid_mixes_parts_of_compounds",
    ),
    "parts of two compounds, hidden by a wrong label": (
        lambda c: (
            moved(c, {"B/20": 2, "B/21": 2})
            .with_unit("B/20", compound_id="A")
            .with_unit("B/21", compound_id="A")
        ),
        "no_grid_mixes_parts_of_compounds",
    ),
    "a home in no grid": (lambda c: c.with_unit("A/00", building_ids=()), "every_home_lies_in_one_grid"),
    "a home in two grids": (
        lambda c: c.with_unit("C/50", building_ids=("b50", "b00")),
        "every_home_lies_in_one_grid",
    ),
    "a home counted where it does not stand": (
        lambda c: c.with_unit("A/00", building_ids=("b10",)).with_unit("A/10", building_ids=("b00",)),
        "every_home_lies_in_one_grid",
    ),
    "a building that is none": (
        lambda c: c.with_unit("A/00", building_ids=("b00", "ghost")),
        "every_home_lies_in_one_grid",
    ),
    "households that do not add up": (
        lambda c: c.with_unit("A/00", households=41),
        "every_home_lies_in_one_grid",
    ),
    "too few grids without a reason": (
        lambda c: replace(c, policy=replace(POLICY, grids_min=4)),
        "the_number_of_grids_is_in_range",
    ),
    "too many grids without a reason": (
        lambda c: replace(c, policy=replace(POLICY, grids_min=1, grids_max=2)),
        "the_number_of_grids_is_in_range",
    ),
    "a grid below the window without a reason": (
        lambda c: replace(c, policy=replace(POLICY, band=Band(lower=81, upper=320))),
        "households_lie_in_the_window",
    ),
    "a grid above the window without a reason": (
        lambda c: replace(c, policy=replace(POLICY, band=Band(lower=80, upper=319))),
        "households_lie_in_the_window",
    ),
    "a grid outside the window of a share": (
        lambda c: replace(c, policy=replace(POLICY, band=Band(share=0.2))),
        "households_lie_in_the_window",
    ),
    "a split without a reason": (lambda c: reasons(c, JOINED), "every_compound_is_one_grid"),
    "a joining without a reason": (lambda c: reasons(c, SPLIT), "every_compound_is_one_grid"),
    "a reason without words": (
        lambda c: reasons(c, replace(SPLIT, words=" "), JOINED),
        "every_compound_is_one_grid",
    ),
    "a reason that makes it small": (
        lambda c: reasons(c, SPLIT, replace(JOINED, by=0.5)),
        "every_compound_is_one_grid",
    ),
    "a reason for what holds": (
        lambda c: reasons(c, SPLIT, JOINED, Reason("households_lie_in_the_window", ("1",), 5, "so")),
        "households_lie_in_the_window",
    ),
    "a code of another length": (
        lambda c: replace(c, codes={1: f"{CODE}01", 2: f"{CODE}002", 3: f"{CODE}003"}),
        "codes_follow_the_rule",
    ),
    "a code of another community": (
        lambda c: replace(c, codes={1: "210602001002001", 2: f"{CODE}002", 3: f"{CODE}003"}),
        "codes_follow_the_rule",
    ),
    "a code twice": (
        lambda c: replace(c, codes={1: f"{CODE}001", 2: f"{CODE}001", 3: f"{CODE}003"}),
        "codes_follow_the_rule",
    ),
    "a code missing": (
        lambda c: replace(c, codes={1: f"{CODE}001", 2: f"{CODE}002"}),
        "codes_follow_the_rule",
    ),
    "a code of no grid": (
        lambda c: replace(c, codes={n: f"{CODE}{n:03d}" for n in (1, 2, 3, 4)}),
        "codes_follow_the_rule",
    ),
    "numbers from east to west": (swapped_numbers, "grids_are_numbered_west_to_east"),
    "a special grid numbered before homes": (
        lambda _: with_park(homes_first=False),
        "grids_are_numbered_west_to_east",
    ),
}


@pytest.mark.parametrize("case", SABOTAGE)
def test_sabotage_is_found(case: str) -> None:
    spoil, rule = SABOTAGE[case]
    found = spoil(sound()).found()
    assert rule in {finding.rule for finding in found}
    assert all(finding.words and finding.community_id == "c1" for finding in found)


def test_a_path_of_six_metres_past_the_river_joins() -> None:
    """The river's corridor ends 12.5 m south of its end; 6 m of the border at x = 400 lie south of that."""
    assert "every_grid_is_in_one_piece" not in with_river(sound(), 400, 18.6, 250).rules()


def test_a_soft_barrier_does_not_part_a_grid() -> None:
    road = Barrier("r", BarrierKind.ARTERIAL, LineString([(400, -50), (400, 250)]))
    assert replace(sound(), barriers=(road,)).found() == ()


def test_a_rule_that_gave_way_with_its_reason_is_no_finding() -> None:
    """With a lower end of 90 the grids 1 and 2 have 10 too few."""
    town = replace(sound(), policy=replace(POLICY, band=Band(lower=90, upper=320)))
    told = [Reason("households_lie_in_the_window", (number,), 10, "too small") for number in "12"]
    assert reasons(town, SPLIT, JOINED, *told).found() == ()


def test_a_compound_without_buildings_counts_what_it_states() -> None:
    town = sound()
    bare = tuple(b for b in town.buildings if b.compound_id != "C")
    stated = tuple(replace(c, households=160 if c.id == "C" else None) for c in town.compounds)
    units = tuple(replace(u, building_ids=()) if u.compound_id == "C" else u for u in town.units)
    assert replace(town, buildings=bare, compounds=stated, units=units).found() == ()


def test_grids_beside_each_other_are_numbered_from_north_to_south() -> None:
    town = sound()
    halves = {"A/01": 1, "A/11": 1, "A/00": 2, "A/10": 2}
    assert moved(town, halves).found() == ()
    assert "grids_are_numbered_west_to_east" in moved(town, {n: 3 - g for n, g in halves.items()}).rules()


def test_a_community_without_an_official_code_has_codes_with_a_hyphen() -> None:
    town = sound()
    local = replace(town, community=replace(town.community, code="OTSZ01"))
    assert replace(local, codes={n: f"OTSZ01-{n:03d}" for n in (1, 2, 3)}).found() == ()
    assert "codes_follow_the_rule" in local.rules()


@pytest.mark.parametrize(("households", "grids"), [(3000, 8), (3001, 9), (17, 8), (5, 8), (1, 1), (0, 3)])
def test_the_window_reckoned_anew_is_the_policys(households: int, grids: int) -> None:
    assert window(EIGHT_TO_TEN, households, grids) == window_of(EIGHT_TO_TEN, households, grids)


def test_corridors_are_those_of_the_graph_less_half_a_step() -> None:
    from geogrid.adjacency import HALF_WIDTHS, STEP_M

    assert {kind: width - STEP_M / 2 for kind, width in HALF_WIDTHS.items()} == CORRIDORS_M


@dataclass(frozen=True)
class _Record:
    community_id: str
    number: int
    code: str


def stored(city: City) -> list[Any]:
    """Return stored divisions of a drawn city: every compound is a unit and a grid, from west to east."""
    from geogrid.adjacency import UnitGraph
    from geogrid.archive.records import StoredDivision
    from geogrid.partition import Division
    from geogrid.plan import Plan

    found = []
    for community in city.communities:
        units = tuple(
            Unit(
                compound.id,
                community.id,
                UnitKind.COMPOUND,
                compound.geometry,
                sum(b.households for b in city.buildings if b.compound_id == compound.id),
                compound_id=compound.id,
                building_ids=tuple(b.id for b in city.buildings if b.compound_id == compound.id),
            )
            for compound in city.compounds
            if compound.community_id == community.id
        )
        order = sorted(units, key=lambda unit: unit.geometry.centroid.x)
        plan = Plan(community.id, {unit.id: n for n, unit in enumerate(order, start=1)})
        division = Division(plan, {}, {}, 0.0, True, "none", 0.0)
        found.append(StoredDivision(UnitGraph(community.id, units, ()), division))
    return found


def test_a_city_is_checked_community_by_community_and_as_a_whole() -> None:
    city = draw_city("AAB\nAAB", "CDD\nCDD")
    divisions = stored(city)
    assert check_city(city, divisions) == ()
    assert {f.rule for f in check_city(city, divisions[:1])} == {"one_plan_a_community"}
    assert {f.rule for f in check_city(city, [*divisions, divisions[0]])} == {"one_plan_a_community"}
    codes = {c.id: c.code for c in city.communities}
    records: list[Any] = [_Record(c, n, f"{codes[c]}{n:03d}") for c in codes for n in (1, 2)]
    assert check_city(city, divisions, records) == ()
    twice = [*records[:3], _Record("c2", 2, records[0].code)]
    rules = {f.rule for f in check_city(city, divisions, twice)}
    assert rules == {"codes_follow_the_rule", "codes_are_unique"}


def test_the_check_shares_no_code_with_the_solver() -> None:
    """It may import the shapes of things (model, policy's and unit's classes), nothing that reckons."""
    import geogrid.check as package

    folder = __import__("pathlib").Path(package.__file__).parent
    lines = [line.strip() for path in sorted(folder.glob("*.py")) for line in path.read_text().splitlines()]
    made = [line for line in lines if line.startswith(("import geogrid", "from geogrid"))]
    allowed = ("geogrid.check", "geogrid.model", "geogrid.policy", "geogrid.units", "geogrid.archive.records")
    assert made
    assert all(line.split()[1].startswith(allowed) for line in made)
    assert not any("window_of" in line for line in made)


def test_the_town_is_drawn_as_said() -> None:
    town = sound()
    assert len(town.units) == 12
    homes = [sum(u.households for u in town.units if town.assignment[u.id] == n) for n in (1, 2, 3)]
    assert homes == [80, 80, 320]
    assert all(a.id < b.id for a, b in pairwise(town.units))
