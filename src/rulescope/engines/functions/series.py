"""Functions of series: arrays of numbers along an axis, null where a point is missing."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import RunError
from . import Scalar
from .arrays import dumps
from .decompose import (
    Series,
    decompose,
    decompose_anomalies,
    decompose_forecast,
    line,
    outliers,
    periods_detect,
    periods_validate,
    seasonal,
)


def read(text: str) -> Series:
    found = json.loads(text)
    if not isinstance(found, list):
        return []
    return [float(item) if isinstance(item, int | float) and not isinstance(item, bool) else None for item in found]


def clean(value: Any) -> Any:
    """Numbers JSON can hold: not-a-number and infinities are null."""
    if isinstance(value, list | tuple | np.ndarray):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


BINARY: dict[str, Callable[[float, float], Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv, "pow": math.pow,
    "equals": operator.eq, "not_equals": operator.ne, "less": operator.lt, "less_equals": operator.le, "greater": operator.gt,
    "greater_equals": operator.ge,
}  # fmt: skip
UNARY: dict[str, Callable[[float], float]] = {
    "abs": abs, "acos": math.acos, "asin": math.asin, "atan": math.atan, "ceiling": math.ceil, "cos": math.cos, "exp": math.exp,
    "floor": math.floor, "log": math.log, "sign": lambda x: (x > 0) - (x < 0), "sin": math.sin, "tan": math.tan,
}  # fmt: skip


def binary(name: str, left: str, right: str) -> str:
    """Point by point, null where one side has none; a number beside a series stands for a series of it."""
    a, b = json.loads(left), json.loads(right)
    size = max(len(x) if isinstance(x, list) else 1 for x in (a, b))
    one = read(left) if isinstance(a, list) else [a] * size
    two = read(right) if isinstance(b, list) else [b] * size
    out = []
    for place in range(size):
        x = one[place] if place < len(one) else None
        y = two[place] if place < len(two) else None
        out.append(None if x is None or y is None else _point(name, BINARY[name], x, y))
    return dumps(clean(out))


def _point(name: str, call: Callable[..., Any], *args: float) -> Any:
    """A point of a result; one that is infinite or not a number is refused: how an array holds it is not documented."""
    try:
        found = call(*args)
    except (ValueError, OverflowError, ZeroDivisionError):
        found = math.nan
    if not math.isfinite(found):
        raise RunError(f"series_{name}: of {' and '.join(f'{arg:g}' for arg in args)}, which gives no finite number")
    return found


def unary(name: str, text: str) -> str:
    return dumps(clean([None if x is None else _point(name, UNARY[name], x) for x in read(text)]))


def number(name: str, text: str, other: str) -> float | None:
    """Sum, product or magnitude of a series, or what two have in common; of unequal ones what stands in both."""
    if name in REDUCED:
        return REDUCED[name](complete(f"series_{name}", read(text)))
    a, b = _broadcast(text, other)
    if name == "pearson":
        if len(a) != len(b) or None in a or None in b or not a:
            return None
        constant = len(set(a)) == 1 or len(set(b)) == 1
        return math.nan if constant else float(np.corrcoef(np.array(a, float), np.array(b, float))[0, 1])
    if not a or not b:
        return None
    size = min(len(a), len(b))
    one: Any = np.array(complete(f"series_{name}", a[:size]), float)
    two: Any = np.array(complete(f"series_{name}", b[:size]), float)
    if name == "dot":
        return float(one @ two)
    return float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))


REDUCED: dict[str, Callable[[list[float]], float]] = {
    "sum": lambda values: float(sum(values)),
    "product": lambda values: float(math.prod(values)),
    "magnitude": lambda values: math.sqrt(sum(x * x for x in values)),
}


def _broadcast(left: str, right: str) -> tuple[Series, Series]:
    """Two series; a number beside a series is as long as that."""
    sides = [json.loads(text) for text in (left, right)]
    size = max((len(side) for side in sides if isinstance(side, list)), default=1)
    one, two = (read(dumps(side if isinstance(side, list) else [side] * size)) for side in sides)
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


def fit_line(values: Series, args: list[Any]) -> list[Any]:
    """rsquare, slope, variance, rvariance, interception and the line."""
    y = np.array(complete("series_fit_line", values), float)
    if len(y) < 2:
        raise RunError("series_fit_line: of a series of less than two points")
    slope, start = line(y)
    fitted = start + slope * np.arange(len(y))
    return [
        _rsquare(y, fitted),
        slope,
        float(np.var(y, ddof=1)),
        float(np.var(y - fitted, ddof=1)),
        start,
        list(fitted),
    ]


def _rsquare(y: np.ndarray, fitted: np.ndarray) -> Any:
    """How much of the variance a fit explains; of equal points, which have none, the word that it is not documented."""
    if np.ptp(y) == 0:
        return {UNSAID: "rsquare of a fit of equal points is not documented"}
    return 1 - float(((y - fitted) ** 2).sum()) / float(((y - y.mean()) ** 2).sum())


UNSAID = "?"
"""The key of an object that stands for a result that is refused once it is asked for."""


def fit_2lines(values: Series, args: list[Any]) -> list[Any]:
    y = np.array(complete("series_fit_2lines", values), float)
    if len(y) < 4:
        raise RunError("series_fit_2lines: of a series of less than four points")
    best = min(range(2, len(y) - 1), key=lambda cut: _error(y[:cut]) + _error(y[cut:]))
    left, right = fit_line(values[:best], []), fit_line(values[best:], [])
    fitted = np.array(left[5] + right[5])
    whole = [_rsquare(y, fitted), best, float(np.var(y, ddof=1)), float(np.var(y - fitted, ddof=1)), list(fitted)]
    order = (0, 1, 4, 2, 3)
    return [*whole, *(right[place] for place in order), *(left[place] for place in order)]


def _error(part: np.ndarray) -> float:
    slope, start = line(part)
    return float(((part - start - slope * np.arange(len(part))) ** 2).sum())


def fill_forward(values: list[Any], args: list[Any]) -> list[Any]:
    """Missing points take the value before them; those before the first known point stay."""
    missing = args[0] if args else None
    out, last = [], missing
    for value in values:
        last = last if value == missing else value
        out.append(last)
    return out


def fill_backward(values: list[Any], args: list[Any]) -> list[Any]:
    return fill_forward(values[::-1], args)[::-1]


def fill_const(values: list[Any], args: list[Any]) -> list[Any]:
    missing = args[1] if len(args) > 1 else None
    return [args[0] if value == missing else value for value in values]


def fill_linear(values: list[Any], args: list[Any]) -> list[Any]:
    """Missing points lie on the line between their neighbours, cut to whole numbers when all others are whole."""
    missing = args[0] if args else None
    edges = bool(args[1]) if len(args) > 1 and args[1] is not None else True
    if missing is not None and None in values:
        raise RunError("series_fill_linear: of null beside another placeholder")
    known = [place for place, value in enumerate(values) if value is not None and value != missing]
    if not known:
        return [args[2] if len(args) > 2 else 0.0] * len(values)
    whole = all(isinstance(values[place], int) for place in known)
    filled = np.interp(range(len(values)), known, [float(values[place]) for place in known])
    outside = [place for place in range(len(values)) if not known[0] <= place <= known[-1]] if not edges else []
    known_places = set(known)
    return [
        missing if place in outside else values[place] if place in known_places else int(value) if whole else value
        for place, value in enumerate(filled.tolist())
    ]


def filtered(values: Series, args: list[Any]) -> list[Any] | None:
    """series_fir: sums of neighbours weighted by a filter; null for a filter with negative weights that is to be normalized."""
    weights = [float(weight) for weight in args[0]]
    normalize = args[1] if len(args) > 1 and args[1] is not None else min(weights, default=0.0) >= 0
    center = bool(args[2]) if len(args) > 2 else False
    if normalize:
        total = sum(weights)
        if min(weights, default=0.0) < 0 or not total:
            return None
        weights = [weight / total for weight in weights]
    shift = len(weights) // 2 if center else 0
    y = complete("series_fir", values)
    return [
        sum(w * y[p + shift - k] for k, w in enumerate(weights) if 0 <= p + shift - k < len(y)) for p in range(len(y))
    ]


def recursive(values: Series, args: list[Any]) -> list[Any]:
    """series_iir."""
    top, bottom = [float(x) for x in args[0]], [float(x) for x in args[1]]
    y = complete("series_iir", values)
    out: list[float] = []
    for place in range(len(y)):
        value = 0.0 + sum(b * y[place - k] for k, b in enumerate(top) if place >= k)
        value -= sum(a * out[place - k] for k, a in enumerate(bottom) if k and place >= k)
        out.append(value / bottom[0])
    return out


def complete(name: str, values: Series) -> list[float]:
    """The points; only series_outliers reads missing ones, and what the others give for them is not documented."""
    if None in values:
        raise RunError(f"{name}: of a series with missing points; fill them first, as series_fill_linear(Series) does")
    return [value for value in values if value is not None]


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
    given = args[0] if args and isinstance(args[0], list) else list(range(1, len(values) + 1))
    at = read(dumps(given))
    degree = int(args[1]) if len(args) > 1 and args[1] is not None else 1
    x: Any = np.array(complete("series_fit_poly", at), float)
    y: Any = np.array(complete("series_fit_poly", values), float)
    if len(x) != len(y) or len(y) <= degree:
        raise RunError(f"series_fit_poly: of degree {degree} of {len(y)} points at {len(x)} places")
    if len(y) * degree > 10_000_000:
        raise RunError(f"series_fit_poly: of degree {degree} of {len(y)} points, which needs too much memory")
    coefficients = np.polyfit(x, y, degree)
    fitted = np.polyval(coefficients, x)
    return [
        _rsquare(y, fitted),
        list(coefficients),
        float(np.var(y, ddof=1)),
        float(np.var(y - fitted, ddof=1)),
        list(fitted),
    ]


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


def lines_bag(values: Series, args: list[Any]) -> Any:
    whole = ("rsquare", "split_idx", "variance", "rvariance", "line_fit")
    side = ("rsquare", "slope", "interception", "variance", "rvariance")
    found = fit_2lines(values, args)
    right, left = (dict(zip(side, found[start : start + 5], strict=True)) for start in (5, 10))
    return {**dict(zip(whole, found, strict=False)), "right": right, "left": left}


AS_WRITTEN = frozenset(("fill_forward", "fill_backward", "fill_const", "fill_linear"))
"""These keep the elements of a series as they stand: whole numbers stay whole."""

SEVERAL: dict[str, Callable[[Series, list[Any]], Any]] = {
    "stats": stats, "stats_dynamic": stats_bag, "fit_line": fit_line, "fit_line_dynamic": line_bag, "fit_2lines": fit_2lines,
    "fill_forward": fill_forward, "fill_backward": fill_backward, "fill_const": fill_const, "fill_linear": fill_linear,
    "outliers": outliers, "fir": filtered, "iir": recursive, "seasonal": seasonal, "fft": fourier, "ifft": inverse_fourier, "fit_poly": fit_poly,
    "decompose": decompose, "decompose_anomalies": decompose_anomalies, "decompose_forecast": decompose_forecast,
    "periods_detect": periods_detect, "periods_validate": periods_validate, "fit_2lines_dynamic": lines_bag,
}  # fmt: skip


def several(name: str, text: str, args: str) -> str | None:
    found = SEVERAL[name](_elements(text) if name in AS_WRITTEN else read(text), json.loads(args))
    if isinstance(found, dict) and (unsaid := _unsaid(found)):
        raise RunError(f"series_{name}: {unsaid}")
    if found is None:
        return None
    if isinstance(found, dict):
        return dumps({label: clean(value) for label, value in found.items()})
    return dumps(clean(found))


def _unsaid(bag: dict[str, Any]) -> str | None:
    """Why a part of a bag, or of a bag in it, is not given."""
    if UNSAID in bag:
        return str(bag[UNSAID])
    return next((why for part in bag.values() if isinstance(part, dict) and (why := _unsaid(part))), None)


def _elements(text: str) -> list[Any]:
    found = json.loads(text)
    numbers = found if isinstance(found, list) else []
    return [item if isinstance(item, int | float) and not isinstance(item, bool) else None for item in numbers]


FUNCTIONS = [
    Scalar("series_binary", "sss>s", binary),
    Scalar("series_unary", "ss>s", unary),
    Scalar("series_number", "sss>r", number),
    Scalar("series", "sss>s", several),
]
