"""Neighbours, shared borders and barriers, on squares whose numbers can be read off."""

from __future__ import annotations

import pytest
from shapely import LineString, Polygon, box

from geogrid.adjacency import HALF_WIDTHS, Edge, build_graph
from geogrid.coverage import borders
from geogrid.model import Barrier, BarrierKind
from geogrid.units import Unit, UnitKind


def unit(name: str, shape: Polygon) -> Unit:
    return Unit(name, "c1", UnitKind.COMPOUND, shape, 40)


def four_squares() -> list[Unit]:
    """NW, NE over SW, SE: each 100 m square, all four meeting in (100, 100)."""
    return [
        unit("SE", box(100, 0, 200, 100)),
        unit("NW", box(0, 100, 100, 200)),
        unit("SW", box(0, 0, 100, 100)),
        unit("NE", box(100, 100, 200, 200)),
    ]


def line(kind: BarrierKind, *points: tuple[float, float]) -> Barrier:
    return Barrier(f"b-{kind}", kind, LineString(points))


def test_neighbours_share_a_border_and_not_only_a_corner() -> None:
    graph = build_graph(four_squares(), (), "c1")
    assert [u.id for u in graph.units] == ["NE", "NW", "SE", "SW"]
    assert [(e.a, e.b, e.length_m) for e in graph.edges] == [
        ("NE", "NW", 100.0),
        ("NE", "SE", 100.0),
        ("NW", "SW", 100.0),
        ("SE", "SW", 100.0),
    ]
    assert all(edge.along == () for edge in graph.edges)


def test_a_border_of_many_segments_is_one_edge() -> None:
    """The shared border of 100 m has a vertex in its middle; the outer ones differ."""
    west = Polygon([(0, 0), (100, 0), (100, 50), (100, 100), (0, 100)])
    east = Polygon([(100, 0), (200, 0), (200, 30), (200, 100), (100, 100), (100, 50)])
    graph = build_graph([unit("a", west), unit("b", east)], (), "c1")
    assert graph.edges == (Edge("a", "b", 100.0),)


def test_a_hole_and_what_fills_it_are_neighbours() -> None:
    park = box(40, 40, 60, 60)
    around = Polygon(box(0, 0, 100, 100).exterior, [park.exterior])
    assert build_graph([unit("a", around), unit("b", park)], (), "c1").edges == (Edge("a", "b", 80.0),)


def test_a_river_on_the_border_closes_it_and_only_it() -> None:
    """The river runs along y = 100 over the whole width: NE-SE and NW-SW are closed."""
    river = line(BarrierKind.RIVER, (-50, 100), (250, 100))
    edges = {(e.a, e.b): e for e in build_graph(four_squares(), [river], "c1").edges}
    assert edges["NE", "SE"].along == ((BarrierKind.RIVER, 100.0),)
    assert edges["NE", "SE"].open_m([BarrierKind.RIVER]) == 0.0
    assert edges["NE", "SE"].open_m([BarrierKind.RAILWAY]) == 100.0
    assert edges["NE", "NW"].along == ()


def test_a_border_that_crosses_a_barrier_does_not_run_along_it() -> None:
    """The road crosses the border between a and b at a right angle."""
    road = line(BarrierKind.ARTERIAL, (0, 50), (200, 50))
    units = [unit("a", box(0, 0, 100, 100)), unit("b", box(100, 0, 200, 100))]
    assert build_graph(units, [road], "c1").edges == (Edge("a", "b", 100.0),)


def test_half_a_barrier_closes_half_a_border() -> None:
    """The railway ends halfway: 50 m, and two pieces of 5 m whose middles are within 12 m of its end."""
    railway = line(BarrierKind.RAILWAY, (100, -20), (100, 50))
    units = [unit("a", box(0, 0, 100, 100)), unit("b", box(100, 0, 200, 100))]
    (edge,) = build_graph(units, [railway], "c1").edges
    assert edge.along == ((BarrierKind.RAILWAY, 60.0),)
    assert edge.open_m([BarrierKind.RAILWAY]) == pytest.approx(40.0)


def test_every_metre_counts_once_for_the_most_severe() -> None:
    units = [unit("a", box(0, 0, 100, 100)), unit("b", box(100, 0, 200, 100))]
    road = line(BarrierKind.ARTERIAL, (103, -50), (103, 150))
    canal = Barrier("canal", BarrierKind.RIVER, box(95, -50, 105, 20))
    (edge,) = build_graph(units, [road, canal], "c1").edges
    river = dict(edge.along)[BarrierKind.RIVER]
    assert river == 35.0  # 20 m inside the canal, and 15 m beyond its end along its banks' direction
    assert dict(edge.along)[BarrierKind.ARTERIAL] == 65.0
    assert edge.open_m([BarrierKind.RIVER, BarrierKind.ARTERIAL]) == 0.0


def test_the_half_width_of_a_class_decides() -> None:
    units = [unit("a", box(0, 0, 100, 100)), unit("b", box(100, 0, 200, 100))]
    road = line(BarrierKind.COLLECTOR, (112, -50), (112, 150))
    assert HALF_WIDTHS[BarrierKind.COLLECTOR] == 9.0
    assert build_graph(units, [road], "c1").edges[0].along == ()
    wider = {**HALF_WIDTHS, BarrierKind.COLLECTOR: 12.5}
    assert build_graph(units, [road], "c1", wider).edges[0].along == ((BarrierKind.COLLECTOR, 100.0),)


def test_no_units_no_edges() -> None:
    assert build_graph([], (), "c1").edges == ()
    alone = build_graph([unit("a", box(0, 0, 1, 1))], [line(BarrierKind.RIVER, (0, 0), (1, 1))], "c1")
    assert alone.edges == ()


def test_borders_tell_shared_from_outer_segments() -> None:
    """Two unit squares side by side: one shared segment of 1 m, six outer ones."""
    found = borders([box(0, 0, 1, 1), box(1, 0, 2, 1)])
    assert (found.a.tolist(), found.b.tolist(), found.length.tolist()) == ([0], [1], [1.0])
    assert found.midpoints().tolist() == [[1.0, 0.5]]
    assert len(found.outer) == 6
