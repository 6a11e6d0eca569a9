"""Polygons on the globe: area, distance, what they hold, where shapes meet, unions. Google's S2 calculates, as it does in Kusto.

Needs the library s2geometry (Apache-2.0) of the extra `geo`. Polygons whose outlines Kusto's documentation does not determine
(buffers, simplified shapes) are refused unless their input is not valid, which gives null.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise, product
from operator import itemgetter
from typing import Any

from ...errors import RunError
from . import Scalar
from .geo_points import length
from .geojson import Point, collection, lines, polygons, valid_point, write
from .network import RADIUS


@cache
def s2() -> Any:
    import s2geometry

    return s2geometry


def vertex(point: Point) -> Any:
    return s2().S2LatLng.FromDegrees(point[1], point[0]).ToPoint()


def degrees(point: Any) -> Point:
    place = s2().S2LatLng(point)
    return place.lng().degrees(), place.lat().degrees()


def polyline(points: Sequence[Point]) -> Any:
    made = s2().S2Polyline()
    made.InitFromS2Points([vertex(point) for point in points])
    return made


@lru_cache(maxsize=512)
def polygon(text: str) -> Any:
    """The union of a polygon's parts; None when it is not valid."""
    parts = polygons(text)
    made = [_part(rings) for rings in parts] if parts else [None]
    return None if any(part is None for part in made) else united(made)


def _part(rings: Sequence[Sequence[Point]]) -> Any:
    loops = []
    for ring in rings:
        loop = s2().S2Loop()
        loop.Init([vertex(point) for point in ring])
        if not loop.IsValid():
            return None
        loop.Normalize()  # the smaller of the two regions
        loops.append(loop)
    made = s2().S2Polygon()
    made.InitNested(loops)
    nested = [made.loop(place).depth() for place in range(made.num_loops())]
    return made if made.IsValid() and nested == [0] + [1] * (len(rings) - 1) else None


def united(parts: Sequence[Any]) -> Any:
    """The union, two at a time, those of the fewest vertices first, as S2 does it: the outline starts where Kusto's does."""
    waiting = sorted(((int(part.num_vertices()), part) for part in parts), key=itemgetter(0))
    while len(waiting) > 1:
        (few, one), (more, other) = waiting[:2]
        both = s2().S2Polygon()
        both.InitToUnion(one, other)
        del waiting[:2]
        bisect.insort_right(waiting, (few + more, both), key=itemgetter(0))
    return waiting[0][1]


def _loop(loop: Any) -> list[Point]:
    return [degrees(loop.vertex(place)) for place in range(loop.num_vertices())]


def rings(shape: Any) -> list[list[list[Point]]]:
    """Each outer ring counterclockwise with its holes clockwise, all closed."""
    made: list[list[list[Point]]] = []
    for place in range(shape.num_loops()):
        loop = shape.loop(place)
        ring = _loop(loop)
        if loop.is_hole():
            ring.reverse()
            made[-1].append([*ring, ring[0]])
        else:
            made.append([[*ring, ring[0]]])
    return made


def geojson(shape: Any) -> str:
    made = rings(shape)
    return write("Polygon", made[0]) if len(made) == 1 else write("MultiPolygon", made)


# ---------------------------------------------------------------- measures


def area(text: str) -> float | None:
    shape = polygon(text)
    return None if shape is None else shape.GetArea() * RADIUS**2


def perimeter(text: str) -> float | None:
    shape = polygon(text)
    return None if shape is None else sum(length(ring) for part in rings(shape) for ring in part)


def centroid(text: str) -> str | None:
    shape = polygon(text)
    return None if shape is None else write("Point", degrees(shape.GetCentroid()))


def inside(longitude: float, latitude: float, text: str) -> bool | None:
    shape = polygon(text)
    if shape is None or not valid_point(longitude, latitude):
        return None
    low, high, west, east = _bounds(text)
    if not low <= latitude <= high or (west <= east and not west <= longitude <= east):
        return False
    return bool(shape.Contains(vertex((longitude, latitude))))


@lru_cache(maxsize=512)
def _bounds(text: str) -> tuple[float, float, float, float]:
    """Degrees south, north, west and east of a valid polygon; west is above east where it spans the antimeridian."""
    bound = polygon(text).GetRectBound()
    return tuple(side().degrees() for side in (bound.lat_lo, bound.lat_hi, bound.lng_lo, bound.lng_hi))


def distance(longitude: float, latitude: float, text: str) -> float | None:
    shape = polygon(text)
    if shape is None or not valid_point(longitude, latitude):
        return None
    return float(shape.GetDistance(vertex((longitude, latitude))).radians() * RADIUS)


def closest(longitude: float, latitude: float, text: str) -> str | None:
    shape = polygon(text)
    if shape is None or not valid_point(longitude, latitude):
        return None
    place = vertex((longitude, latitude))
    if shape.Contains(place):
        return write("Point", (longitude, latitude))
    return write("Point", degrees(shape.Project(place)))


# ---------------------------------------------------------------- where shapes meet


def _edges(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return pairwise(points)


def _corners(shape: Any) -> set[Point]:
    return {point for part in rings(shape) for ring in part for point in ring}


def lines_meet(left: str, right: str) -> bool | None:
    a, b = lines(left), lines(right)
    if a is None or b is None:
        return None
    return any(polyline(x).Intersects(polyline(y)) for x, y in product(a, b))


def line_meets_polygon(line: str, other: str) -> bool | None:
    parts, shape = lines(line), polygon(other)
    if parts is None or shape is None:
        return None
    return any(
        shape.IntersectWithPolyline(polyline(part)) or not _corners(shape).isdisjoint(_placed(part)) for part in parts
    )


def _placed(points: Sequence[Point]) -> set[Point]:
    """Points as S2 gives them back, to compare with those of its shapes."""
    return {degrees(vertex(point)) for point in points}


def polygons_meet(left: str, right: str) -> bool | None:
    a, b = polygon(left), polygon(right)
    if a is None or b is None:
        return None
    return bool(a.Intersects(b)) or not _corners(a).isdisjoint(_corners(b))


def lines_meeting(left: str, right: str) -> str | None:
    """Nothing, points where edges cross or corners meet, or the line itself when both are the same."""
    a, b = lines(left), lines(right)
    if a is None or b is None:
        return None
    if a == b:
        return write("LineString", a[0]) if len(a) == 1 else write("MultiLineString", a)
    found: dict[Point, Point] = {}
    for x, y in product((edge for part in a for edge in _edges(part)), (edge for part in b for edge in _edges(part))):
        shared = set(x) & set(y)
        if len(shared) == 2:
            raise RunError("geo_intersection_2lines: lines that share a part are not supported")
        found |= {point: point for point in shared}
        if not shared:
            ends = [vertex(point) for point in (*x, *y)]
            if s2().CrossingSign(*ends) > 0:
                point = degrees(s2().GetIntersection(*ends))
                found[point] = point
    if len(found) > 1:
        raise RunError("geo_intersection_2lines: lines that meet more than once are not supported")
    return collection([write("Point", point) for point in found])


def line_in_polygon(line: str, other: str) -> str | None:
    parts, shape = lines(line), polygon(other)
    if parts is None or shape is None:
        return None
    found = [piece for part in parts for piece in shape.IntersectWithPolyline(polyline(part))]
    made = [[degrees(piece.vertex(place)) for place in range(piece.num_vertices())] for piece in found]
    held = {point for points in made for point in points}
    if any(_placed(part) & _corners(shape) - held for part in parts):
        raise RunError("geo_intersection_line_with_polygon: a line that touches a corner is not supported")
    if not made:
        return collection([])
    return write("LineString", made[0]) if len(made) == 1 else write("MultiLineString", made)


def polygons_meeting(left: str, right: str) -> str | None:
    a, b = polygon(left), polygon(right)
    if a is None or b is None:
        return None
    both = _intersection(a, b)
    shared = _corners(a) & _corners(b) - (_corners(both) if both.num_loops() else set())
    if len(shared) > 1:
        raise RunError("geo_intersection_2polygons: polygons that touch in several places are not supported")
    geometries = [write("Point", _near(point, left)) for point in shared]
    return collection([*geometries, geojson(both)] if both.num_loops() else geometries)


def _near(point: Point, text: str) -> Point:
    """The point as the query wrote it: S2's way there and back may change its last digit."""
    written = {degrees(vertex(own)): own for part in polygons(text) or [] for ring in part for own in ring}
    return written.get(point, point)


def _intersection(a: Any, b: Any) -> Any:
    made = s2().S2Polygon()
    layer = s2().S2PolygonLayer(made)
    indexes = []
    for shape in (a, b):
        index = s2().MutableS2ShapeIndex()
        index.Add(shape.Clone())  # which it keeps
        indexes.append(index)
    s2().S2BooleanOperation(s2().S2BooleanOperation.OpType_INTERSECTION, layer).Build(*indexes)
    return made


def union(text: str) -> str | None:
    """The union of an array of polygons; null when one of them is not valid."""
    shapes = _listed(text)
    return None if shapes is None else geojson(united(shapes))


def _listed(text: str) -> list[Any] | None:
    import json

    values = json.loads(text)
    if not isinstance(values, list) or not values:
        return None
    shapes = [polygon(json.dumps(value)) for value in values]
    return None if any(shape is None for shape in shapes) else shapes


# ---------------------------------------------------------------- outlines that are not documented


def _undetermined(name: str) -> RunError:
    return RunError(f"{name}: the outline of its result is not documented")


def point_buffer(longitude: float, latitude: float, radius: float, tolerance: float) -> None:
    if valid_point(longitude, latitude) and radius > 0 and tolerance > 0:
        raise _undetermined("geo_point_buffer")


def line_buffer(text: str, radius: float, tolerance: float) -> None:
    if lines(text) is not None and radius > 0 and tolerance > 0:
        raise _undetermined("geo_line_buffer")


def polygon_buffer(text: str, radius: float, tolerance: float) -> None:
    if polygon(text) is not None and radius > 0 and tolerance > 0:
        raise _undetermined("geo_polygon_buffer")


def line_simplify(text: str, tolerance: float) -> None:
    if lines(text) is not None and 0.1 <= tolerance <= 10_000:
        raise _undetermined("geo_line_simplify")


def polygon_simplify(text: str, tolerance: float) -> None:
    if polygon(text) is not None and 0.1 <= tolerance <= 10_000:
        raise _undetermined("geo_polygon_simplify")


def polygons_simplify(text: str, tolerance: float) -> None:
    if _listed(text) is not None and 0.1 <= tolerance <= 10_000:
        raise _undetermined("geo_simplify_polygons_array")


FUNCTIONS = [
    Scalar("geo_polygon_area", "s>r", area),
    Scalar("geo_polygon_perimeter", "s>r", perimeter),
    Scalar("geo_polygon_centroid", "s>s", centroid),
    Scalar("geo_point_in_polygon", "rrs>b", inside),
    Scalar("geo_distance_to_polygon", "rrs>r", distance),
    Scalar("geo_closest_on_polygon", "rrs>s", closest),
    Scalar("geo_lines_meet", "ss>b", lines_meet),
    Scalar("geo_line_meets_polygon", "ss>b", line_meets_polygon),
    Scalar("geo_polygons_meet", "ss>b", polygons_meet),
    Scalar("geo_lines_meeting", "ss>s", lines_meeting),
    Scalar("geo_line_in_polygon", "ss>s", line_in_polygon),
    Scalar("geo_polygons_meeting", "ss>s", polygons_meeting),
    Scalar("geo_polygons_union", "s>s", union),
    Scalar("geo_point_buffer", "rrrr>s", point_buffer),
    Scalar("geo_line_buffer", "srr>s", line_buffer),
    Scalar("geo_polygon_buffer", "srr>s", polygon_buffer),
    Scalar("geo_line_simplify", "sr>s", line_simplify),
    Scalar("geo_polygon_simplify", "sr>s", polygon_simplify),
    Scalar("geo_polygons_simplify", "sr>s", polygons_simplify),
]
