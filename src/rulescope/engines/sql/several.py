"""Functions of series that give several columns, one column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Call, Named
from .values import Value, convert, quote, to_json, unsupported

if TYPE_CHECKING:
    from .expressions import Expressions

SEVERAL = {  # function: its columns and their types
    "series_decompose_anomalies": (("ad_flag", "dynamic"), ("ad_score", "dynamic"), ("baseline", "dynamic")),
    "series_decompose": (("baseline", "dynamic"), ("seasonal", "dynamic"), ("trend", "dynamic"), ("residual", "dynamic")),
    "series_fit_line": (("rsquare", "real"), ("slope", "real"), ("variance", "real"), ("rvariance", "real"), ("interception", "real"), ("line_fit", "dynamic")),
    "series_fit_2lines": (
        ("rsquare", "real"), ("split_idx", "long"), ("variance", "real"), ("rvariance", "real"), ("line_fit", "dynamic"),
        ("right_rsquare", "real"), ("right_slope", "real"), ("right_interception", "real"), ("right_variance", "real"), ("right_rvariance", "real"),
        ("left_rsquare", "real"), ("left_slope", "real"), ("left_interception", "real"), ("left_variance", "real"), ("left_rvariance", "real"),
    ),
    "series_stats": (("min", "real"), ("min_idx", "long"), ("max", "real"), ("max_idx", "long"), ("avg", "real"), ("stdev", "real"), ("variance", "real")),
    "series_fft": (("real", "dynamic"), ("imag", "dynamic")),
    "series_ifft": (("real", "dynamic"), ("imag", "dynamic")),
    "series_fit_poly": (("rsquare", "real"), ("coefficients", "dynamic"), ("variance", "real"), ("rvariance", "real"), ("poly_fit", "dynamic")),
    "series_decompose_forecast": (("baseline", "dynamic"), ("seasonal", "dynamic"), ("trend", "dynamic"), ("residual", "dynamic")),
    "series_periods_detect": (("periods", "dynamic"), ("scores", "dynamic")),
    "series_periods_validate": (("periods", "dynamic"), ("scores", "dynamic")),
}  # fmt: skip


def part_of(call: Call, key: object, at: Expressions) -> Value:
    """One of the columns of a series function of several: `series_stats(s).min`."""
    fields = SEVERAL[call.name]
    place = next((i for i, (name, _) in enumerate(fields) if name == key), None)
    if place is None:
        raise unsupported(f"{call.name} column {key}")
    args = [at.value(arg.value if isinstance(arg, Named) else arg) for arg in call.args]
    rest = ", ".join(f"coalesce({to_json(arg).sql}, 'null'::JSON)" for arg in args[1:])
    whole = f"kx_series({quote(call.name.removeprefix('series_'))}, {convert(args[0], 'dynamic').sql}::VARCHAR, json_array({rest})::VARCHAR)::JSON"
    return convert(Value(f"k_said(json_extract({whole}, '$[{place}]'))", "dynamic"), fields[place][1])
