"""Units: angles, energies, forces, lengths, masses, speeds, temperatures and volumes, each as another; sizes in bytes as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files

from ...errors import RunError
from . import Scalar

TEMPERATURES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {  # unit: to kelvin, from kelvin
    "Kelvin": (lambda x: x, lambda x: x),
    "DegreeCelsius": (lambda x: x + 273.15, lambda x: x - 273.15),
    "MillidegreeCelsius": (lambda x: x / 1000 + 273.15, lambda x: (x - 273.15) * 1000),
    "DegreeDelisle": (lambda x: x * -2 / 3 + 373.15, lambda x: (x - 373.15) * -3 / 2),
    "DegreeFahrenheit": (lambda x: x * 5 / 9 + 459.67 * 5 / 9, lambda x: (x - 459.67 * 5 / 9) * 9 / 5),
    "DegreeNewton": (lambda x: x * 100 / 33 + 273.15, lambda x: (x - 273.15) * 33 / 100),
    "DegreeRankine": (lambda x: x * 5 / 9, lambda x: x * 9 / 5),
    "DegreeReaumur": (lambda x: x * 5 / 4 + 273.15, lambda x: (x - 273.15) * 4 / 5),
    "DegreeRoemer": (lambda x: (x - 7.5) * 40 / 21 + 273.15, lambda x: (x - 273.15) * 21 / 40 + 7.5),
    "SolarTemperature": (lambda x: x * 5778, lambda x: x / 5778),
}
TILT = (lambda x: math.degrees(math.asin(x)), lambda x: math.sin(math.radians(x)))
"""A slope as its sine, from and to degrees."""


@cache
def factors() -> dict[str, dict[str, float]]:
    """How many of the first unit of its kind each unit is."""
    made: dict[str, dict[str, float]] = {}
    for line in files("rulescope.engines.functions").joinpath("data", "units.tsv").read_text("utf-8").splitlines():
        if not line.startswith(("#", "kind\t")):
            kind, unit, factor = line.split("\t")
            made.setdefault(kind, {})[unit] = float(factor)
    return made


def convert(kind: str, value: float, source: str, target: str) -> float | None:
    """A value in another unit; null for what is no unit of its kind, or no value of its unit."""
    if kind == "temperature":
        ways = TEMPERATURES
    else:
        ways = {unit: _scaled(factor) for unit, factor in factors()[kind].items()}
        if kind == "angle":
            ways["Tilt"] = TILT
    for unit in (source, target):
        if unit not in ways and unit.lower() in {name.lower() for name in ways}:
            raise RunError(f"convert_{kind}: unit {unit!r} in other capital letters than documented is not supported")
    if source not in ways or target not in ways:
        return None
    try:
        return ways[target][1](ways[source][0](value))
    except ValueError:
        return None


def _scaled(factor: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    return lambda x: x * factor, lambda x: x / factor


SIZES = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def format_bytes(size: float, precision: int, unit: str) -> str:
    """A size in a unit of 1,024 of the one before, the largest that keeps it at one or more unless given."""
    if not math.isfinite(size) or precision < 0:
        return ""
    if unit and unit not in SIZES:
        raise RunError(f"format_bytes: unknown unit {unit!r}")
    place = SIZES.index(unit) if unit else 0
    while not unit and place < len(SIZES) - 1 and abs(size) >= 1024 ** (place + 1):
        place += 1
    number = (Decimal(size) / 1024**place).quantize(Decimal(1).scaleb(-min(precision, 15)), ROUND_HALF_UP)
    text = f"{number:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {SIZES[place]}"


FUNCTIONS = [
    Scalar("convert_unit", "srss>r", convert),
    Scalar("format_bytes", "rls>s", format_bytes),
]
