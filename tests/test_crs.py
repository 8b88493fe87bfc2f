from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from geogrid.crs import (
    areal_scale,
    from_wgs84,
    is_degrees,
    is_metric_plane,
    plane_for,
    points_to_degrees,
    points_to_metres,
    read_crs,
    reproject,
    to_degrees,
    to_metres,
    to_wgs84,
)

DANDONG = plane_for(lon=124.39, lat=40.13)
# One metre is about 9e-6 degree; the promise is 1e-4 m.
TENTH_OF_A_MILLIMETRE = 9e-10

in_china = st.tuples(st.floats(73.0, 135.0), st.floats(18.0, 53.5))
near_dandong = st.tuples(st.floats(123.4, 125.4), st.floats(39.4, 41.0))


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        # The published test points of the "eviltransform" implementations (latitude first there).
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_gcj02_agrees_with_published_points(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    lon, lat = from_wgs84(lon=wgs[0], lat=wgs[1], crs="GCJ-02")
    assert (float(lon), float(lat)) == pytest.approx(gcj, abs=1e-9)
    back = to_wgs84(lon=gcj[0], lat=gcj[1], crs="GCJ-02")
    assert (float(back[0]), float(back[1])) == pytest.approx(wgs, abs=TENTH_OF_A_MILLIMETRE)


def test_bd09_agrees_with_a_published_point() -> None:
    # Tiananmen as the converters' own documentation has it: GCJ-02 116.404, 39.915.
    lon, lat = to_wgs84(lon=116.404, lat=39.915, crs="GCJ-02")
    bd = from_wgs84(lon=lon, lat=lat, crs="BD-09")
    assert (float(bd[0]), float(bd[1])) == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-8)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "CGCS2000", "WGS-84"])
@given(place=in_china)
def test_there_and_back_is_home(crs: str, place: tuple[float, float]) -> None:
    lon, lat = to_wgs84(*from_wgs84(lon=place[0], lat=place[1], crs=crs), crs=crs)
    assert abs(float(lon) - place[0]) < TENTH_OF_A_MILLIMETRE
    assert abs(float(lat) - place[1]) < TENTH_OF_A_MILLIMETRE


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_a_lattice_over_china_keeps_its_shape_and_place(crs: str) -> None:
    lon, lat = np.meshgrid(np.linspace(73.0, 135.0, 300), np.linspace(18.0, 53.5, 300))
    x, y = to_wgs84(*from_wgs84(lon=lon, lat=lat, crs=crs), crs=crs)
    assert x.shape == lon.shape
    assert np.abs(x - lon).max() < TENTH_OF_A_MILLIMETRE
    assert np.abs(y - lat).max() < TENTH_OF_A_MILLIMETRE


def test_the_offset_around_dandong_is_about_half_a_kilometre() -> None:
    lon, lat = from_wgs84(lon=124.39, lat=40.13, crs="GCJ-02")
    x, y = points_to_metres(lon, lat, DANDONG)
    assert 475 < np.hypot(x, y) < 581


def test_nothing_is_shifted_outside_the_rectangle() -> None:
    # Paris and New York.
    lon, lat = from_wgs84(lon=[2.3522, -74.006], lat=[48.8566, 40.7128], crs="GCJ-02")
    np.testing.assert_array_equal(lon, [2.3522, -74.006])
    np.testing.assert_array_equal(lat, [48.8566, 40.7128])
    lon, lat = to_wgs84(lon=lon, lat=lat, crs="GCJ-02")
    np.testing.assert_array_equal(lon, [2.3522, -74.006])


@pytest.mark.filterwarnings("error")
def test_places_that_are_none_are_given_back_without_a_warning() -> None:
    """A question from outside may say anything: what overflows is not in China."""
    lon, lat = to_wgs84(lon=[1e308, -1e200, 2.3522], lat=[1e308, 0.0, 48.8566], crs="GCJ-02")
    np.testing.assert_array_equal(lon, [1e308, -1e200, 2.3522])
    np.testing.assert_array_equal(lat, [1e308, 0.0, 48.8566])


@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_unknown_coordinates_are_refused(convert: object) -> None:
    assert callable(convert)
    with pytest.raises(ValueError, match="GCJ-02"):
        convert(lon=1.0, lat=1.0, crs="GCJ02")


@given(place=near_dandong)
def test_degrees_to_metres_and_back(place: tuple[float, float]) -> None:
    x, y = points_to_metres(place[0], place[1], DANDONG)
    lon, lat = points_to_degrees(x, y, DANDONG)
    assert abs(float(lon) - place[0]) < TENTH_OF_A_MILLIMETRE
    assert abs(float(lat) - place[1]) < TENTH_OF_A_MILLIMETRE


def test_the_centre_of_a_plane_is_its_origin_and_lengths_there_are_true() -> None:
    x, y = points_to_metres(124.39, 40.13, DANDONG)
    assert (float(x), float(y)) == pytest.approx((0, 0), abs=1e-6)
    # One minute of latitude at 40.13 degrees: M * pi / 10800 with M = a (1 - e2) / (1 - e2 sin2)^1.5.
    sin2 = np.sin(np.radians(40.13 + 1 / 120)) ** 2
    meridian = 6378137 * (1 - 0.00669438) / (1 - 0.00669438 * sin2) ** 1.5
    _, north = points_to_metres(124.39, 40.13 + 1 / 60, DANDONG)
    assert float(north) == pytest.approx(meridian * np.pi / 10800, abs=1e-3)
    assert areal_scale(DANDONG, 124.39, 40.13) == pytest.approx(1, abs=1e-9)
    # Twenty kilometres east areas are still true to 1e-5.
    assert areal_scale(DANDONG, 124.62, 40.13) == pytest.approx(1, abs=2e-5)


def test_small_edits_of_the_data_keep_the_plane() -> None:
    assert plane_for(lon=124.3901, lat=40.1299) == plane_for(lon=124.3899, lat=40.1301)


def test_a_shared_border_stays_shared() -> None:
    west, east = (
        box(124.3, 40.1, 124.4, 40.2),
        Polygon([(124.4, 40.1), (124.5, 40.1), (124.5, 40.2), (124.4, 40.2)]),
    )
    moved = to_metres([west, east], DANDONG)
    assert shapely.coverage_is_valid(moved)
    np.testing.assert_allclose(
        shapely.get_coordinates(to_degrees(moved, DANDONG)), shapely.get_coordinates([west, east]), atol=1e-9
    )


def test_shapes_of_every_kind_keep_their_kind() -> None:
    shapes = [Point(124.39, 40.13), LineString([(124.3, 40.1), (124.4, 40.2)]), box(124.3, 40.1, 124.4, 40.2)]
    moved = to_metres(shapes, DANDONG)
    assert [shape.geom_type for shape in moved] == ["Point", "LineString", "Polygon"]
    assert (moved[0].x, moved[0].y) == pytest.approx((0, 0), abs=1e-6)
    assert len(to_metres([], DANDONG)) == 0


def test_gcj02_geometries_are_projected_from_where_they_are() -> None:
    lon, lat = from_wgs84(lon=124.39, lat=40.13, crs="GCJ-02")
    moved = reproject([Point(float(lon), float(lat))], "GCJ-02", DANDONG)[0]
    assert (moved.x, moved.y) == pytest.approx((0, 0), abs=1e-4)


@pytest.mark.parametrize(
    ("text", "known", "metric", "degrees"),
    [
        ("EPSG:3414", True, True, False),
        ("EPSG:4326", True, False, True),
        ("GCJ-02", True, False, True),
        (DANDONG, True, True, False),
        ("EPSG:99999", False, False, False),
        ("the moon", False, False, False),
        ('LOCAL_CS["site plan",UNIT["metre",1]]', False, False, False),
        # US survey feet: a plane, but not a metric one.
        ("EPSG:2263", True, False, False),
    ],
)
def test_systems_are_recognised(text: str, known: bool, metric: bool, degrees: bool) -> None:
    assert (read_crs(text) is not None) is known
    assert is_metric_plane(text) is metric
    assert is_degrees(text) is degrees


def test_no_system_is_no_system() -> None:
    assert read_crs(None) is None
