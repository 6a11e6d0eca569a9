"""Functions of points, lines and geohashes: values from spherical geometry, where the sphere has a radius of 6,371,010 metres."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from rulescope.errors import UnsupportedError

from .answers import answer

RADIUS = 6_371_010.0
QUARTER = RADIUS * math.pi / 2
"""Metres from the equator to a pole."""
DEGREE = RADIUS * math.pi / 180
EQUATOR = 'dynamic({"type":"LineString","coordinates":[[0,0],[90,0]]})'
CORNER = 'dynamic({"type":"LineString","coordinates":[[0,0],[0,10],[20,10]]})'
TWO = 'dynamic({"type":"MultiLineString","coordinates":[[[0,0],[1,0]],[[0,5],[0,7]]]})'


def point(longitude: float, latitude: float) -> Any:
    return {"type": "Point", "coordinates": pytest.approx([longitude, latitude], abs=1e-9)}


NUMBERS = [
    ("geo_distance_2points(0, 0, 90, 0)", QUARTER),
    ("geo_distance_2points(0, 0, 0, 90)", QUARTER),
    ("geo_distance_2points(0, 0, 180, 0)", 2 * QUARTER),
    ("geo_distance_2points(179, 0, -179, 0)", 2 * DEGREE),
    ("geo_distance_2points(7, 7, 7, 7)", 0),
    ("geo_distance_2points(7, 7, 7, 7, false)", 0),
    ("geo_azimuth(0, 0, 0, 1)", 0),
    ("geo_azimuth(0, 0, 1, 0)", math.pi / 2),
    ("geo_azimuth(0, 1, 0, 0)", math.pi),
    ("geo_azimuth(0, 0, -1, 0)", 3 * math.pi / 2),
    ("geo_angle(0, 1, 0, 0, 1, 0)", math.pi / 2),
    ("geo_angle(1, 0, 0, 0, 0, 1)", 3 * math.pi / 2),
    ("geo_angle(0, 1, 0, 0, 0, -1)", math.pi),
    (f"geo_line_length({EQUATOR})", QUARTER),
    (f"geo_line_length({TWO})", 3 * DEGREE),
    (f"geo_line_locate_point({EQUATOR}, 45, 30)", 0.5),
    (f"geo_line_locate_point({EQUATOR}, -20, 0)", 0),
    (f"geo_line_locate_point({EQUATOR}, 120, 5)", 1),
    (f"geo_distance_point_to_line(45, 2, {EQUATOR})", 2 * DEGREE),
    (f"geo_distance_point_to_line(0, -3, {CORNER})", 3 * DEGREE),
    (f"geo_distance_point_to_line(3, 5, {TWO})", math.asin(math.sin(math.radians(3)) * math.cos(math.radians(5))) * RADIUS),
]  # fmt: skip
SHAPES = [
    (f"geo_line_interpolate_point({EQUATOR}, 0.5)", point(45, 0)),
    (f"geo_line_interpolate_point({EQUATOR}, 0)", point(0, 0)),
    (f"geo_line_interpolate_point({EQUATOR}, 1)", point(90, 0)),
    (f"geo_line_centroid({EQUATOR})", point(45, 0)),
    (f"geo_closest_point_on_line(45, 30, {EQUATOR})", point(45, 0)),
    (f"geo_closest_point_on_line(-7, 1, {EQUATOR})", point(0, 0)),
    (f"geo_closest_point_on_line(0.5, 4, {TWO})", point(0, 5)),
    ("geo_geohash_to_central_point('s')", point(22.5, 22.5)),
    ("geo_geohash_to_central_point('S')", point(22.5, 22.5)),
    (
        "geo_geohash_to_polygon('s')",
        {"type": "Polygon", "coordinates": [[[0, 0], [45, 0], [45, 45], [0, 45], [0, 0]]]},
    ),
    (
        f"geo_line_densify({EQUATOR}, 10000)",  # the equator is straight both ways
        {"type": "LineString", "coordinates": [[0, 0], [90, 0]]},
    ),
    (
        'geo_line_densify(dynamic({"type":"LineString","coordinates":[[3,0],[3,80]]}))',
        {"type": "LineString", "coordinates": [[3, 0], [3, 80]]},
    ),
    ("geo_from_wkt('POINT(1.5 -2)')", {"type": "Point", "coordinates": [1.5, -2]}),
    ("geo_from_wkt('linestring (0 0,1e1 1)')", {"type": "LineString", "coordinates": [[0, 0], [10, 1]]}),
    ("geo_from_wkt('MULTIPOINT ((1 2), (3 4))')", {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}),
    (
        "geo_from_wkt('POLYGON ((0 0, 9 0, 9 9, 0 0), (5 1, 6 1, 6 2, 5 1))')",
        {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]], [[5, 1], [6, 1], [6, 2], [5, 1]]]},
    ),
]
SAME = [
    ("geo_point_to_geohash(1, 1, 1)", "s"),
    ("geo_point_to_geohash(-1, -1, 1)", "7"),
    ("geo_point_to_geohash(10.40744, 57.64911, 11)", "u4pruydqqvj"),  # the example of geohash.org
    ("strlen(geo_point_to_geohash(1, 1))", 5),
    ("geo_point_in_circle(0, 1, 0, 0, 111200)", True),
    ("geo_point_in_circle(0, 1, 0, 0, 111100)", False),
    ("array_length(geo_geohash_neighbors('s'))", 8),
    ("array_length(geo_geohash_neighbors('u'))", 5),  # at the pole
    ("array_sort_asc(geo_geohash_neighbors('7'))", ["4", "5", "6", "d", "e", "h", "k", "s"]),
]
NOTHING = [  # null, or empty text, for what is not valid
    "geo_distance_2points(181, 0, 0, 0)", "geo_distance_2points(0, 91, 0, 0)", "geo_distance_2points(real(null), 0, 0, 0)",
    "geo_azimuth(5, 5, 5, 5)", "geo_azimuth(0, 0, 180, 0)", "geo_azimuth(0, 0, 0, 95)", "geo_angle(1, 1, 1, 1, 2, 2)",
    "geo_angle(1, 1, 2, 2, 2, 2)", "geo_line_length(dynamic(null))", "geo_line_length(dynamic([1]))", "geo_line_length('')",
    'geo_line_length(dynamic({"type":"Point","coordinates":[1,1]}))', 'geo_line_length(dynamic({"type":"LineString"}))',
    'geo_line_length(dynamic({"type":"LineString","coordinates":[[1,1],[2,"2"]]}))',
    'geo_line_length(dynamic({"type":"LineString","coordinates":[[1,1],[1,1]]}))',
    'geo_line_length(dynamic({"type":"LineString","coordinates":[[0,0],[180,0]]}))',
    'geo_line_length(dynamic({"type":"LineString","coordinates":[[5,90],[7,90]]}))',
    'geo_line_centroid(dynamic({"type":"MultiLineString","coordinates":[]}))', f"geo_line_interpolate_point({EQUATOR}, 1.5)",
    f"geo_line_interpolate_point({EQUATOR}, -1)", f"geo_line_locate_point({EQUATOR}, 200, 0)",
    f"geo_closest_point_on_line(0, 100, {EQUATOR})", f"geo_distance_point_to_line(real(null), 1, {EQUATOR})",
    f"geo_line_densify({EQUATOR}, 0.01)", f"geo_line_densify({EQUATOR}, 10001)", "geo_from_wkt('')", "geo_from_wkt('CIRCLE (1 1)')",
    "geo_from_wkt('POINT (1 2')", "geo_from_wkt('POINT (1 2) x')", "geo_geohash_to_polygon('ä')", "geo_geohash_neighbors('')",
    'geo_polygon_densify(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2]]]}))', "geo_point_in_circle(0, 0, 0, 0, 0)",
]  # fmt: skip
EMPTY = ["geo_point_to_geohash(200, 1)", "geo_point_to_geohash(1, 1, 19)", "geo_point_to_geohash(1, real(null))"]
REFUSED = [
    "geo_distance_2points(1, 1, 2, 2, true)", f"geo_line_interpolate_point({TWO}, 0.5)", f"geo_line_locate_point({TWO}, 1, 1)",
    "geo_from_wkt('POINT EMPTY')", "geo_from_wkt('POINT Z (1 2 3)')",
    'geo_line_densify(dynamic({"type":"LineString","coordinates":[[170,5],[-170,5]]}))',
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), NUMBERS)
def test_measures(expression: str, expected: float) -> None:
    assert answer(expression) == pytest.approx(expected, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(("expression", "expected"), [*SHAPES, *SAME])
def test_shapes(expression: str, expected: Any) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize("expression", NOTHING)
def test_what_is_not_valid_is_null(expression: str) -> None:
    assert answer(expression) is None


@pytest.mark.parametrize("expression", EMPTY)
def test_what_is_not_valid_is_empty_text(expression: str) -> None:
    assert answer(expression) == ""


@pytest.mark.parametrize("expression", REFUSED)
def test_what_cannot_be_told_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedError, match="not supported"):
        answer(expression)


def test_a_densified_edge_stays_near_the_straight_line() -> None:
    made = answer('geo_line_densify(dynamic({"type":"LineString","coordinates":[[0,60],[40,60]]}), 1000)')[
        "coordinates"
    ]
    assert made[0] == [0, 60]
    assert made[-1] == [40, 60]
    assert {latitude for _, latitude in made} == {60}
    for (a, _), (b, _) in itertools.pairwise(made):
        half = math.radians(b - a) / 2
        top = math.degrees(math.atan2(math.tan(math.radians(60)), math.cos(half)))  # the middle of the geodesic
        assert (top - 60) * DEGREE <= 1000
