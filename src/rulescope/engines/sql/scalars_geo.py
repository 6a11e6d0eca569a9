"""The table of `geo_` functions, rows as in `scalars`; which library of the extra `geo` each needs."""

from __future__ import annotations

Rows = tuple[tuple[str, str, str], ...]

POINTS: dict[str, Rows] = {
    "geo_distance_2points": (
        ("rrrr", "k_geo_distance({0}, {1}, {2}, {3})", "real"),
        ("rrrrb", "CASE WHEN {4} THEN error('UnsupportedError: geo_distance_2points: on a spheroid is not supported') ELSE k_geo_distance({0}, {1}, {2}, {3}) END", "real"),
    ),
    "geo_point_to_geohash": (
        ("rr", "coalesce(kx_geohash({0}, {1}, 5), '')", "string"),
        ("rrl", "coalesce(kx_geohash({0}, {1}, {2}), '')", "string"),
    ),
    "geo_geohash_to_central_point": (("s", "kx_geohash_center({0})::JSON", "dynamic"),),
    "geo_point_in_circle": (("rrrrr", "CASE WHEN {4} > 0 THEN k_geo_distance({0}, {1}, {2}, {3}) <= {4} END", "bool"),),
    "geo_point_to_s2cell": (("rr", "coalesce(kx_s2_point({0}, {1}, 11), '')", "string"), ("rrl", "coalesce(kx_s2_point({0}, {1}, {2}), '')", "string")),
    "geo_azimuth": (("rrrr", "kx_geo_azimuth({0}, {1}, {2}, {3})", "real"),),
    "geo_angle": (("rrrrrr", "kx_geo_angle({0}, {1}, {2}, {3}, {4}, {5})", "real"),),
    "geo_geohash_to_polygon": (("s", "kx_geohash_polygon({0})::JSON", "dynamic"),),
    "geo_geohash_neighbors": (("s", "kx_geohash_neighbors({0})::JSON", "dynamic"),),
    "geo_line_length": (("d", "kx_geo_line_length({0}::VARCHAR)", "real"),),
    "geo_line_centroid": (("d", "kx_geo_line_centroid({0}::VARCHAR)::JSON", "dynamic"),),
    "geo_line_interpolate_point": (("dr", "kx_geo_interpolate({0}::VARCHAR, {1})::JSON", "dynamic"),),
    "geo_line_locate_point": (
        ("drr", "kx_geo_locate({0}::VARCHAR, {1}, {2})", "real"),
        ("drrb", "CASE WHEN {3} THEN error('UnsupportedError: geo_line_locate_point: on a spheroid is not supported') ELSE kx_geo_locate({0}::VARCHAR, {1}, {2}) END", "real"),
    ),
    "geo_closest_point_on_line": (("rrd", "kx_geo_closest_on_line({0}, {1}, {2}::VARCHAR)::JSON", "dynamic"),),
    "geo_distance_point_to_line": (("rrd", "kx_geo_distance_to_line({0}, {1}, {2}::VARCHAR)", "real"),),
    "geo_line_densify": (
        ("d", "kx_geo_line_densify({0}::VARCHAR, 10.0)::JSON", "dynamic"),
        ("dr", "kx_geo_line_densify({0}::VARCHAR, {1})::JSON", "dynamic"),
        ("drb", "kx_geo_line_densify({0}::VARCHAR, {1})::JSON", "dynamic"),  # edges over the antimeridian are refused
    ),
    "geo_polygon_densify": (
        ("d", "kx_geo_polygon_densify({0}::VARCHAR, 10.0)::JSON", "dynamic"),
        ("dr", "kx_geo_polygon_densify({0}::VARCHAR, {1})::JSON", "dynamic"),
        ("drb", "kx_geo_polygon_densify({0}::VARCHAR, {1})::JSON", "dynamic"),  # edges over the antimeridian are refused
    ),
    "geo_from_wkt": (("s", "kx_geo_from_wkt({0})::JSON", "dynamic"),),
}  # fmt: skip

S2: dict[str, Rows] = {
    "geo_s2cell_to_central_point": (("s", "kx_s2_center({0})::JSON", "dynamic"),),
    "geo_s2cell_to_polygon": (("s", "kx_s2_polygon({0})::JSON", "dynamic"),),
    "geo_s2cell_neighbors": (("s", "kx_s2_neighbors({0})::JSON", "dynamic"),),
    "geo_polygon_to_s2cells": (
        ("d", "kx_s2_polygon_cells({0}::VARCHAR, 11, 0.0)::JSON", "dynamic"),
        ("dl", "kx_s2_polygon_cells({0}::VARCHAR, {1}, 0.0)::JSON", "dynamic"),
        ("dlr", "kx_s2_polygon_cells({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    ),
    "geo_line_to_s2cells": (
        ("d", "kx_s2_line_cells({0}::VARCHAR, 11, 0.0)::JSON", "dynamic"),
        ("dl", "kx_s2_line_cells({0}::VARCHAR, {1}, 0.0)::JSON", "dynamic"),
        ("dlr", "kx_s2_line_cells({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    ),
    "geo_polygon_area": (("d", "kx_geo_polygon_area({0}::VARCHAR)", "real"),),
    "geo_polygon_perimeter": (("d", "kx_geo_polygon_perimeter({0}::VARCHAR)", "real"),),
    "geo_polygon_centroid": (("d", "kx_geo_polygon_centroid({0}::VARCHAR)::JSON", "dynamic"),),
    "geo_point_in_polygon": (("rrd", "kx_geo_point_in_polygon({0}, {1}, {2}::VARCHAR)", "bool"),),
    "geo_distance_point_to_polygon": (("rrd", "kx_geo_distance_to_polygon({0}, {1}, {2}::VARCHAR)", "real"),),
    "geo_closest_point_on_polygon": (("rrd", "kx_geo_closest_on_polygon({0}, {1}, {2}::VARCHAR)::JSON", "dynamic"),),
    "geo_intersects_2lines": (("dd", "kx_geo_lines_meet({0}::VARCHAR, {1}::VARCHAR)", "bool"),),
    "geo_intersects_line_with_polygon": (("dd", "kx_geo_line_meets_polygon({0}::VARCHAR, {1}::VARCHAR)", "bool"),),
    "geo_intersects_2polygons": (("dd", "kx_geo_polygons_meet({0}::VARCHAR, {1}::VARCHAR)", "bool"),),
    "geo_intersection_2lines": (("dd", "kx_geo_lines_meeting({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),),
    "geo_intersection_line_with_polygon": (("dd", "kx_geo_line_in_polygon({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),),
    "geo_intersection_2polygons": (("dd", "kx_geo_polygons_meeting({0}::VARCHAR, {1}::VARCHAR)::JSON", "dynamic"),),
    "geo_union_polygons_array": (("d", "kx_geo_polygons_union({0}::VARCHAR)::JSON", "dynamic"),),
    "geo_point_buffer": (
        ("rrr", "kx_geo_point_buffer({0}, {1}, {2}, 10.0)::JSON", "dynamic"),
        ("rrrr", "kx_geo_point_buffer({0}, {1}, {2}, {3})::JSON", "dynamic"),
    ),
    "geo_line_buffer": (
        ("dr", "kx_geo_line_buffer({0}::VARCHAR, {1}, 10.0)::JSON", "dynamic"),
        ("drr", "kx_geo_line_buffer({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    ),
    "geo_polygon_buffer": (
        ("dr", "kx_geo_polygon_buffer({0}::VARCHAR, {1}, 10.0)::JSON", "dynamic"),
        ("drr", "kx_geo_polygon_buffer({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    ),
    "geo_line_simplify": (
        ("d", "kx_geo_line_simplify({0}::VARCHAR, 10.0)::JSON", "dynamic"),
        ("dr", "kx_geo_line_simplify({0}::VARCHAR, {1})::JSON", "dynamic"),
    ),
    "geo_polygon_simplify": (
        ("d", "kx_geo_polygon_simplify({0}::VARCHAR, 10.0)::JSON", "dynamic"),
        ("dr", "kx_geo_polygon_simplify({0}::VARCHAR, {1})::JSON", "dynamic"),
    ),
    "geo_simplify_polygons_array": (
        ("d", "kx_geo_polygons_simplify({0}::VARCHAR, 10.0)::JSON", "dynamic"),
        ("dr", "kx_geo_polygons_simplify({0}::VARCHAR, {1})::JSON", "dynamic"),
    ),
}  # fmt: skip

H3: dict[str, Rows] = {
    "geo_point_to_h3cell": (("rr", "coalesce(kx_h3_point({0}, {1}, 6), '')", "string"), ("rrl", "coalesce(kx_h3_point({0}, {1}, {2}), '')", "string")),
    "geo_h3cell_to_central_point": (("s", "kx_h3_center({0})::JSON", "dynamic"),),
    "geo_h3cell_to_polygon": (("s", "kx_h3_polygon({0})::JSON", "dynamic"),),
    "geo_h3cell_level": (("s", "kx_h3_level({0})::INTEGER", "int"),),
    "geo_h3cell_parent": (("s", "coalesce(kx_h3_parent({0}, -1), '')", "string"), ("sl", "coalesce(CASE WHEN {1} >= 0 THEN kx_h3_parent({0}, {1}) END, '')", "string")),
    "geo_h3cell_children": (("s", "kx_h3_children({0}, -1)::JSON", "dynamic"), ("sl", "CASE WHEN {1} >= 1 THEN kx_h3_children({0}, {1}) END::JSON", "dynamic")),
    "geo_h3cell_neighbors": (("s", "kx_h3_neighbors({0})::JSON", "dynamic"),),
    "geo_h3cell_rings": (("sl", "kx_h3_rings({0}, {1})::JSON", "dynamic"),),
}  # fmt: skip

BOTH: dict[str, Rows] = {  # the polygon is checked by one, its cells found by the other
    "geo_polygon_to_h3cells": (
        ("d", "kx_h3_polygon_cells({0}::VARCHAR, 6, 0.0)::JSON", "dynamic"),
        ("dl", "kx_h3_polygon_cells({0}::VARCHAR, {1}, 0.0)::JSON", "dynamic"),
        ("dlr", "kx_h3_polygon_cells({0}::VARCHAR, {1}, {2})::JSON", "dynamic"),
    ),
}

GEO = POINTS | S2 | H3 | BOTH

NEEDS: dict[str, tuple[str, ...]] = (
    dict.fromkeys(S2, ("s2geometry",)) | dict.fromkeys(H3, ("h3",)) | dict.fromkeys(BOTH, ("h3", "s2geometry"))
)
"""Libraries a function needs; without them it is refused by name."""
