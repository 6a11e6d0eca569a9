"""Cells of the globe, H3 and S2: which holds a point, their centres, borders, relatives, and those that cover a shape.

Needs the libraries of the extra `geo`: Uber's h3, Google's s2geometry, both Apache-2.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from ...errors import RunError
from . import Scalar
from .geo_points import length
from .geo_shapes import polygon, polyline, s2
from .geojson import lines, polygons, valid_point, write
from .network import RADIUS

MOST_S2, MOST_H3 = 65_536, 61_680


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@cache
def h3() -> Any:
    import h3 as library

    return library


# ---------------------------------------------------------------- H3


def point_to_h3(longitude: float, latitude: float, resolution: int) -> str:
    if not valid_point(longitude, latitude) or not 0 <= resolution <= 15:
        return ""
    return str(h3().latlng_to_cell(latitude, longitude, resolution))


def _of_cell(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` for valid cells, null for other text."""

    def checked(cell: str, *more: Any) -> Any:
        return call(cell.lower(), *more) if h3().is_valid_cell(cell.lower()) else None

    return checked


@_of_cell
def h3_center(cell: str) -> str:
    latitude, longitude = h3().cell_to_latlng(cell)
    return write("Point", (longitude, latitude))


@_of_cell
def h3_polygon(cell: str) -> str:
    ring = [(longitude, latitude) for latitude, longitude in h3().cell_to_boundary(cell)]
    return write("Polygon", [[*ring, ring[0]]])


@_of_cell
def h3_level(cell: str) -> int:
    return int(h3().get_resolution(cell))


@_of_cell
def h3_parent(cell: str, level: int) -> str | None:
    own = h3().get_resolution(cell)
    level = own - 1 if level < 0 else level
    return str(h3().cell_to_parent(cell, level)) if 0 <= level <= own else None


@_of_cell
def h3_children(cell: str, level: int) -> str | None:
    own = h3().get_resolution(cell)
    level = own + 1 if level < 0 else level
    return _json(list(h3().cell_to_children(cell, level))) if own <= level <= min(15, own + 5) else None


@_of_cell
def h3_neighbors(cell: str) -> str:
    return _json([other for other in h3().grid_disk(cell, 1) if other != cell])


@_of_cell
def h3_rings(cell: str, distance: int) -> str | None:
    if not 0 <= distance <= 142:
        return None
    rings, known = [], set[str]()
    for size in range(distance + 1):
        disk = h3().grid_disk(cell, size)
        rings.append([other for other in disk if other not in known])
        known.update(disk)
    return _json(rings)


def polygon_to_h3(text: str, resolution: int, radius: float) -> str | None:
    """Cells whose centres lie inside, edges straight in degrees."""
    parts = polygons(text)
    if parts is None or polygon(text) is None or not 0 <= resolution <= 15 or radius < 0:
        return None
    _no_radius(radius, "geo_polygon_to_h3cells")
    if any(max(p[0] for p in ring) - min(p[0] for p in ring) > 180 for part in parts for ring in part):
        raise RunError("geo_polygon_to_h3cells: polygons over the antimeridian are not supported")
    area = polygon(text).GetArea() * RADIUS**2
    if area / h3().average_hexagon_area(resolution, "m^2") > 2 * MOST_H3:
        return None
    shapes = [
        h3().LatLngPoly(*([(latitude, longitude) for longitude, latitude in ring] for ring in part)) for part in parts
    ]
    cells = dict.fromkeys(cell for shape in shapes for cell in h3().h3shape_to_cells(shape, resolution))
    return _json(list(cells)) if len(cells) <= MOST_H3 else None


# ---------------------------------------------------------------- S2


def _s2cell(token: str) -> Any:
    cell = s2().S2CellId.FromToken(token)
    return cell if token and token.lower() == cell.ToToken() and cell.is_valid() else None


def _degrees(point: Any) -> tuple[float, float]:
    place = s2().S2LatLng(point)
    return place.lng().degrees(), place.lat().degrees()


def s2_center(token: str) -> str | None:
    cell = _s2cell(token)
    return None if cell is None else write("Point", _degrees(cell.ToPoint()))


def s2_polygon(token: str) -> str | None:
    cell = _s2cell(token)
    if cell is None:
        return None
    ring = [_degrees(s2().S2Cell(cell).GetVertex(corner)) for corner in range(4)]
    return write("Polygon", [[*ring, ring[0]]])


ORDER = (7, 0, 1, 2, 3, 5, 4, 6)
"""The eight neighbours as the documentation prints them, by their numbers in S2's list."""


def s2_neighbors(token: str) -> str | None:
    cell = _s2cell(token)
    if cell is None:
        return None
    found = [other.ToToken() for other in cell.GetAllNeighbors(cell.level())]
    ordered = [found[place] for place in ORDER] if len(found) == len(ORDER) else found
    return _json(list(dict.fromkeys(ordered)))


def _covering(shape: Any, level: int) -> str | None:
    coverer = s2().S2RegionCoverer()
    coverer.set_fixed_level(level)
    coverer.set_max_cells(MOST_S2)
    cells = coverer.GetCovering(shape)
    return _json([cell.ToToken() for cell in cells]) if len(cells) <= MOST_S2 else None


def polygon_to_s2(text: str, level: int, radius: float) -> str | None:
    shape = polygon(text)
    if shape is None or not 0 <= level <= 30 or radius < 0:
        return None
    _no_radius(radius, "geo_polygon_to_s2cells")
    if shape.GetArea() / s2().S2Cell.AverageArea(level) > 3 * MOST_S2:  # no cell is three times the average
        return None
    return _covering(shape, level)


def line_to_s2(text: str, level: int, radius: float) -> str | None:
    parts = lines(text)
    if parts is None or not 0 <= level <= 30 or radius < 0:
        return None
    _no_radius(radius, "geo_line_to_s2cells")
    edge = s2().S2Cell.AverageArea(level) ** 0.5 * RADIUS
    if sum(length(part) for part in parts) / edge > 3 * MOST_S2:
        return None
    if len(parts) > 1:
        raise RunError("geo_line_to_s2cells: of several lines is not supported")
    return _covering(polyline(parts[0]), level)


def _no_radius(radius: float, name: str) -> None:
    if radius:
        raise RunError(f"{name}: with a radius is not supported")


FUNCTIONS = [
    Scalar("h3_point", "rrl>s", point_to_h3),
    Scalar("h3_center", "s>s", h3_center),
    Scalar("h3_polygon", "s>s", h3_polygon),
    Scalar("h3_level", "s>l", h3_level),
    Scalar("h3_parent", "sl>s", h3_parent),
    Scalar("h3_children", "sl>s", h3_children),
    Scalar("h3_neighbors", "s>s", h3_neighbors),
    Scalar("h3_rings", "sl>s", h3_rings),
    Scalar("h3_polygon_cells", "slr>s", polygon_to_h3),
    Scalar("s2_center", "s>s", s2_center),
    Scalar("s2_polygon", "s>s", s2_polygon),
    Scalar("s2_neighbors", "s>s", s2_neighbors),
    Scalar("s2_polygon_cells", "slr>s", polygon_to_s2),
    Scalar("s2_line_cells", "slr>s", line_to_s2),
]
