"""Seasons, trends and anomalies of series: what is defined once a season is named; the search for one is not documented.

The order of the parts is that of https://learn.microsoft.com/kusto/query/series-decompose-function: the median of each place of
the period, then the trend of what is left. Scores are Tukey's fences; the custom kind is scaled so that 1.5 means the same as
between quartiles, by the quantiles of the normal distribution the service uses (its author's account:
https://github.com/microsoft/Kusto-Query-Language/issues/136, https://stackoverflow.com/questions/75264555).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import RunError

Series = list[float | None]

SHORTEST = 8  # a period has at least 4 points and at most half of the series
QUARTILE, DECILE = 0.675, 1.29682082
"""The 75th and the 90th percentile of the normal distribution, as the service rounds them: read off its printed scores."""
CUSTOM = 2 * DECILE * 1.5 / (4 * QUARTILE - DECILE)
NOISE = 1e-9  # of the largest value: what is left of a perfect fit by rounding


@dataclass(frozen=True, slots=True)
class Parts:
    """A series taken apart; each as long as the series."""

    seasonal: np.ndarray
    trend: np.ndarray

    @property
    def baseline(self) -> np.ndarray:
        whole: np.ndarray = np.add(self.seasonal, self.trend)
        return whole


def line(values: np.ndarray) -> tuple[float, float]:
    """Slope and interception of the least-squares line."""
    if len(values) < 2:
        return 0.0, float(values[0]) if len(values) else 0.0
    at = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(at @ values / (at @ at))
    return slope, float(values.mean()) - slope * (len(values) - 1) / 2


# ---------------------------------------------------------------- seasons


def seasonal(values: Series, args: list[Any]) -> list[Any]:
    """series_seasonal: the median of each place of a period; zeros where there is none."""
    period = _whole(_given(args, 0, -1), "series_seasonal", "period")
    if period == -1:
        if len(values) >= SHORTEST:
            raise _undocumented("series_seasonal", "series_seasonal(Series, 24)")
        return [0.0] * len(values)
    if period < 1:
        return [0.0] * len(values)
    known = [[x for x in values[place::period] if x is not None] for place in range(min(period, len(values)))]
    if not all(known):
        raise RunError("series_seasonal: a place of the period without points")
    medians = [float(np.median(found)) for found in known]
    return [medians[place % period] for place in range(len(values))]


def periods_detect(values: Series, args: list[Any]) -> list[Any]:
    """series_periods_detect: none, where no period of 4 points to half of the series lies between the bounds."""
    low, high, count = (float(_given(args, 0, 0)), float(_given(args, 1, 0)), int(_given(args, 2, 0)))
    if max(low, 4.0) > min(high, len(values) / 2):
        return [[0.0] * count, [0.0] * count]
    raise _undocumented("series_periods_detect", "an explicit period in place of what it finds")


def periods_validate(values: Series, args: list[Any]) -> list[Any]:
    """series_periods_validate: 0 for a period of less than 4 points or more than half of the series."""
    periods = [float(period) for period in args]
    if any(4 <= period <= len(values) / 2 for period in periods):
        raise RunError("series_periods_validate: how it scores a period is not documented")
    return [periods, [0.0] * len(periods)]


def _undocumented(name: str, instead: str) -> RunError:
    return RunError(f"{name}: its search for seasons is not documented; write {instead}")


# ---------------------------------------------------------------- parts


def decompose(values: Series, args: list[Any]) -> list[Any]:
    """series_decompose(Series, Seasonality, Trend, Test_points): baseline, seasonal, trend, residual."""
    parts = _parts("series_decompose", values, _given(args, 0, -1), _given(args, 1, "avg"), _given(args, 2, 0))
    return [list(parts.baseline), list(parts.seasonal), list(parts.trend), _residual(values, parts)]


def decompose_forecast(values: Series, args: list[Any]) -> list[Any]:
    """series_decompose_forecast(Series, Points, Seasonality, Trend): the baseline, its last points learnt from those before."""
    name = "series_decompose_forecast"
    parts = _parts(name, values, _given(args, 1, -1), _given(args, 2, "avg"), _given(args, 0, 0))
    return [list(parts.baseline), list(parts.seasonal), list(parts.trend), _residual(values, parts)]


def decompose_anomalies(values: Series, args: list[Any]) -> list[Any]:
    """series_decompose_anomalies(Series, Threshold, Seasonality, Trend, Test_points, AD_method): flags, scores, baseline."""
    name = "series_decompose_anomalies"
    threshold, season, trend = _given(args, 0, 1.5), _given(args, 1, -1), _given(args, 2, "avg")
    test, method = _given(args, 3, 0), _given(args, 4, "ctukey")
    same = set(values)
    if season == -1 and len(same) == 1 and None not in same and trend in ("avg", "linefit"):
        season = 0  # a season of equal points leaves the same baseline as none
    parts = _parts(name, values, season, trend, test)
    scores = outliers(_residual(values, parts), [method])
    flags = [1 if score > threshold else -1 if score < -threshold else 0 for score in scores]
    return [flags, scores, list(parts.baseline)]


def _parts(name: str, values: Series, season: Any, trend: Any, test: Any) -> Parts:
    period, left_out = _whole(season, name, "Seasonality"), _whole(test, name, "Test_points")
    if left_out < 0 or (left_out and left_out >= len(values)):
        raise RunError(f"{name}: {left_out} points to leave out of {len(values)}")
    learnt = values[: len(values) - left_out]
    if None in learnt:
        raise RunError(f"{name}: of a series with missing points; fill them first, as series_fill_linear(Series) does")
    if period == -1:
        if len(learnt) >= SHORTEST:
            raise _undocumented(name, f"its Seasonality, as in {EXAMPLES[name]}, or 0 for none")
        period = 0
    if period < 0 or (period > len(learnt) and learnt):
        raise RunError(f"{name}: a Seasonality of {period} of a series of {len(learnt)} points")
    y, at = np.array(learnt, float), np.arange(len(values))
    if period:
        medians = np.array([np.median(y[place::period]) for place in range(min(period, len(y)))])
        season_of = medians[at % period] if len(y) else np.zeros(0)
    else:
        season_of = np.zeros(len(values))
    rest = y - season_of[: len(y)]
    return Parts(season_of, _trend(name, rest, trend, len(values)))


def _trend(name: str, rest: np.ndarray, kind: Any, size: int) -> np.ndarray:
    if kind == "none" or not len(rest):
        return np.zeros(size)
    if kind == "avg":
        return np.full(size, rest[0] if np.ptp(rest) == 0 else rest.mean())
    if kind == "linefit":
        if np.ptp(rest) == 0:
            return np.full(size, rest[0])
        slope, start = line(rest)
        return start + slope * np.arange(size)
    raise RunError(f"{name}: unknown trend {kind!r}")


def _residual(values: Series, parts: Parts) -> Series:
    """What the baseline leaves; what is left by rounding alone is nothing."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    left = [None if x is None else x - float(b) for x, b in zip(values, parts.baseline, strict=True)]
    return [0.0 if x is not None and abs(x) <= largest * NOISE else x for x in left]


EXAMPLES = {
    "series_decompose": "series_decompose(Series, 24, 'linefit')",
    "series_decompose_forecast": "series_decompose_forecast(Series, 24, 24, 'linefit')",
    "series_decompose_anomalies": "series_decompose_anomalies(Series, 1.5, 24, 'linefit')",
}


# ---------------------------------------------------------------- anomalies


def outliers(values: Series, args: list[Any]) -> list[Any]:
    """series_outliers(Series, kind, ignore_val, min_percentile, max_percentile): 0 between the percentiles, and for no point."""
    kind, ignored = str(_given(args, 0, "ctukey")).lower(), _given(args, 1, None)
    low, high = float(_given(args, 2, 10)), float(_given(args, 3, 90))
    if kind not in ("tukey", "ctukey"):
        raise RunError(f"series_outliers: unknown kind {kind!r}")
    if kind == "ctukey" and (low, high) != (10.0, 90.0):
        raise RunError("series_outliers: how it scales other percentiles than 10 and 90 is not documented")
    share, scale = ((25.0, 75.0), 1.0) if kind == "tukey" else ((low, high), CUSTOM)
    y = np.array([math.nan if x is None or x == ignored else x for x in values], float)
    known = y[np.isfinite(y)]
    if not len(known):
        return [0.0] * len(y)
    bottom, top = np.percentile(known, share)
    spread = float(top - bottom)
    outside = (y > top) | (y < bottom)
    if spread == 0 and outside.any():
        raise RunError(
            "series_outliers: points outside of percentiles that are equal; how it scores them is not documented"
        )
    if not outside.any():
        return [0.0] * len(y)
    distance = np.where(y > top, y - top, np.where(y < bottom, y - bottom, 0.0))
    return [float(x) for x in np.nan_to_num(distance) / spread * scale]


# ---------------------------------------------------------------- arguments


def _given(args: list[Any], place: int, default: Any) -> Any:
    return args[place] if place < len(args) and args[place] is not None else default


def _whole(value: Any, name: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise RunError(f"{name}: {what} {value!r} is no whole number")
    return int(value)
