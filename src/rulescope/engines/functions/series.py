"""Functions of series: arrays of numbers along an axis, null where a point is missing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import RunError
from . import Scalar
from .arrays import dumps

Series = list[float | None]


def read(text: str) -> Series:
    found = json.loads(text)
    if not isinstance(found, list):
        return []
    return [float(item) if isinstance(item, int | float) and not isinstance(item, bool) else None for item in found]


def clean(value: Any) -> Any:
    """Numbers JSON can hold: not-a-number and infinities are null."""
    if isinstance(value, list | tuple | np.ndarray):
        return [clean(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


BINARY: dict[str, Callable[[float, float], Any]] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b if b else math.nan, "pow": lambda a, b: math.pow(a, b), "equals": lambda a, b: a == b,
    "not_equals": lambda a, b: a != b, "less": lambda a, b: a < b, "less_equals": lambda a, b: a <= b,
    "greater": lambda a, b: a > b, "greater_equals": lambda a, b: a >= b,
}  # fmt: skip
UNARY: dict[str, Callable[[float], float]] = {
    "abs": abs, "acos": math.acos, "asin": math.asin, "atan": math.atan, "ceiling": math.ceil, "cos": math.cos, "exp": math.exp,
    "floor": math.floor, "log": math.log, "sign": lambda x: (x > 0) - (x < 0), "sin": math.sin, "tan": math.tan,
}  # fmt: skip


def binary(name: str, left: str, right: str) -> str:
    a, b = json.loads(left), json.loads(right)
    size = max(len(x) if isinstance(x, list) else 1 for x in (a, b))
    one = read(left) if isinstance(a, list) else [a] * size
    two = read(right) if isinstance(b, list) else [b] * size
    out = []
    for place in range(size):
        x = one[place] if place < len(one) else None
        y = two[place] if place < len(two) else None
        out.append(None if x is None or y is None else _try(BINARY[name], x, y))
    return dumps(clean(out))


def _try(call: Callable[..., Any], *args: Any) -> Any:
    try:
        return call(*args)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None


def unary(name: str, text: str) -> str:
    return dumps(clean([None if x is None else _try(UNARY[name], x) for x in read(text)]))


def number(name: str, text: str, other: str) -> float | None:
    values = [x for x in read(text) if x is not None]
    if name == "sum":
        return float(sum(values))
    if name == "product":
        return float(math.prod(values))
    if name == "magnitude":
        return math.sqrt(sum(x * x for x in values))
    a, b = _broadcast(text, other)
    if len(a) != len(b) or not len(a):
        return None
    if name == "dot":
        return float(a @ b)
    if name == "cosine":
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return float(np.corrcoef(a, b)[0, 1])


def _broadcast(left: str, right: str) -> tuple[np.ndarray, np.ndarray]:
    """Two series; a number beside a series is as long as that."""
    sides = [json.loads(text) for text in (left, right)]
    size = max((len(side) for side in sides if isinstance(side, list)), default=1)
    one, two = (np.array(read(dumps(side if isinstance(side, list) else [side] * size)), float) for side in sides)
    return one, two


# ---------------------------------------------------------------- several results


def stats(values: Series, args: list[Any]) -> list[Any]:
    if args and args[0]:
        known = [x for x in values if x is not None]
    elif None in values:
        return [None] * 7
    else:
        known = [x for x in values if x is not None]
    if not known:
        return [None] * 7
    low, high, mean = min(known), max(known), sum(known) / len(known)
    variance = sum((x - mean) ** 2 for x in known) / (len(known) - 1) if len(known) > 1 else 0.0
    return [low, values.index(low), high, values.index(high), mean, math.sqrt(variance), variance]


def line(values: np.ndarray) -> tuple[float, float]:
    """Slope and interception of the least-squares line."""
    x = np.arange(len(values), dtype=float)
    if len(values) < 2:
        return 0.0, float(values[0]) if len(values) else 0.0
    slope, start = np.polyfit(x, values, 1)
    return float(slope), float(start)


def fit_line(values: Series, args: list[Any]) -> list[Any]:
    if not values or None in values:
        return [None] * 6
    y = np.array(values, float)
    slope, start = line(y)
    fitted = start + slope * np.arange(len(y))
    variance = float(np.var(y, ddof=1)) if len(y) > 1 else 0.0
    residual = float(np.var(y - fitted, ddof=1)) if len(y) > 1 else 0.0
    total = float(((y - y.mean()) ** 2).sum())
    rsquare = 1 - float(((y - fitted) ** 2).sum()) / total if total else 0.0
    return [rsquare, slope, variance, residual, start, list(fitted)]


def fit_2lines(values: Series, args: list[Any]) -> list[Any]:
    if len(values) < 4 or None in values:
        return [None] * 15
    y = np.array(values, float)
    best = min(range(2, len(y) - 1), key=lambda cut: _error(y[:cut]) + _error(y[cut:]))
    left, right = fit_line(values[:best], []), fit_line(values[best:], [])
    fitted = np.array(left[5] + right[5])
    total = float(((y - y.mean()) ** 2).sum())
    rsquare = 1 - float(((y - fitted) ** 2).sum()) / total if total else 0.0
    whole = [rsquare, best, float(np.var(y, ddof=1)), float(np.var(y - fitted, ddof=1)), list(fitted)]
    order = (0, 1, 4, 2, 3)
    return [*whole, *(right[place] for place in order), *(left[place] for place in order)]


def _error(part: np.ndarray) -> float:
    slope, start = line(part)
    return float(((part - start - slope * np.arange(len(part))) ** 2).sum())


def fill_forward(values: Series, args: list[Any]) -> list[Any]:
    missing = args[0] if args else None
    out, last = [], missing
    for value in values:
        last = last if value is None or value == missing else value
        out.append(last)
    return out


def fill_backward(values: Series, args: list[Any]) -> list[Any]:
    return fill_forward(values[::-1], args)[::-1]


def fill_const(values: Series, args: list[Any]) -> list[Any]:
    missing = args[1] if len(args) > 1 else None
    return [args[0] if value is None or value == missing else value for value in values]


def fill_linear(values: Series, args: list[Any]) -> list[Any]:
    missing = args[0] if args else None
    edges = bool(args[1]) if len(args) > 1 and args[1] is not None else True
    known = [place for place, value in enumerate(values) if value is not None and value != missing]
    if not known:
        return [args[2] if len(args) > 2 else missing] * len(values)
    filled = np.interp(range(len(values)), known, [float(values[place] or 0.0) for place in known])
    return [
        None if not edges and (place < known[0] or place > known[-1]) else value for place, value in enumerate(filled)
    ]


def outliers(values: Series, args: list[Any]) -> list[Any]:
    """Scores by Tukey's fences; beyond 1.5 or below -1.5 an anomaly. Source: series-outliers-function."""
    kind = str(args[0] or "ctukey") if args else "ctukey"
    low, high = (25.0, 75.0) if kind == "tukey" else (10.0, 90.0)
    if len(args) > 2 and args[2] is not None:
        low, high = float(args[2]), float(args[3]) if len(args) > 3 else 100 - float(args[2])
    return _scores(np.array([math.nan if x is None else x for x in values], float), low, high)


def _scores(y: np.ndarray, low: float, high: float) -> list[Any]:
    known = y[np.isfinite(y)]
    if len(known) < 2:
        return [0.0] * len(y)
    bottom, top = np.percentile(known, low), np.percentile(known, high)
    spread = top - bottom
    if spread == 0:
        return [0.0 if x == top else math.copysign(math.inf, x - top) for x in y]
    return [max(0.0, (x - top) / spread) if x >= bottom else min(0.0, (x - bottom) / spread) for x in y]


def filtered(values: Series, args: list[Any]) -> list[Any]:
    """series_fir: sums of neighbours weighted by a filter."""
    weights = [float(weight) for weight in args[0]]
    normalize = bool(args[1]) if len(args) > 1 and args[1] is not None else abs(sum(weights)) > 1e-12 and len(args) < 2
    center = bool(args[2]) if len(args) > 2 else False
    total = sum(weights)
    if normalize and total:
        weights = [weight / total for weight in weights]
    shift = len(weights) // 2 if center else 0
    y = [value or 0.0 for value in values]
    return [
        sum(w * y[p + shift - k] for k, w in enumerate(weights) if 0 <= p + shift - k < len(y)) for p in range(len(y))
    ]


def recursive(values: Series, args: list[Any]) -> list[Any]:
    """series_iir."""
    top, bottom = [float(x) for x in args[0]], [float(x) for x in args[1]]
    out: list[float] = []
    for place in range(len(values)):
        value = 0.0 + sum(b * (values[place - k] or 0.0) for k, b in enumerate(top) if place >= k)
        value -= sum(a * out[place - k] for k, a in enumerate(bottom) if k and place >= k)
        out.append(value / bottom[0])
    return out


def seasonal(values: Series, args: list[Any]) -> list[Any]:
    """The median of each place of a period that is given. Source: series-seasonal-function."""
    period = args[0] if args else -1
    if len(args) > 1 or not isinstance(period, int) or period < 0:
        raise RunError("series_seasonal: its search for seasons is not documented well enough to run")
    if not period or period > len(values):
        return [0.0] * len(values)
    known = [[x for x in values[place::period] if x is not None] for place in range(period)]
    medians = [float(np.median(found)) if found else None for found in known]
    return [medians[place % period] for place in range(len(values))]


def fourier(values: Series, args: list[Any]) -> list[Any]:
    """series_fft: the real and the imaginary part."""
    return _transformed(np.fft.fft, values, args)


def inverse_fourier(values: Series, args: list[Any]) -> list[Any]:
    return _transformed(np.fft.ifft, values, args)


def _transformed(call: Callable[[np.ndarray], np.ndarray], values: Series, args: list[Any]) -> list[Any]:
    imaginary = read(dumps(args[0])) if args and args[0] is not None else [0.0] * len(values)
    if None in values or None in imaginary or len(imaginary) != len(values) or not values:
        raise RunError("series_fft of series with missing points or of unequal length")
    found = call(np.array(values, float) + 1j * np.array(imaginary, float))
    return [list(found.real), list(found.imag)]


def fit_poly(values: Series, args: list[Any]) -> list[Any]:
    """series_fit_poly: the least-squares polynomial, its coefficients from the highest power down."""
    at = read(dumps(args[0])) if args and isinstance(args[0], list) else [float(x) for x in range(len(values))]
    rest = args[1:] if args and isinstance(args[0], list) else args
    degree = int(rest[0]) if rest and rest[0] is not None else 1
    if None in values or None in at or len(at) != len(values) or len(values) <= degree:
        return [None] * 5
    x, y = np.array(at, float), np.array(values, float)
    coefficients = np.polyfit(x, y, degree)
    fitted = np.polyval(coefficients, x)
    total = float(((y - y.mean()) ** 2).sum())
    rsquare = 1 - float(((y - fitted) ** 2).sum()) / total if total else 0.0
    return [
        rsquare,
        list(coefficients),
        float(np.var(y, ddof=1)),
        float(np.var(y - fitted, ddof=1)),
        list(fitted),
    ]


def refused(name: str) -> Callable[[Series, list[Any]], list[Any]]:
    def refuse(values: Series, args: list[Any]) -> list[Any]:
        raise RunError(f"series_{name}: its search for seasons is not documented well enough to run")

    return refuse


def stats_bag(values: Series, args: list[Any]) -> Any:
    known = [x for x in values if x is not None]
    bag = dict(zip(("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance"), stats(values, args), strict=True))
    return bag | {"sum": sum(known), "len": len(values)}


def line_bag(values: Series, args: list[Any]) -> Any:
    return dict(
        zip(
            ("rsquare", "slope", "variance", "rvariance", "interception", "line_fit"),
            fit_line(values, args),
            strict=True,
        )
    )


SEVERAL: dict[str, Callable[[Series, list[Any]], Any]] = {
    "stats": stats, "stats_dynamic": stats_bag, "fit_line": fit_line, "fit_line_dynamic": line_bag, "fit_2lines": fit_2lines,
    "fill_forward": fill_forward, "fill_backward": fill_backward, "fill_const": fill_const, "fill_linear": fill_linear,
    "outliers": outliers, "fir": filtered, "iir": recursive, "seasonal": seasonal, "fft": fourier, "ifft": inverse_fourier, "fit_poly": fit_poly,
    **{name: refused(name) for name in ("decompose", "decompose_anomalies", "decompose_forecast", "periods_detect", "periods_validate", "fit_2lines_dynamic")},
}  # fmt: skip


def several(name: str, text: str, args: str) -> str:
    found = SEVERAL[name](read(text), json.loads(args))
    if isinstance(found, dict):
        return dumps({label: clean(value) for label, value in found.items()})
    return dumps(clean(found))


FUNCTIONS = [
    Scalar("series_binary", "sss>s", binary),
    Scalar("series_unary", "ss>s", unary),
    Scalar("series_number", "sss>r", number),
    Scalar("series", "sss>s", several),
]
