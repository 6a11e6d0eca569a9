"""Points on the globe, without a library: distance, azimuth, angle, geohashes, lines of geodesics, Well-Known Text.

The globe is a sphere and edges are geodesics, as in Kusto. Longitudes come before latitudes, degrees in, metres and radians out.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Sequence
from typing import Any

from ...errors import RunError
from . import Scalar
from .geojson import Point, lines, plain, polygons, valid_point, write
from .network import ALPHABET, RADIUS, geo_distance

Vector = tuple[float, float, float]


def vector(point: Point) -> Vector:
    """The unit vector of a point."""
    x, y = math.radians(point[0]), math.radians(point[1])
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def degrees(v: Vector) -> Point:
    """The point in the direction of a vector."""
    return math.degrees(math.atan2(v[1], v[0])), math.degrees(math.atan2(v[2], math.hypot(v[0], v[1])))


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def norm(a: Vector) -> float:
    return math.sqrt(dot(a, a))


def scaled(a: Vector, by: float) -> Vector:
    return a[0] * by, a[1] * by, a[2] * by


def plus(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def angle_between(a: Vector, b: Vector) -> float:
    """The angle between two vectors, in radians."""
    return math.atan2(norm(cross(a, b)), dot(a, b))


def _related(a: Point, b: Point) -> bool:
    """Whether two points are the same or opposite: no direction leads from one to the other."""
    return norm(cross(vector(a), vector(b))) < 1e-15


def azimuth(long1: float, lat1: float, long2: float, lat2: float) -> float | None:
    """Clockwise from north, in [0, 2π)."""
    if not valid_point(long1, lat1) or not valid_point(long2, lat2) or _related((long1, lat1), (long2, lat2)):
        return None
    x, y, over = math.radians(lat1), math.radians(lat2), math.radians(long2 - long1)
    east = math.sin(over) * math.cos(y)
    north = math.cos(x) * math.sin(y) - math.sin(x) * math.cos(y) * math.cos(over)
    return math.atan2(east, north) % (2 * math.pi)


def angle(long1: float, lat1: float, long2: float, lat2: float, long3: float, lat3: float) -> float | None:
    """Clockwise from the line of points 2 and 1 to the line of points 2 and 3, in [0, 2π)."""
    first, second = azimuth(long2, lat2, long1, lat1), azimuth(long2, lat2, long3, lat3)
    return None if first is None or second is None else (second - first) % (2 * math.pi)


# ---------------------------------------------------------------- geohashes

NEIGHBORS = ((-1, -1), (-1, 1), (1, -1), (0, 1), (-1, 0), (1, 1), (1, 0), (0, -1))
"""Steps to the east and to the north, in the order the documentation prints neighbours."""


def _cell(text: str) -> tuple[int, int, int, int] | None:
    """Column, row, bits of the column and bits of the row of a geohash."""
    if not 1 <= len(text) <= 18 or any(c not in ALPHABET for c in text.lower()):
        return None
    bits = "".join(f"{ALPHABET.index(c):05b}" for c in text.lower())
    east, north = bits[0::2], bits[1::2]
    return int(east, 2), int(north, 2), len(east), len(north)


def geohash_polygon(text: str) -> str | None:
    cell = _cell(text)
    if cell is None:
        return None
    column, row, wide, high = cell
    width, height = 360 / (1 << wide), 180 / (1 << high)
    west, south = column * width - 180, row * height - 90
    east, north = (column + 1) * width - 180, (row + 1) * height - 90
    return write("Polygon", [[(west, south), (east, south), (east, north), (west, north), (west, south)]])


def geohash_neighbors(text: str) -> str | None:
    """The eight around a geohash; at a pole those that there are."""
    cell = _cell(text)
    if cell is None:
        return None
    column, row, wide, high = cell
    found = [
        _geohash((column + right) % (1 << wide), row + up, wide, high, len(text))
        for right, up in NEIGHBORS
        if 0 <= row + up < 1 << high
    ]
    return json.dumps(found, separators=(",", ":"))


def _geohash(column: int, row: int, wide: int, high: int, length: int) -> str:
    east, north = f"{column:0{wide}b}", f"{row:0{high}b}"
    bits = "".join(east[place // 2] if place % 2 == 0 else north[place // 2] for place in range(length * 5))
    return "".join(ALPHABET[int(bits[place : place + 5], 2)] for place in range(0, len(bits), 5))


# ---------------------------------------------------------------- lines


def line_length(text: str) -> float | None:
    parts = lines(text)
    return None if parts is None else math.fsum(length(part) for part in parts)


def length(points: Sequence[Point]) -> float:
    """Metres along points."""
    return math.fsum(geo_distance(*a, *b) or 0.0 for a, b in itertools.pairwise(points))


def line_centroid(text: str) -> str | None:
    """The middle of all edges by their lengths: each edge's own is its chord's direction, twice the sine of its half long."""
    parts = lines(text)
    if parts is None:
        return None
    total: Vector = (0.0, 0.0, 0.0)
    for part in parts:
        vectors = [vector(point) for point in part]
        for a, b in itertools.pairwise(vectors):
            both, apart = norm(plus(a, b)), norm(plus(a, scaled(b, -1)))
            total = plus(total, scaled(plus(a, b), apart / both if both else 0.0))
    return write("Point", degrees(total)) if norm(total) else None


def interpolate(text: str, fraction: float) -> str | None:
    parts = lines(text)
    if parts is None or not 0 <= fraction <= 1:
        return None
    points = _single(parts, "geo_line_interpolate_point")
    left = fraction * length(points)
    for a, b in itertools.pairwise(points):
        size = geo_distance(*a, *b) or 0.0
        if left < size:
            return write("Point", between(a, b, left / size) if left else a)
        left -= size
    return write("Point", points[-1])


def between(a: Point, b: Point, fraction: float) -> Point:
    """The point of the geodesic from a to b."""
    x, y = vector(a), vector(b)
    whole = angle_between(x, y)
    aside = scaled(cross(cross(x, y), x), 1 / norm(cross(x, y)))
    return degrees(plus(scaled(x, math.cos(fraction * whole)), scaled(aside, math.sin(fraction * whole))))


def _single(parts: list[list[Point]], name: str) -> list[Point]:
    if len(parts) > 1:
        raise RunError(f"{name}: of several lines is not supported")
    return parts[0]


def closest(point: Point, a: Point, b: Point) -> Point:
    """The point of the geodesic from a to b that is closest to a point."""
    x, y, p = vector(a), vector(b), vector(point)
    normal = cross(x, y)
    if norm(normal) > 0 and dot(cross(normal, x), p) > 0 and dot(cross(y, normal), p) > 0:
        foot = plus(scaled(p, dot(normal, normal)), scaled(normal, -dot(p, normal)))
        if norm(foot) > 0:
            return degrees(foot)
    return a if angle_between(x, p) <= angle_between(y, p) else b


def nearest(point: Point, parts: list[list[Point]]) -> tuple[float, int, int, Point]:
    """Metres to the closest point of lines, the numbers of its part and edge, and the point."""
    found = []
    for number, part in enumerate(parts):
        for edge, (a, b) in enumerate(itertools.pairwise(part)):
            foot = closest(point, a, b)
            found.append((geo_distance(*point, *foot) or 0.0, number, edge, foot))
    return min(found)


def closest_on_line(longitude: float, latitude: float, text: str) -> str | None:
    parts = lines(text)
    if parts is None or not valid_point(longitude, latitude):
        return None
    return write("Point", nearest((longitude, latitude), parts)[3])


def distance_to_line(longitude: float, latitude: float, text: str) -> float | None:
    parts = lines(text)
    if parts is None or not valid_point(longitude, latitude):
        return None
    return nearest((longitude, latitude), parts)[0]


def locate(text: str, longitude: float, latitude: float) -> float | None:
    parts = lines(text)
    if parts is None or not valid_point(longitude, latitude):
        return None
    points = _single(parts, "geo_line_locate_point")
    _, _, edge, foot = nearest((longitude, latitude), parts)
    return min(1.0, length([*points[: edge + 1], foot]) / length(points))


# ---------------------------------------------------------------- planar edges as geodesics

PLACE = 0.31215691082248312
"""Where along an edge the two are furthest apart, and how much further they are than there, from S2's edge tessellator.

Source: https://github.com/google/s2geometry/blob/master/src/s2/s2edge_tessellator.cc
"""
SCALE = 0.83829992569888509
MOST = 10_485_760


def densified(a: Point, b: Point, tolerance: float) -> list[Point]:
    """Points after `a` up to `b` so that geodesics stay within `tolerance` metres of the straight line in degrees."""
    if abs(a[0] - b[0]) > 180:
        raise RunError("densifying edges over the antimeridian is not supported")
    if not _bends(a, b, SCALE * tolerance / RADIUS):
        return [b]
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return [*densified(a, middle, tolerance), *densified(middle, b, tolerance)]


def _bends(a: Point, b: Point, most: float) -> bool:
    x, y = vector(a), vector(b)
    if dot(x, y) < -1e-14:
        return True
    for part in (PLACE, 1 - PLACE):
        straight = (a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))
        if angle_between(vector(between(a, b, part)), vector(straight)) > most:
            return True
    return False


def line_densify(text: str, tolerance: float) -> str | None:
    parts = lines(text)
    if parts is None or not 0.1 <= tolerance <= 10_000:
        return None
    made = [_dense(part, tolerance) for part in parts]
    return write("LineString", made[0]) if len(made) == 1 else write("MultiLineString", made)


def polygon_densify(text: str, tolerance: float) -> str | None:
    parts = polygons(text)
    if parts is None or not 0.1 <= tolerance <= 10_000:
        return None
    made = [[_dense([*ring, ring[0]], tolerance) for ring in part] for part in parts]
    return write("Polygon", made[0]) if len(made) == 1 else write("MultiPolygon", made)


def _dense(points: list[Point], tolerance: float) -> list[Point]:
    made = points[:1]
    for a, b in itertools.pairwise(points):
        made += densified(a, b, tolerance)
    return made


# ---------------------------------------------------------------- Well-Known Text

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
TOKEN = re.compile(rf"\s*([A-Za-z]+|[(),]|{NUMBER})")
NESTED = {  # how deep each kind's coordinates are
    "POINT": ("Point", 0), "LINESTRING": ("LineString", 1), "POLYGON": ("Polygon", 2), "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2), "MULTIPOLYGON": ("MultiPolygon", 3),
}  # fmt: skip


def from_wkt(text: str) -> str | None:
    """GeoJSON of two-dimensional Well-Known Text; null for what it is not.

    Source: https://learn.microsoft.com/kusto/query/geo-from-wkt-function
    """
    tokens, place = [], 0
    text = text.strip()
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            return None
        tokens.append(found[1])
        place = found.end()
    if {token.upper() for token in tokens} & {"EMPTY", "Z", "M", "ZM"}:
        raise RunError("geo_from_wkt: empty geometries and heights are not supported")
    try:
        made = _shape(tokens)
    except (IndexError, ValueError):
        return None
    return None if tokens else json.dumps(made, separators=(",", ":"))


def _shape(tokens: list[str]) -> dict[str, Any]:
    name = tokens.pop(0).upper()
    if name == "GEOMETRYCOLLECTION":
        _expect(tokens, "(")
        shapes = [_shape(tokens)]
        while tokens[0] == ",":
            tokens.pop(0)
            shapes.append(_shape(tokens))
        _expect(tokens, ")")
        return {"type": "GeometryCollection", "geometries": shapes}
    if name not in NESTED:
        raise ValueError(name)
    kind, depth = NESTED[name]
    _expect(tokens, "(")
    made = _coordinates(tokens, depth, name == "MULTIPOINT")
    _expect(tokens, ")")
    return {"type": kind, "coordinates": plain(made)}


def _coordinates(tokens: list[str], depth: int, bare: bool) -> Any:
    if not depth:
        wrapped = bare and tokens[0] == "("
        if wrapped:
            tokens.pop(0)
        point = float(tokens.pop(0)), float(tokens.pop(0))
        if wrapped:
            _expect(tokens, ")")
        return point
    made = []
    while True:
        if depth > 1:
            _expect(tokens, "(")
        made.append(_coordinates(tokens, depth - 1, bare))
        if depth > 1:
            _expect(tokens, ")")
        if tokens[0] != ",":
            return made
        tokens.pop(0)


def _expect(tokens: list[str], token: str) -> None:
    if tokens.pop(0) != token:
        raise ValueError(token)


FUNCTIONS = [
    Scalar("geo_azimuth", "rrrr>r", azimuth),
    Scalar("geo_angle", "rrrrrr>r", angle),
    Scalar("geohash_polygon", "s>s", geohash_polygon),
    Scalar("geohash_neighbors", "s>s", geohash_neighbors),
    Scalar("geo_line_length", "s>r", line_length),
    Scalar("geo_line_centroid", "s>s", line_centroid),
    Scalar("geo_interpolate", "sr>s", interpolate),
    Scalar("geo_locate", "srr>r", locate),
    Scalar("geo_closest_on_line", "rrs>s", closest_on_line),
    Scalar("geo_distance_to_line", "rrs>r", distance_to_line),
    Scalar("geo_line_densify", "sr>s", line_densify),
    Scalar("geo_polygon_densify", "sr>s", polygon_densify),
    Scalar("geo_from_wkt", "s>s", from_wkt),
]
