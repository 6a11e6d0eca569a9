"""Functions that are refused by name, and why: what is not deterministic, not documented, or asks the service about itself."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from ..sql.scalars_geo import NEEDS

SERVICE = "asks a cluster about itself; there is none here"
STORAGE = "asks how rows are stored; files have no extents"
OUTLINE = "the outline of its result is not documented; only null for input that is not valid is given"
INTERNAL = "is internal and not documented"
GRAPH = "stands in the patterns of graph operators only"

REFUSED = {
    **dict.fromkeys(
        (
            "cluster", "current_cluster_endpoint", "current_database", "current_node_id", "current_principal",
            "current_principal_details", "current_principal_is_member_of", "entity_group", "graph", "materialized_view",
            "stored_query_result", "external_table",
        ),
        SERVICE,
    ),
    **dict.fromkeys(
        (
            "cursor_after", "cursor_before_or_at", "cursor_current", "current_cursor", "extent_id", "extentid", "extent_tags",
            "row_id", "rowstore_ordinal_range",
        ),
        STORAGE,
    ),
    **dict.fromkeys(("all", "any", "inner_nodes", "labels", "map", "node_degree_in", "node_degree_out", "node_id"), GRAPH),
    **dict.fromkeys(
        (
            "__cast", "__geo_length_to_s2cell_level", "__geo_line_s2cell_covering_level", "__geo_line_validate",
            "__geo_polygon_s2cell_covering_level", "__geo_polygon_validate", "__hash_crc32", "__hash_djb2", "__hash_many_crc32",
            "__hash_xxh64", "__hll_normalize", "__invoke", "__ipv6_lookup_ranges", "__lz4_compress_dynamic_array_to_base64_string",
        ),
        INTERNAL,
    ),
    "datetime_list_timezones": "lists the zones the service knows",
    "weekofyear": "counts weeks otherwise than week_of_year, and does not say from which day",
    "geo_union_lines_array": "does not say how it orders and joins the edges",
    "gzip_compress_to_base64_string": "does not document the bytes its compressor gives",
    "zlib_compress_to_base64_string": "does not document the bytes its compressor gives",
    "hash_combine": "does not document how it combines",
    "hash_many": "does not document how it combines",
    "bin_auto": "takes its size from `set query_bin_auto_size`, which the query does not say",
    **dict.fromkeys(("cnt", "iscolumnexists", "passthrough", "row_rank"), "is not documented"),
}  # fmt: skip

PARTLY = {  # functions that give only some results; for the others they end the run by name
    **dict.fromkeys(
        (
            "geo_line_buffer", "geo_point_buffer", "geo_polygon_buffer", "geo_line_simplify", "geo_polygon_simplify",
            "geo_simplify_polygons_array",
        ),
        OUTLINE,
    ),
    **dict.fromkeys(("bag_pack", "pack", "pack_dictionary"), "not with a key twice"),
    **dict.fromkeys(("hash", "hash_xxhash64"), "only of text, long numbers, datetimes and timespans"),
    "parse_path": "not of long paths, which begin with `\\\\?\\`",
    "parse_xml": "not with a document type",
    "replace_strings": "not with lookups and rewrites of different length",
    "split": "not by empty text",
    **dict.fromkeys(
        ("series_acos", "series_asin", "series_divide", "series_exp", "series_log", "series_pow"),
        "not where a point is infinite or no number",
    ),
    "estimate_data_size": "only of text and of long numbers that are known",
    "geo_distance_2points": "not on a spheroid",
    "geo_line_locate_point": "not on a spheroid, not of several lines",
    "geo_line_interpolate_point": "not of several lines",
    "geo_line_to_s2cells": "not of several lines, not with a radius",
    "geo_polygon_to_s2cells": "not with a radius",
    "geo_polygon_to_h3cells": "not with a radius, not over the antimeridian",
    "geo_line_densify": "not over the antimeridian",
    "geo_polygon_densify": "not over the antimeridian",
    "geo_intersection_2lines": "not of lines that share a part or meet more than once",
    "geo_intersection_line_with_polygon": "not of a line that only touches a corner",
    "geo_intersection_2polygons": "not of polygons that touch in several places",
    "geo_from_wkt": "not of empty geometries or heights",
}  # fmt: skip


def why_not(name: str) -> str | None:
    """Why a function cannot run here: it is refused, or its library is not installed; None when it can."""
    if name in REFUSED:
        return REFUSED[name]
    missing = [library for library in NEEDS.get(name, ()) if not _installed(library)]
    return f"needs {' and '.join(missing)}: pip install 'rulescope[geo]'" if missing else None


@cache
def _installed(library: str) -> bool:
    return find_spec(library) is not None
