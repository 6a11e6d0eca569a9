"""Functions of numbers, units and distributions: values from their definitions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rulescope.engines.functions.units import TEMPERATURES, factors
from rulescope.errors import RunError, UnsupportedError

from .answers import answer

CLOSE = [  # expression, number
    ("convert_length(1, 'Mile', 'Kilometer')", 1.609344),
    ("convert_length(12, 'Inch', 'Foot')", 1),
    ("convert_length(-3, 'Yard', 'Foot')", -9),
    ("convert_mass(1, 'Stone', 'Pound')", 14),
    ("convert_mass(2, 'Tonne', 'Kilogram')", 2000),
    ("convert_speed(36, 'KilometerPerHour', 'MeterPerSecond')", 10),
    ("convert_energy(1, 'KilowattHour', 'Megajoule')", 3.6),
    ("convert_energy(5, 'WattDay', 'WattHour')", 120),
    ("convert_force(1, 'Kilonewton', 'Newton')", 1000),
    ("convert_volume(1, 'CubicMeter', 'Liter')", 1000),
    ("convert_volume(2, 'UsPint', 'UsQuart')", 1),
    ("convert_angle(1, 'Revolution', 'Radian')", 2 * math.pi),
    ("convert_angle(30, 'Degree', 'Tilt')", 0.5),
    ("convert_angle(100, 'Gradian', 'Degree')", 90),
    ("convert_temperature(0, 'DegreeCelsius', 'DegreeFahrenheit')", 32),
    ("convert_temperature(-40, 'DegreeFahrenheit', 'DegreeCelsius')", -40),
    ("convert_temperature(80, 'DegreeReaumur', 'DegreeCelsius')", 100),
    ("convert_temperature(0, 'Kelvin', 'DegreeRankine')", 0),
    ("convert_temperature(150, 'DegreeDelisle', 'DegreeCelsius')", 0),
    ("convert_temperature(60, 'DegreeRoemer', 'DegreeCelsius')", 100),
    # the beta distribution of (1, 1) is even, of (2, 1) x squared, of (1, 2) 1 - (1 - x) squared
    ("beta_cdf(0.3, 1, 1)", 0.3),
    ("beta_cdf(0.3, 2, 1)", 0.09),
    ("beta_cdf(0.3, 1, 2)", 0.51),
    ("beta_cdf(0.5, 7, 7)", 0.5),
    ("beta_cdf(0, 3, 4)", 0),
    ("beta_cdf(1, 3, 4)", 1),
    ("beta_inv(0.09, 2, 1)", 0.3),
    ("beta_inv(0.25, 1, 1)", 0.25),
    ("beta_inv(1, 5, 6)", 1),
    ("beta_pdf(0.3, 2, 1)", 0.6),
    ("beta_pdf(0.7, 1, 1)", 1),
    ("beta_pdf(0, 2, 2)", 0),
    ("beta_pdf(0, 1, 3)", 3),
    # two values each: one degree of freedom a side, so two in all, where p = 1 - t / sqrt(2 + t²)
    ("welch_test(0, 1, 2, 2, 1, 2)", 1 - 2 / math.sqrt(6)),
    ("welch_test(5, 3, 10, 5, 3, 10)", 1),
    ("erf(0)", 0),
    ("erf(1)", math.erf(1)),
    ("erfc(2)", math.erfc(2)),
    ("gamma(5)", 24),
    ("gamma(0.5)", math.sqrt(math.pi)),
    ("loggamma(10)", math.log(math.factorial(9))),
    ("exp10(2)", 100),
    ("exp2(-1)", 0.5),
    ("log(exp(2))", 2),
    ("log2(8)", 3),
    ("log10(1000)", 3),
    ("atan2(1, 0)", math.pi / 2),
    ("cot(1)", 1 / math.tan(1)),
    ("degrees(pi())", 180),
    ("radians(180)", math.pi),
    ("pow(2, 10)", 1024),
    ("sqrt(2)", math.sqrt(2)),
]
EXACT: list[tuple[str, Any]] = [
    ("around(10, 12, 2)", True),
    ("around(10, 12.5, 2)", False),
    ("around(datetime(2024-05-01 10:00), datetime(2024-05-01 11:00), 1h)", True),
    ("around(datetime(2024-05-01 10:00), datetime(2024-05-01 11:00:01), 1h)", False),
    ("around(5m, 10m, 4m)", False),
    ("around(int(null), 1, 1)", None),
    ("assert(1 < 2, 'never')", True),
    ("binary_and(12, 10)", 8),
    ("binary_or(12, 10)", 14),
    ("binary_xor(12, 10)", 6),
    ("binary_not(0)", -1),
    ("binary_shift_left(1, 4)", 16),
    ("binary_shift_right(16, 4)", 1),
    ("hash(3000)", -5665157283053373866),
    ("isnan(real(null))", False),
    ("isinf(real(null))", False),
    ("isfinite(real(null))", False),
    ("isnan(real(nan))", True),
    ("isfinite(1.5)", True),
    ("bin(7, -2)", None),
    ("bin(7.5, -1)", None),
    ("bin(7, 0)", None),
    ("bin(7, 2)", 6),
    ("hash(0)", 3803688792395291579),
    ("binary_shift_left(1, -1)", None),
    ("binary_shift_right(16, -1)", None),
    ("binary_shift_right(16, 65)", 8),
    ("bitset_count_ones(255)", 8),
    ("bitset_count_ones(-1)", 64),
    ("isnan(0.0 / 0.0)", True),
    ("isinf(1.0 / 0.0)", True),
    ("isfinite(1.5)", True),
    ("sign(-7)", -1),
    ("abs(-7)", 7),
    ("round(2.567, 2)", 2.57),
    ("round(1234, -2)", 1200),
    ("ceiling(1.2)", 2.0),
    ("floor(-1.5, 1)", -2.0),
    ("min_of(3, 1, 2)", 1),
    ("max_of(3, 1, 2)", 3),
    ("sqrt(-1)", None),
    ("log(-1)", None),
    ("acos(2)", None),
    ("convert_length(1, 'Parrot', 'Foot')", None),
    ("convert_mass(1, 'Kilogram', '')", None),
    ("convert_mass(real(null), 'Kilogram', 'Pound')", None),
    ("convert_length(1, 'Kilogram', 'Pound')", None),
    ("convert_angle(2, 'Tilt', 'Degree')", None),
    ("beta_cdf(1.5, 2, 2)", "NaN"),
    ("beta_cdf(0.5, -1, 2)", "NaN"),
    ("beta_cdf(0.5, 2, 10001)", "NaN"),
    ("beta_pdf(-0.5, 2, 2)", "NaN"),
    ("beta_inv(1.5, 2, 2)", "NaN"),
    ("beta_inv(0.5, 0, 2)", None),
    ("beta_inv(real(null), 1, 2)", None),
    ("welch_test(0, 1, 1, 0, 1, 5)", None),
    ("welch_test(1, 0, 5, 1, 0, 5)", None),
]


@pytest.mark.parametrize(("expression", "expected"), CLOSE)
def test_close(expression: str, expected: float) -> None:
    assert answer(expression) == pytest.approx(
        expected, rel=1e-6 if expression.startswith("convert_") else 1e-13, abs=1e-12
    )


@pytest.mark.parametrize(("expression", "expected"), EXACT)
def test_exact(expression: str, expected: Any) -> None:
    assert answer(expression) == expected


def test_an_assertion_that_does_not_hold_ends_the_run() -> None:
    with pytest.raises(RunError, match="too short"):
        answer("assert(strlen('a') > 1, 'too short')")


def test_a_unit_in_other_letters_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="convert_length: unit 'foot'"):
        answer("convert_length(1, 'foot', 'Meter')")
    with pytest.raises(UnsupportedError, match="format_bytes: unknown unit"):
        answer("format_bytes(1, 0, 'kilobyte')")


@pytest.mark.parametrize("unit", TEMPERATURES)
def test_temperatures_there_and_back(unit: str) -> None:
    kelvin, back = TEMPERATURES[unit]
    assert back(kelvin(17.25)) == pytest.approx(17.25)


def test_units_are_of_known_kinds_and_above_zero() -> None:
    assert {kind: len(units) for kind, units in factors().items()} == {
        "angle": 15, "energy": 36, "force": 15, "length": 36, "mass": 25, "speed": 32, "volume": 52,
    }  # fmt: skip
    assert all(factor > 0 for units in factors().values() for factor in units.values())
