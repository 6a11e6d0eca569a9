"""The S2 cell of a point, for whole columns: projection onto a cube, then the position along a Hilbert curve on its face.

Source: https://s2geometry.io/devguide/s2cell_hierarchy
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Batch

POSITION = np.array([[0, 1, 3, 2], [0, 3, 1, 2], [2, 3, 1, 0], [2, 1, 3, 0]])
"""Which quarter along the curve a quarter of a square is, by how the curve lies in it."""
TURN = np.array([1, 0, 0, 3])
"""How the curve lies differently in each quarter along it."""
DEPTH = 30


def tokens(longitude: Any, latitude: Any, level: Any) -> list[str]:
    """The token of each point's cell of a level from 0 to 30; empty for what is not valid."""
    with np.errstate(invalid="ignore"):
        valid = (np.abs(longitude) <= 180) & (np.abs(latitude) <= 90) & (level >= 0) & (level <= DEPTH)
    ids = cells(np.where(valid, longitude, 0.0), np.where(valid, latitude, 0.0))
    lowest = np.uint64(1) << (2 * (DEPTH - np.where(valid, level, 0))).astype(np.uint64)
    ids = (ids & ~(lowest - np.uint64(1))) | lowest
    return [
        f"{number:016x}".rstrip("0") if right else ""
        for number, right in zip(ids.tolist(), valid.tolist(), strict=True)
    ]


def cells(longitude: Any, latitude: Any) -> Any:
    """The smallest cells that hold points, unsigned numbers of 64 bits."""
    theta, phi = np.radians(longitude), np.radians(latitude)
    x, y, z = np.cos(theta) * np.cos(phi), np.sin(theta) * np.cos(phi), np.sin(phi)
    axis = np.where(np.abs(x) > np.abs(y), np.where(np.abs(x) > np.abs(z), 0, 2), np.where(np.abs(y) > np.abs(z), 1, 2))
    face = axis + 3 * (np.choose(axis, [x, y, z]) < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.choose(face, [y / x, -x / y, -x / z, z / x, z / y, -y / z])
        v = np.choose(face, [z / x, z / y, -y / z, y / x, -x / y, -x / z])
    column, row = _steps(u), _steps(v)
    ids, lie = face.astype(np.uint64), face & 1
    for bit in range(DEPTH - 1, -1, -1):
        place = POSITION[lie, (column >> bit & 1) * 2 + (row >> bit & 1)]
        ids = ids << np.uint64(2) | place.astype(np.uint64)
        lie = lie ^ TURN[place]
    return ids << np.uint64(1) | np.uint64(1)


def _steps(u: Any) -> Any:
    """The column of a place on a face, of two to the power of 30."""
    s = np.where(u >= 0, 0.5 * np.sqrt(1 + 3 * np.abs(u)), 1 - 0.5 * np.sqrt(1 + 3 * np.abs(u)))
    return np.clip(np.floor(s * (1 << DEPTH)), 0, (1 << DEPTH) - 1).astype(np.int64)


BATCHES = [Batch("s2_point", "rrl>s", tokens)]
