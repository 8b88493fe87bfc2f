"""Units of drawn towns: hand-derived tiles, and the laws of tiling on random towns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box

from geogrid.adjacency import build_graph
from geogrid.errors import NotFoundError
from geogrid.model import Barrier, BarrierKind, Building, BuildingGroup, City
from geogrid.units import Unit, UnitKind, build_units
from geogrid.units.barrier_lines import barrier_lines
from geogrid.units.site import densify
from geogrid.units.tiles import meet_outline_in_vertices
from tests.town import draw_city, draw_town


def units_of(city: City, community: str = "c1") -> dict[str, Unit]:
    return {unit.id: unit for unit in build_units(city, community)}


def same_shape(unit: Unit, shape: Polygon | MultiPolygon, tolerance_m2: float = 0.01) -> bool:
    return unit.geometry.symmetric_difference(shape).area <= tolerance_m2


def broken_laws(city: City, community: str = "c1") -> list[str]:
    """Return what is wrong with the units of a community; see the design, "What a division is"."""
    units = build_units(city, community)
    ground = next(c.geometry for c in city.communities if c.id == community)
    buildings = {b.id: b for b in city.buildings if b.community_id == community}
    shapes = np.array([unit.geometry for unit in units], dtype=object)
    wrong = []
    if abs(shapely.area(shapes).sum() - ground.area) > 1e-6 * ground.area:
        wrong.append("the areas do not add up")
    if shapely.union_all(shapes).symmetric_difference(ground).area > 1e-6 * ground.area:
        wrong.append("the units do not cover the community")
    if not shapely.is_valid(shapes).all() or not shapely.coverage_is_valid(shapes):
        wrong.append("the units are no coverage")
    if not all(isinstance(shape, Polygon) for shape in shapes):
        wrong.append("a unit lies in two pieces")
    if sum(unit.households for unit in units) != sum(b.households for b in buildings.values()):
        wrong.append("households are lost or doubled")
    if sorted(i for unit in units for i in unit.building_ids) != sorted(buildings):
        wrong.append("a building is in no unit or in two")
    for unit in units:
        for name in unit.building_ids:
            building = buildings[name].geometry
            if not unit.geometry.intersects(building.point_on_surface()):
                wrong.append(f"{name} is not in its unit")
            if building.difference(unit.geometry).area > 0.01 * building.area:
                wrong.append(f"a border cuts {name}")
    return wrong


# --- whole compounds -----------------------------------------------------------------------------------


def test_compounds_that_tile_a_community_are_its_units_unchanged() -> None:
    city = draw_town("AAB\nACB", {"C": 7})
    units = units_of(city)
    assert [(u.id, u.kind.value, u.households) for u in units.values()] == [
        ("A", "compound", 120),
        ("B", "compound", 80),
        ("C", "compound", 7),
    ]
    for compound in city.compounds:
        assert same_shape(units[compound.id], compound.geometry, 1e-6)
        assert units[compound.id].compound_id == compound.id
        assert units[compound.id].name == compound.name
    assert units["A"].building_ids == ("A1", "A2", "A3")


def test_250_households_stay_whole_and_251_are_cut() -> None:
    assert list(units_of(draw_town("AA", {"A": 125}))) == ["A"]
    assert list(units_of(draw_town("AA", {"A1": 125, "A2": 126}))) == ["A/g01", "A/g02"]


def test_a_compound_without_known_buildings_keeps_its_stated_households() -> None:
    city = draw_town("AB")
    stated = tuple(replace(c, households=300) if c.id == "A" else c for c in city.compounds)
    city = replace(city, compounds=stated, buildings=tuple(b for b in city.buildings if b.id != "A1"))
    assert {u.id: u.households for u in build_units(city, "c1")} == {"A": 300, "B": 40}


def test_an_estimate_marks_its_unit_only() -> None:
    city = draw_town("AB")
    guessed = tuple(replace(b, estimated=b.id == "A1") for b in city.buildings)
    assert {u.id: u.estimated for u in build_units(replace(city, buildings=guessed), "c1")} == {
        "A": True,
        "B": False,
    }


def test_an_unknown_community_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no community 'c9' here"):
        build_units(draw_town("A"), "c9")


# --- groups --------------------------------------------------------------------------------------------


def test_a_row_of_four_is_cut_into_pairs_between_the_buildings() -> None:
    """Four buildings of 65: two groups of 130. The line between A2 and A3 is x = 200."""
    units = units_of(draw_town("AAAA", {"A": 65}))
    assert [(u.id, u.households, u.building_ids) for u in units.values()] == [
        ("A/g01", 130, ("A1", "A2")),
        ("A/g02", 130, ("A3", "A4")),
    ]
    assert same_shape(units["A/g01"], box(0, 0, 200, 100))
    assert all(u.kind is UnitKind.GROUP and u.compound_id == "A" for u in units.values())


def test_a_building_above_150_is_a_group_alone() -> None:
    units = units_of(draw_town("AAAA", {"A1": 400, "A": 45}))
    assert [(u.households, u.building_ids) for u in units.values()] == [
        (400, ("A1",)),
        (135, ("A2", "A3", "A4")),
    ]


def test_doors_are_cut_as_buildings_are() -> None:
    city = draw_town("AAAA", {"A": 65})
    doors = tuple(replace(b, geometry=b.geometry.centroid) for b in city.buildings)
    units = units_of(replace(city, buildings=doors))
    assert same_shape(units["A/g01"], box(0, 0, 200, 100))


def test_doors_at_one_point_stay_together() -> None:
    at = Point(50, 50)
    doors = tuple(Building(f"d{i}", "c1", at, 60, compound_id="A") for i in range(6))
    city = replace(draw_town("A"), buildings=doors)
    assert [(u.id, u.households) for u in build_units(city, "c1")] == [("A", 360)]


def test_given_groups_are_kept_whole() -> None:
    """By balance A1 would go with A2; the data says A2 and A3 are one group."""
    city = draw_town("AAAA", {"A": 65})
    city = replace(city, building_groups=(BuildingGroup("g", "A", "二组", ("A2", "A3")),))
    assert [u.building_ids for u in build_units(city, "c1")] == [("A1",), ("A2", "A3"), ("A4",)]


def test_a_given_group_of_strangers_yields_to_one_piece() -> None:
    """A1 and A4 are given as one group, but two buildings stand between them: every unit is one polygon."""
    city = draw_town("AAAA", {"A": 110})
    city = replace(city, building_groups=(BuildingGroup("g", "A", "一组", ("A1", "A4")),))
    units = build_units(city, "c1")
    assert [u.building_ids for u in units] == [("A1",), ("A2",), ("A3",), ("A4",)]
    assert all(u.geometry.geom_type == "Polygon" for u in units)


def test_a_terrace_is_not_torn() -> None:
    """Six houses of 50 in a row of 20 m cells; houses 2-3 and 4-5 stand wall to wall, and so go together."""
    city = draw_town("AAAAAA", {"A": 50}, cell=30.0)
    wide = {"A2": 3.0, "A4": 3.0, "A3": -3.0, "A5": -3.0}
    moved = tuple(
        replace(b, geometry=affinity.translate(b.geometry, xoff=wide.get(b.id, 0.0))) for b in city.buildings
    )
    groups = [set(u.building_ids) for u in build_units(replace(city, buildings=moved), "c1")]
    assert {"A2", "A3"} <= groups[0] | groups[1]
    for pair in ({"A2", "A3"}, {"A4", "A5"}):
        assert any(pair <= group for group in groups)


def test_a_tower_on_a_podium_shares_the_ground() -> None:
    """The podium without homes lies around the tower; no border runs between them."""
    tower, podium = box(20, 40, 40, 60), box(10, 10, 90, 90)
    city = draw_town("AA", {"A2": 150})
    buildings = (
        Building("tower", "c1", tower, 140, compound_id="A"),
        Building("podium", "c1", podium, 0, compound_id="A"),
        city.buildings[1],
    )
    units = units_of(replace(city, buildings=buildings))
    assert [u.building_ids for u in units.values()] == [("podium", "tower"), ("A2",)]
    assert broken_laws(replace(city, buildings=buildings)) == []


# --- ground outside compounds --------------------------------------------------------------------------


def test_a_street_is_shared_down_its_middle() -> None:
    units = units_of(draw_town("A.B", cell=30.0))
    assert same_shape(units["A"], box(0, 0, 45, 30), 1.0)
    assert list(units) == ["A", "B"]


def test_open_ground_is_land_and_homes_take_20_m_of_it() -> None:
    """Three empty cells are 3 ha; A takes a strip of 20 m, less a few metres to the next border vertex."""
    units = units_of(draw_town("A..."))
    assert [(u.id, u.kind.value) for u in units.values()] == [("A", "compound"), ("c1/l01", "land")]
    assert units["A"].geometry.area == pytest.approx(12_000, abs=300)
    assert units["c1/l01"].households == 0


def test_ground_under_two_hectares_is_absorbed() -> None:
    assert list(units_of(draw_town("A."))) == ["A"]


def test_a_park_of_one_hectare_is_land_by_its_name() -> None:
    city = draw_town("A*")
    city = replace(city, land=(replace(city.land[0], name="人民公园"),))
    units = units_of(city)
    assert same_shape(units["c1/l01"], box(100, 0, 200, 100))
    assert units["c1/l01"].name == "人民公园"
    assert list(units_of(draw_town("A*", cell=90.0))) == ["A"]


def test_a_community_without_homes_is_land_named_by_its_largest_building() -> None:
    city = draw_town("aa", {"a": 0})
    named = (replace(city.buildings[0], name="Ferry Terminal"), replace(city.buildings[1], name=""))
    units = units_of(replace(city, buildings=named))
    assert [(u.id, u.kind.value, u.name) for u in units.values()] == [("c1/l01", "land", "Ferry Terminal")]
    assert units["c1/l01"].building_ids == ("a1", "a2")


def test_homes_outside_compounds_form_clusters() -> None:
    """60 + 60 and 90: the first two make 120, all three would make 210."""
    units = units_of(draw_town("aab", {"a": 60, "b": 90}))
    assert [(u.id, u.kind.value, u.building_ids) for u in units.values()] == [
        ("c1/h01", "homes", ("a1", "a2")),
        ("c1/h02", "homes", ("b1",)),
    ]
    assert same_shape(units["c1/h01"], box(0, 0, 200, 100), 200.0)


def test_a_shop_in_the_street_is_not_cut() -> None:
    """A house without homes stands across the middle of the street between A and B."""
    city = draw_town("A.B", cell=60.0)
    shop = Building("shop", "c1", box(80, 20, 110, 40), 0)
    assert broken_laws(replace(city, buildings=(*city.buildings, shop))) == []


# --- barriers ------------------------------------------------------------------------------------------


def test_a_river_tears_a_compound_into_groups() -> None:
    units = units_of(draw_town("A~A"))
    assert [(u.id, u.kind.value, u.building_ids) for u in units.values()] == [
        ("A/g01", "group", ("A1",)),
        ("A/g02", "group", ("A2",)),
    ]
    assert same_shape(units["A/g01"], box(0, 0, 150, 100), 20.0)


def test_a_railway_line_parts_the_street() -> None:
    """Without the railway the middle of the street is the border (x = 90); with it, the railway (x = 75)."""
    city = draw_town("A.B", cell=60.0)
    railway = Barrier("r", BarrierKind.RAILWAY, LineString([(75, -10), (75, 70)]))
    units = units_of(replace(city, barriers=(railway,)))
    assert same_shape(units["A"], box(0, 0, 75, 60), 10.0)


def test_two_carriageways_have_one_middle_line() -> None:
    ways = [
        Barrier(f"m{x}", BarrierKind.EXPRESSWAY, LineString([(x, -20), (x, 220)])) for x in (100.0, 120.0)
    ]
    middle = shapely.union_all(barrier_lines(ways, box(0, 0, 200, 200)))
    inside = middle.intersection(box(0, 20, 200, 180))
    assert inside.hausdorff_distance(LineString([(110, 20), (110, 180)])) < 0.1


def test_a_pond_has_no_middle_line() -> None:
    pond = Barrier("p", BarrierKind.RIVER, box(50, 50, 90, 90))
    assert barrier_lines([pond], box(0, 0, 200, 200)) == []


# --- the city ------------------------------------------------------------------------------------------


def test_neighbouring_communities_share_their_vertices() -> None:
    """Groups cut at right angles to the common border end in it from both sides."""
    city = draw_city("AA\nAA\nAA", "BB\nBB\nBB\nBB", households={"A": 90, "B": 70})
    tiles = [u.geometry for c in ("c1", "c2") for u in build_units(city, c)]
    assert len(tiles) > 5
    assert shapely.coverage_is_valid(np.array(tiles, dtype=object))


def test_densify_is_the_same_from_either_side() -> None:
    one = Polygon([(0, 0), (10.3, 0.7), (10.1, 17.9), (0, 17)])
    other = Polygon([(10.1, 17.9), (10.3, 0.7), (30, 1)])
    common = set(map(tuple, shapely.get_coordinates(densify(one)))) & set(
        map(tuple, shapely.get_coordinates(densify(other)))
    )
    assert len(common) == 5  # 17.2 m in four even steps


def test_corners_on_the_border_slide_to_vertices_of_their_own() -> None:
    """The wedge touches the border from 12.0 to 12.4, with a vertex every 5 m: its corners take 10 and 15."""
    left = Polygon([(0, 0), (5, 0), (10, 0), (12, 0), (6, -9), (0, -9)])
    wedge = Polygon([(12, 0), (12.4, 0), (18, -9), (6, -9)])
    right = Polygon([(12.4, 0), (15, 0), (20, 0), (20, -9), (18, -9)])
    outline = Polygon([(0, 0), (5, 0), (10, 0), (15, 0), (20, 0), (20, -9), (18, -9), (6, -9), (0, -9)])
    moved = meet_outline_in_vertices(np.array([left, wedge, right], dtype=object), outline)
    assert moved[1].equals(Polygon([(10, 0), (15, 0), (18, -9), (6, -9)]))
    assert shapely.coverage_is_valid(moved)
    assert (
        shapely.get_num_coordinates(moved[0]) == 6
    )  # 0, 5 and 10 on the border, two below, and the first again


ROWS = st.lists(st.text("AAABBC.a~* ", min_size=1, max_size=6), min_size=1, max_size=5).filter(
    lambda rows: any(row.strip() for row in rows)
)
HOUSEHOLDS = st.fixed_dictionaries({letter: st.sampled_from([0, 1, 40, 90, 130, 200]) for letter in "ABCa"})


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, households=HOUSEHOLDS, cell=st.sampled_from([20.0, 50.0, 100.0, 250.0]), turn=st.booleans())
def test_units_of_any_town_keep_the_laws(
    rows: list[str], households: dict[str, int], cell: float, turn: bool
) -> None:
    city = draw_town("\n".join(rows), households, cell=cell)
    city = turned(city) if turn else city
    assert broken_laws(city) == []
    graph = build_graph(build_units(city, "c1"), city.barriers, "c1")
    for edge in graph.edges:
        assert 0 <= edge.open_m(BarrierKind) <= edge.length_m


@settings(max_examples=15, deadline=None)
@given(rows=ROWS, households=HOUSEHOLDS)
def test_the_same_town_gives_the_same_bytes(rows: list[str], households: dict[str, int]) -> None:
    city = draw_town("\n".join(rows), households)
    shuffled = replace(city, buildings=city.buildings[::-1], compounds=city.compounds[::-1])
    one, other = build_units(city, "c1"), build_units(shuffled, "c1")
    assert [shapely.to_wkb(u.geometry) for u in one] == [shapely.to_wkb(u.geometry) for u in other]
    assert [replace(u, geometry=MultiPolygon()) for u in one] == [
        replace(u, geometry=MultiPolygon()) for u in other
    ]


def turned(city: City) -> City:
    """Turn everything by 27 degrees, so that no line is parallel to an axis and no number is round."""

    def turn(shape: Any) -> Any:
        return affinity.rotate(shape, 27, origin=(0, 0))

    return replace(
        city,
        communities=tuple(replace(c, geometry=turn(c.geometry)) for c in city.communities),
        compounds=tuple(replace(c, geometry=turn(c.geometry)) for c in city.compounds),
        buildings=tuple(replace(b, geometry=turn(b.geometry)) for b in city.buildings),
        barriers=tuple(replace(b, geometry=turn(b.geometry)) for b in city.barriers),
        land=tuple(replace(piece, geometry=turn(piece.geometry)) for piece in city.land),
    )
