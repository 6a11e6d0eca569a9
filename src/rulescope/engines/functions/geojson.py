"""GeoJSON geometries as the `geo_` functions take and give them: checked coordinates in, compact text out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


def valid_point(longitude: float, latitude: float) -> bool:
    """Whether both are in range; no NaN is."""
    return abs(longitude) <= 180 and abs(latitude) <= 90


def lines(text: str) -> list[list[Point]] | None:
    """The parts of a LineString or MultiLineString; None when it is none or one of its coordinates is not valid."""
    kind, coordinates = _geometry(text)
    parts = {"LineString": [coordinates], "MultiLineString": coordinates}.get(kind)
    if not isinstance(parts, list) or not parts:
        return None
    made = []
    for part in parts:
        points = _points(part)
        if points is None or len(_distinct(points)) < 2 or _opposite(points):
            return None
        made.append(_distinct(points))
    return made


def polygons(text: str) -> list[list[list[Point]]] | None:
    """The rings of each part of a Polygon or MultiPolygon, without the closing point; None when one is not valid.

    Source: https://learn.microsoft.com/kusto/query/geo-polygon-area-function (polygon definition and constraints)
    """
    kind, coordinates = _geometry(text)
    parts = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind)
    if not isinstance(parts, list) or not parts:
        return None
    made = []
    for part in parts:
        if not isinstance(part, list) or not part:
            return None
        if kind == "MultiPolygon" and len(part) == 1 and _depth(part) == 4:
            part = part[0]  # a list packed once more is taken, as in an example of geo_point_in_polygon
        rings = [_ring(ring) for ring in part]
        if any(ring is None for ring in rings):
            return None
        made.append([ring for ring in rings if ring is not None])
    return made


def _depth(value: Any) -> int:
    """How deep the first elements nest."""
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _geometry(text: str) -> tuple[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return "", None
    if isinstance(value, str):  # a geometry written as text
        try:
            value = json.loads(value)
        except ValueError:
            return "", None
    return (str(value.get("type")), value.get("coordinates")) if isinstance(value, dict) else ("", None)


def _points(values: Any) -> list[Point] | None:
    if not isinstance(values, list):
        return None
    points = []
    for value in values:
        if not isinstance(value, list) or len(value) != 2 or any(type(part) not in (int, float) for part in value):
            return None
        if not valid_point(*value):
            return None
        points.append((float(value[0]), float(value[1])))
    return points


def _distinct(points: Sequence[Point]) -> list[Point]:
    """Points without repetitions of the one before."""
    return [point for place, point in enumerate(points) if not place or _place(point) != _place(points[place - 1])]


def _place(point: Point) -> Point:
    """The same for all ways to write a point: at a pole any longitude, else -180 for 180."""
    return (0.0 if abs(point[1]) == 90 else -180.0 if point[0] == 180 else point[0]), point[1]


def _opposite(points: Sequence[Point]) -> bool:
    """Whether an edge is 180 degrees long, so that no shortest way leads along it."""
    return any(a[1] == -b[1] and (abs(a[1]) == 90 or abs(abs(a[0] - b[0]) - 180) < 1e-12) for a, b in pairwise(points))


def _ring(values: Any) -> list[Point] | None:
    points = _points(values)
    if points is None or len(points) < 4 or points[0] != points[-1] or _opposite(points):
        return None
    return points[:-1] if len({_place(point) for point in points[:-1]}) == len(points) - 1 else None


def write(kind: str, coordinates: Any) -> str:
    """A geometry as text; whole degrees without decimals."""
    return json.dumps({"type": kind, "coordinates": plain(coordinates)}, separators=(",", ":"))


def plain(value: Any) -> Any:
    """Coordinates as JSON prints them."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return int(value) if float(value).is_integer() else float(value)


def collection(geometries: Sequence[str]) -> str:
    """One geometry as it is, none or several as a GeometryCollection."""
    if len(geometries) == 1:
        return geometries[0]
    return f'{{"type":"GeometryCollection","geometries":[{",".join(geometries)}]}}'
