"""Functions of polygons and cells: values from spherical geometry and from the definitions of S2 and H3."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rulescope.engines.functions import refused
from rulescope.engines.functions.s2_points import cells
from rulescope.errors import UnsupportedError

from .answers import answer

pytest.importorskip("s2geometry", reason="the extra geo is not installed")
pytest.importorskip("h3", reason="the extra geo is not installed")

RADIUS = 6_371_010.0
DEGREE = RADIUS * math.pi / 180
OCTANT = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]})'
TURNED = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[0,90],[90,0],[0,0]]]})'
SQUARE = 'dynamic({"type":"Polygon","coordinates":[[[0,-1],[2,-1],[2,1],[0,1],[0,-1]]]})'
EAST = 'dynamic({"type":"Polygon","coordinates":[[[2,1],[4,1],[4,3],[2,3],[2,1]]]})'
FAR = 'dynamic({"type":"Polygon","coordinates":[[[50,1],[54,1],[54,3],[50,3],[50,1]]]})'
HOLED = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]],[[20,20],[20,30],[30,30],[20,20]]]})'
BOTH = 'dynamic({"type":"MultiPolygon","coordinates":[[[[0,-1],[2,-1],[2,1],[0,1],[0,-1]]],[[[50,1],[54,1],[54,3],[50,3],[50,1]]]]})'
CROSSED = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]})'
OPEN = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1]]]})'
ALONG = 'dynamic({"type":"LineString","coordinates":[[-1,0],[1,0]]})'
THROUGH = 'dynamic({"type":"LineString","coordinates":[[-1,0],[5,0]]})'
AWAY = 'dynamic({"type":"LineString","coordinates":[[-1,40],[5,40]]})'
CROSSING = 'dynamic({"type":"LineString","coordinates":[[0,-1],[0,1]]})'
CHICAGO = "geo_point_to_h3cell(-87.63, 41.88, 7)"

NUMBERS = [
    (f"geo_polygon_area({OCTANT})", RADIUS**2 * math.pi / 2),
    (f"geo_polygon_area({TURNED})", RADIUS**2 * math.pi / 2),  # clockwise: the smaller region all the same
    (f"geo_polygon_perimeter({OCTANT})", 3 * 90 * DEGREE),
    (f"geo_polygon_area({HOLED}) + geo_polygon_area(dynamic({{'type':'Polygon','coordinates':[[[20,20],[30,30],[20,30],[20,20]]]}}))", RADIUS**2 * math.pi / 2),
    (f"geo_polygon_area({BOTH}) - geo_polygon_area({SQUARE}) - geo_polygon_area({FAR})", 0),
    (f"geo_distance_point_to_polygon(1, 0, {SQUARE})", 0),
    (f"geo_distance_point_to_polygon(-3, 0, {SQUARE})", 3 * DEGREE),
    ("geo_polygon_area(geo_s2cell_to_polygon('1')) * 6", RADIUS**2 * 4 * math.pi),  # a face of the cube
]  # fmt: skip
VALUES: list[tuple[str, Any]] = [
    (f"geo_point_in_polygon(10, 10, {OCTANT})", True),
    (f"geo_point_in_polygon(10, -10, {OCTANT})", False),
    (f"geo_point_in_polygon(23, 28, {HOLED})", False),
    (f"geo_point_in_polygon(51, 2, {BOTH})", True),
    (f"geo_point_in_polygon(10, 10, tostring({OCTANT}))", True),
    (f"geo_polygon_centroid({OCTANT}).type", "Point"),
    (f"round(todouble(geo_polygon_centroid({OCTANT}).coordinates[0]), 6)", 45.0),
    (f"round(todouble(geo_closest_point_on_polygon(-3, 0, {SQUARE}).coordinates[0]), 6)", 0.0),
    (f"geo_closest_point_on_polygon(1, 0.5, {SQUARE})", {"type": "Point", "coordinates": [1, 0.5]}),
    # where shapes meet
    (f"geo_intersects_2lines({ALONG}, {CROSSING})", True),
    (f"geo_intersects_2lines({ALONG}, {AWAY})", False),
    (f"geo_intersects_line_with_polygon({THROUGH}, {SQUARE})", True),
    (f"geo_intersects_line_with_polygon({AWAY}, {SQUARE})", False),
    (f"geo_intersects_2polygons({SQUARE}, {OCTANT})", True),
    (f"geo_intersects_2polygons({SQUARE}, {FAR})", False),
    (f"geo_intersects_2polygons({SQUARE}, {EAST})", True),  # by one corner
    (f"geo_intersection_2lines({ALONG}, {AWAY})", {"type": "GeometryCollection", "geometries": []}),
    (f"geo_intersection_2lines({ALONG}, {ALONG})", {"type": "LineString", "coordinates": [[-1, 0], [1, 0]]}),
    (f"geo_intersection_2polygons({SQUARE}, {FAR})", {"type": "GeometryCollection", "geometries": []}),
    (f"geo_intersection_2polygons({SQUARE}, {EAST})", {"type": "Point", "coordinates": [2, 1]}),
    (f"geo_intersection_line_with_polygon({AWAY}, {SQUARE})", {"type": "GeometryCollection", "geometries": []}),
    (f"array_length(geo_union_polygons_array(pack_array({SQUARE}, {FAR})).coordinates)", 2),
    (f"geo_union_polygons_array(pack_array({SQUARE}, {SQUARE})).type", "Polygon"),
    # S2: level 0 is a face of the cube, each level has four times as many
    ("geo_point_to_s2cell(0, 0, 0)", "1"),
    ("geo_point_to_s2cell(90, 0, 0)", "3"),
    ("geo_point_to_s2cell(0, 90, 0)", "5"),
    ("strlen(geo_point_to_s2cell(12.5, 41.9, 30))", 16),
    ("geo_point_to_s2cell(12.5, 41.9) == geo_point_to_s2cell(12.5, 41.9, 11)", True),
    ("geo_s2cell_to_central_point('1')", {"type": "Point", "coordinates": [0, 0]}),
    ("array_length(geo_s2cell_neighbors(geo_point_to_s2cell(1, 1, 8)))", 8),
    (f"array_length(geo_polygon_to_s2cells({OCTANT}, 0))", 3),
    ("geo_line_to_s2cells(dynamic({'type':'LineString','coordinates':[[1,1],[2,2]]}), 0)", ["1"]),
    # H3: a cell has seven children, a pentagon six
    (f"geo_h3cell_level({CHICAGO})", 7),
    (f"geo_h3cell_level(geo_h3cell_parent({CHICAGO}))", 6),
    (f"geo_h3cell_parent({CHICAGO}, 7) == {CHICAGO}", True),
    (f"array_length(geo_h3cell_children({CHICAGO}))", 7),
    (f"array_length(geo_h3cell_children({CHICAGO}, 9))", 49),
    ("array_length(geo_h3cell_children('8009fffffffffff'))", 6),
    (f"array_length(geo_h3cell_neighbors({CHICAGO}))", 6),
    ("array_length(geo_h3cell_neighbors('8009fffffffffff'))", 5),
    (f"array_length(geo_h3cell_rings({CHICAGO}, 2)[2])", 12),
    (f"geo_h3cell_rings({CHICAGO}, 0)[0][0] == {CHICAGO}", True),
    (f"array_length(geo_h3cell_to_polygon({CHICAGO}).coordinates[0])", 7),
    (f"geo_h3cell_to_central_point({CHICAGO}).type", "Point"),
    (f"geo_h3cell_level(tostring(geo_polygon_to_h3cells({SQUARE}, 4)[0]))", 4),
]  # fmt: skip
NOTHING = [
    f"geo_polygon_area({CROSSED})", f"geo_polygon_area({OPEN})", "geo_polygon_area(dynamic(null))", "geo_polygon_area('')",
    'geo_polygon_area(dynamic({"type":"Polygon","coordinates":[[[0,0],[180,0],[0,90],[0,0]]]}))',
    'geo_polygon_area(dynamic({"type":"Polygon","coordinates":[[[0,90],[10,90],[20,80],[0,90]]]}))',
    f"geo_polygon_area({ALONG})", "geo_polygon_perimeter('ä')", f"geo_polygon_centroid({CROSSED})",
    f"geo_point_in_polygon(200, 1, {SQUARE})", f"geo_point_in_polygon(1, 1, {OPEN})", f"geo_point_in_polygon(real(null), 1, {SQUARE})",
    f"geo_distance_point_to_polygon(1, 91, {SQUARE})", f"geo_closest_point_on_polygon(1, 1, {CROSSED})",
    f"geo_intersects_2lines({ALONG}, {SQUARE})", f"geo_intersects_line_with_polygon({SQUARE}, {SQUARE})",
    f"geo_intersects_2polygons({SQUARE}, {CROSSED})", f"geo_intersection_2polygons({SQUARE}, {CROSSED})",
    f"geo_intersection_2lines({ALONG}, dynamic(null))", f"geo_intersection_line_with_polygon({ALONG}, {ALONG})",
    f"geo_union_polygons_array(pack_array({SQUARE}, {CROSSED}))", "geo_union_polygons_array(dynamic([]))",
    f"geo_polygon_buffer({CROSSED}, 10)", f"geo_polygon_buffer({SQUARE}, 0)", f"geo_line_buffer({ALONG}, -1)", "geo_point_buffer(0, 99, 1)",
    f"geo_polygon_simplify({CROSSED})", f"geo_line_simplify({ALONG}, 0)", f"geo_simplify_polygons_array(pack_array({SQUARE}), 99999)",
    "geo_s2cell_to_central_point('xyz')", "geo_s2cell_to_polygon('')", "geo_s2cell_neighbors('0')", f"geo_polygon_to_s2cells({SQUARE}, 31)",
    f"geo_polygon_to_s2cells({OCTANT}, 30)", f"geo_line_to_s2cells({ALONG}, -1)", "geo_h3cell_level('')", "geo_h3cell_level('ä')",
    "geo_h3cell_to_polygon('89c259')", f"geo_h3cell_children({CHICAGO}, 6)", f"geo_h3cell_children({CHICAGO}, 13)",
    f"geo_h3cell_rings({CHICAGO}, 143)", f"geo_polygon_to_h3cells({OCTANT}, 15)", "geo_h3cell_neighbors('')",
    f"geo_polygon_to_h3cells({SQUARE}, 5, -1)",
]  # fmt: skip
EMPTY = [
    "geo_point_to_s2cell(200, 0, 1)", "geo_point_to_s2cell(0, 0, 31)", "geo_point_to_s2cell(real(null), 0)", "geo_point_to_h3cell(0, 0, 16)",
    "geo_point_to_h3cell(0, real(null))", "geo_h3cell_parent('x')", f"geo_h3cell_parent({CHICAGO}, 8)", f"geo_h3cell_parent({CHICAGO}, -1)",
]  # fmt: skip
REFUSED = [
    f"geo_point_buffer(1, 1, {RADIUS})", f"geo_line_buffer({ALONG}, 5)", f"geo_polygon_buffer({SQUARE}, 5)", f"geo_line_simplify({ALONG})",
    f"geo_polygon_simplify({SQUARE})", f"geo_simplify_polygons_array(pack_array({SQUARE}))",
    f"geo_intersection_2lines({THROUGH}, dynamic({{'type':'LineString','coordinates':[[-1,0],[5,0],[6,1]]}}))",
    f"geo_polygon_to_s2cells({SQUARE}, 5, 100)", f"geo_line_to_s2cells({ALONG}, 5, 100)",
    f"geo_polygon_to_h3cells({SQUARE}, 5, 100)",
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), NUMBERS)
def test_measures(expression: str, expected: float) -> None:
    assert answer(expression) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize(("expression", "expected"), VALUES)
def test_values(expression: str, expected: Any) -> None:
    assert answer(expression) == expected


@pytest.mark.parametrize("expression", NOTHING)
def test_what_is_not_valid_is_null(expression: str) -> None:
    assert answer(expression) is None


@pytest.mark.parametrize("expression", EMPTY)
def test_what_is_not_valid_is_empty_text(expression: str) -> None:
    assert answer(expression) == ""


@pytest.mark.parametrize("expression", REFUSED)
def test_what_the_documentation_leaves_open_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedError, match=r"not (documented|supported)"):
        answer(expression)


def test_cells_of_points_are_those_of_the_library() -> None:
    s2 = pytest.importorskip("s2geometry")
    corners = [(0, 0), (45, 0), (90, 0), (180, 0), (-180, 0), (0, 90), (7, -90), (45, 35.264389682754654), (-135, -45)]
    points = [*corners, *((i * 7.31 % 360 - 180, math.degrees(math.asin(i * 0.618 % 2 - 1))) for i in range(500))]
    longitude, latitude = (np.array(side, float) for side in zip(*points, strict=True))
    library = [
        s2.S2CellId(s2.S2LatLng.FromDegrees(y, x).ToPoint()).id() for x, y in zip(longitude, latitude, strict=True)
    ]
    assert cells(longitude, latitude).tolist() == library


def test_lines_meet_in_a_point() -> None:
    found = answer(f"geo_intersection_2lines({ALONG}, {CROSSING})")
    assert found["type"] == "Point"
    assert found["coordinates"] == pytest.approx([0, 0], abs=1e-12)


def test_the_part_of_a_line_inside() -> None:
    found = answer(f"geo_intersection_line_with_polygon({THROUGH}, {SQUARE})")
    assert found["type"] == "LineString"
    assert [number for pair in found["coordinates"] for number in pair] == pytest.approx([0, 0, 2, 0], abs=1e-9)


def test_without_its_library_a_function_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "_installed", lambda library: False)
    with pytest.raises(UnsupportedError, match=r"geo_point_to_h3cell: it needs h3: pip install 'rulescope\[geo\]'"):
        answer("geo_point_to_h3cell(1, 1)")
