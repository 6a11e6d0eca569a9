"""Functions of series: values from their definitions, and what is refused because only the service knows it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rulescope.errors import UnsupportedError

from .answers import answer

POINTS = "dynamic([-3, 2.4, 15, 3.9, 5, 6, 4.5, 5.2, 3, 4, 5, 16, 7, 5, 5, 4])"
SCORES = [-1.9040785483608571, -0.10021466044004519, 1.3361954725339347, *[0.0] * 8, 1.6702443406674186, *[0.0] * 4]
WEEK = "dynamic([1, 2, 9, 1, 2, 3, 1, 2, 3, 1, 2, 3])"

TABLE: list[tuple[str, Any]] = [
    (f"series_outliers({POINTS})", SCORES),  # as the service printed them
    (f"series_outliers({POINTS}, 'tukey')[1]", -42 / 38),
    ("series_outliers(dynamic([1, null, 3, -1]), 'ctukey', -1)", [-0.34657570068848937, 0.0, 0.34657570068848937, 0.0]),
    ("series_outliers(dynamic([4, 4, 4]))", [0.0, 0.0, 0.0]),
    ("series_outliers(dynamic([null]))", [0.0]),
    ("series_seasonal(dynamic([1, 3, 5, 1, 3, 5, 2, 4, 6]), 3)", [1.0, 3.0, 5.0] * 3),
    ("series_seasonal(dynamic([1, 3, 5, 2, 4, 6, 1, 3, 5, 2, 4, 6]), 3)", [1.5, 3.5, 5.5] * 4),
    ("series_seasonal(dynamic([1, 3, 5, 2, 4, 6, 1]))", [0.0] * 7),  # too short for a period of four points
    ("series_seasonal(dynamic([1, 3, 5]), 0)", [0.0] * 3),
    (f"series_decompose({WEEK}, 3, 'none').residual", [0.0, 0.0, 6.0, *[0.0] * 9]),
    (f"series_decompose({WEEK}, 3).trend", [0.5] * 12),
    (f"series_decompose({WEEK}, 3).seasonal", [1.0, 2.0, 3.0] * 4),
    ("series_decompose(dynamic([1, 2, 3, 4]), 0, 'linefit').baseline", [1.0, 2.0, 3.0, 4.0]),
    ("series_decompose(dynamic([1, 2, 6]), -1).baseline", [3.0] * 3),
    ("series_decompose(dynamic([]), 4).baseline", []),
    ("series_decompose_forecast(dynamic([1, 2, 3, null, null]), 2, 0, 'linefit')", [1.0, 2.0, 3.0, 4.0, 5.0]),
    ("series_decompose_forecast(dynamic([1, 9, 1, 9, 5, 5, 5]), 3, 2, 'none')", [1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0]),
    (f"series_decompose_anomalies({POINTS}, 1.5, 0).ad_flag", [-1, *[0] * 10, 1, *[0] * 4]),
    (f"series_decompose_anomalies({POINTS}, 1.7, 0).ad_flag", [-1, *[0] * 15]),
    (f"series_decompose_anomalies({POINTS}, 1.5, 0, 'avg', 0, 'tukey').ad_flag", [-1, 0, 1, *[0] * 8, 1, *[0] * 4]),
    ("series_decompose_anomalies(dynamic([5, 5, 5, 5, 5, 5, 5, 5, 5]), 1.5, -1, 'linefit').ad_flag", [0] * 9),
    ("series_periods_detect(dynamic([1, 2, 3, 4, 5, 6, 7]), 0.0, 50.0, 2).periods", [0.0, 0.0]),
    ("series_periods_validate(dynamic([1, 2, 1, 2, 1, 2]), 2.0, 5.0).scores", [0.0, 0.0]),
    ("series_fill_linear(dynamic([null, 111, null, 36, 41, null, null, 16, null]))", [111, 111, 73, 36, 41, 32, 24, 16, 16]),
    ("series_fill_linear(dynamic([null, 1.5, null, 4.5]), real(null), false)", [None, 1.5, 3.0, 4.5]),
    ("series_fill_linear(dynamic([null, null]))", [0.0, 0.0]),
    ("series_fill_linear(dynamic([null, null]), real(null), true, real(null))", [None, None]),
    ("series_fill_linear(dynamic([-1, -1]), -1, true, 3.5)", [3.5, 3.5]),
    ("tostring(series_fill_const(dynamic([111, null, 36]), 0.0))", "[111,0.0,36]"),
    ("series_fill_forward(dynamic([null, 1, null]))", [None, 1, 1]),
    ("series_fill_backward(dynamic([0, 1, 0, 2]), 0)", [1, 1, 2, 2]),
    ("series_fill_backward(dynamic([0, null, 0, 2]), 0)", [None, None, 2, 2]),
    ("series_fill_const(dynamic([0, null]), 7, 0)", [7, None]),
    ("series_fir(dynamic([1, 2, 3]), dynamic([1, 1]))", [0.5, 1.5, 2.5]),
    ("series_fir(dynamic([1, 2, 3]), dynamic([3, -1]))", [3.0, 5.0, 7.0]),
    ("series_fir(dynamic([1, 2, 3]), dynamic([3, -1]), true)", None),
    ("series_fir(dynamic([0, 3, 0]), dynamic([1, 1, 1]), true, true)", [1.0, 1.0, 1.0]),
    ("series_fit_line(dynamic([1, 2, 3, 4])).slope", 1.0),
    ("series_fit_line(dynamic([7, 7, 7])).slope", 0.0),
    ("series_fit_line(dynamic([7, 7, 7])).line_fit", [7.0, 7.0, 7.0]),
    ("series_fit_poly(dynamic([4, 9, 16, 25]), dynamic([2, 3, 4, 5]), 2).rsquare", 1.0),
    ("series_fit_poly(dynamic([3, 5, 7])).coefficients", [2.0, 1.0]),  # its places are 1, 2, 3
    ("series_fit_2lines_dynamic(dynamic([1, 2, 3, 4, 3, 2, 1])).right.slope", -1.0),
    ("series_dot_product(dynamic([1, 2, 4]), dynamic([4, 2]))", 8.0),
    ("series_dot_product(dynamic([1, 2, 4]), 10)", 70.0),
    ("series_dot_product(dynamic([]), dynamic([1]))", None),
    ("series_cosine_similarity(dynamic([3, 4, 9]), dynamic([3, 4]))", 1.0),
    ("series_pearson_correlation(dynamic([1, 2]), dynamic([1, 2, 3]))", None),
    ("series_pearson_correlation(dynamic([1, 1]), dynamic([1, 2]))", "NaN"),
    ("series_add(dynamic([1, 'x', 3]), dynamic([1, 1]))", [2.0, None, None]),
    ("series_multiply(10, dynamic([1, 2]))", [10.0, 20.0]),
    ("series_divide(dynamic([1, 3]), dynamic([2, 4]))", [0.5, 0.75]),
    ("series_greater(dynamic([1, 3]), dynamic([2, 2]))", [False, True]),
    ("series_sum(dynamic([1, 2.5]))", 3.5),
    ("series_stats_dynamic(dynamic([3, 1, null]), true).min_idx", 1),
    ("series_stats(dynamic([3, 1, null])).avg", None),
    ("log(0)", -math.inf),
    ("log(-1)", None),
]  # fmt: skip

REFUSED: list[tuple[str, str]] = [  # expression, what the message says
    (f"series_decompose_anomalies({POINTS})", r"write its Seasonality, as in series_decompose_anomalies\(Series, 1.5, 24"),
    (f"series_decompose({POINTS})", "write its Seasonality"),
    (f"series_decompose({POINTS}, 20)", "a Seasonality of 20 of a series of 16 points"),
    (f"series_seasonal({POINTS})", r"write series_seasonal\(Series, 24\)"),
    (f"series_periods_detect({POINTS}, 0.0, 50.0, 1)", "search for seasons"),
    (f"series_periods_validate({POINTS}, 4.0)", "scores a period"),
    ("series_decompose(dynamic([1, null, 3]), 0)", "missing points"),
    ("series_decompose(dynamic([1, 2, 3]), 0, 'curve')", "unknown trend"),
    ("series_outliers(dynamic([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]))", "percentiles that are equal"),
    (f"series_outliers({POINTS}, 'ctukey', real(null), 20, 80)", "other percentiles than 10 and 90"),
    ("series_divide(dynamic([1]), dynamic([0]))", "no finite number"),
    ("series_log(dynamic([0]))", "no finite number"),
    ("series_sum(dynamic([1, null]))", "missing points"),
    ("series_fit_line(dynamic([1, null]))", "missing points"),
    ("series_fit_line(dynamic([7, 7, 7])).rsquare", "rsquare of a fit of equal points"),
    ("series_fit_line_dynamic(dynamic([7, 7, 7]))", "rsquare of a fit of equal points"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_value(expression: str, expected: Any) -> None:
    assert answer(expression) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("expression", "message"), REFUSED)
def test_refused(expression: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        answer(expression)
