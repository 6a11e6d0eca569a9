"""Charts of a result, as `render` asks for: SVG and PNG through Vega-Lite, or text for a terminal.

Which column is what follows Kusto: the first column is the x axis (the first datetime for a timechart), numeric columns are
the values, text columns make series; `xcolumn`, `ycolumns`, `series`, `title`, `xtitle`, `ytitle`, `kind` override.
Source: https://learn.microsoft.com/kusto/query/render-operator
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pyarrow as pa

from ..errors import UnsupportedError
from ..model import Render

MOST_POINTS = 20_000

MARKS = {  # chart: (Vega-Lite mark, horizontal)
    "timechart": ("line", False),
    "linechart": ("line", False),
    "areachart": ("area", False),
    "stackedareachart": ("area", False),
    "columnchart": ("bar", False),
    "barchart": ("bar", True),
    "scatterchart": ("point", False),
    "piechart": ("arc", False),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column of the result is in the chart."""

    x: str
    values: tuple[str, ...]
    series: tuple[str, ...]
    temporal: bool


def layout(table: pa.Table, render: Render) -> Layout:
    """The columns of `table` by their part in the chart. Raises UnsupportedError when no column is a number."""
    options = {item.name.lower(): str(item.value) for item in render.properties}
    names = list(table.column_names)
    times = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    numbers = [field.name for field in table.schema if _is_number(field.type)]
    x = options.get("xcolumn") or (times[0] if times and render.chart in ("timechart", "linechart") else names[0])
    chosen = tuple(name.strip() for name in options.get("ycolumns", "").split(",") if name.strip())
    values = chosen or tuple(name for name in numbers if name != x)
    listed = tuple(name.strip() for name in options.get("series", "").split(",") if name.strip())
    series = listed or tuple(name for name in names if name not in (x, *values) and name not in times)
    missing = [name for name in (x, *values, *series) if name not in names]
    if missing:
        raise UnsupportedError("render", f"{render.chart} of a column that is not in the result: {', '.join(missing)}")
    if not values:
        raise UnsupportedError("render", f"{render.chart} of a result without a number column")
    return Layout(x, values, series, x in times)


def svg(table: pa.Table, render: Render) -> str:
    """The chart as SVG text. Raises UnsupportedError for a chart kind without a drawing, or without the charts extra."""
    drawn: str = _converter().vegalite_to_svg(json.dumps(_specification(table, render)))
    return drawn


def png(table: pa.Table, render: Render, scale: float = 2.0) -> bytes:
    """The chart as PNG bytes."""
    drawn: bytes = _converter().vegalite_to_png(json.dumps(_specification(table, render)), scale=scale)
    return drawn


def terminal(table: pa.Table, render: Render, width: int = 100, height: int = 24) -> str:
    """The chart as text, drawn with block characters, `width` by `height` characters."""
    found = layout(table, render)
    rows = _points(table, found)
    labels = (
        sorted({str(row["x"]) for row in rows})
        if found.temporal
        else list(dict.fromkeys(str(row["x"]) for row in rows))
    )
    names = list(dict.fromkeys(str(row["series"]) for row in rows))
    cells: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (str(row["x"]), str(row["series"]))
        cells[key] = cells.get(key, 0.0) + float(row["value"])
    most = max((abs(value) for value in cells.values()), default=0.0) or 1.0
    room = max(10, width - 44)
    lines = [_option(render, "title") or ""]
    for label in labels[: max(1, height * 4)]:
        for name in names:
            if (label, name) in cells:
                value = cells[label, name]
                bar = _blocks(abs(value) / most * room)
                caption = label if len(names) == 1 else f"{label} {name}"
                lines.append(f"{caption[:28]:<28} {value:>12,.6g} {bar}")
    return "\n".join(line for line in lines if line)


def _blocks(length: float) -> str:
    whole = int(length)
    part = int((length - whole) * 8)
    return "█" * whole + ("▏▎▍▌▋▊▉"[part - 1] if part else "")


def _specification(table: pa.Table, render: Render) -> dict[str, Any]:
    if render.chart not in MARKS:
        raise UnsupportedError("render", f"chart kind {render.chart}")
    found = layout(table, render)
    mark, horizontal = MARKS[render.chart]
    value = {"field": "value", "type": "quantitative", "title": _option(render, "ytitle") or ", ".join(found.values)}
    axis: dict[str, Any] = {"field": "x", "type": "temporal" if found.temporal else _scale(table, found.x)}
    axis["title"] = _option(render, "xtitle") or found.x
    if axis["type"] == "nominal":
        axis["sort"] = None
    split = len(found.values) > 1 or bool(found.series)
    encoding: dict[str, Any]
    if mark == "arc":
        encoding = {"theta": {**value, "stack": True}, "color": {"field": "x", "type": "nominal", "title": found.x}}
    elif horizontal:
        encoding = {"y": {**axis, "type": "nominal", "sort": None}, "x": value}
    else:
        encoding = {
            "x": {**axis, "type": "nominal", "sort": None} if mark == "bar" and not found.temporal else axis,
            "y": value,
        }
    if split and mark != "arc":
        encoding["color"] = {"field": "series", "type": "nominal", "title": ", ".join(found.series) or None}
        if _option(render, "kind") == "unstacked" and mark == "bar":
            encoding["yOffset" if horizontal else "xOffset"] = {"field": "series"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": _option(render, "title") or None,
        "width": 720,
        "height": 320,
        "background": "white",
        "data": {"values": _points(table, found)},
        "mark": {"type": mark, "tooltip": True, **({"point": True} if mark == "line" and table.num_rows <= 60 else {})},
        "encoding": encoding,
    }


def _points(table: pa.Table, found: Layout) -> list[dict[str, Any]]:
    if table.num_rows * len(found.values) > MOST_POINTS:
        raise UnsupportedError(
            "render", f"a chart of {table.num_rows * len(found.values):,} points; at most {MOST_POINTS:,}"
        )
    points: list[dict[str, Any]] = []
    for row in table.to_pylist():
        group = ", ".join(str(row[name]) for name in found.series)
        x = row[found.x]
        at = x.isoformat() if hasattr(x, "isoformat") else x
        for name in found.values:
            if row[name] is not None:
                label = group if len(found.values) == 1 else f"{group}: {name}" if group else name
                points.append({"x": at, "value": float(row[name]), "series": label})
    return points


def _scale(table: pa.Table, name: str) -> str:
    return "quantitative" if _is_number(table.schema.field(name).type) else "nominal"


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _option(render: Render, name: str) -> str:
    return next((str(item.value) for item in render.properties if item.name.lower() == name), "")


def _converter() -> Any:
    try:
        return import_module("vl_convert")
    except ImportError as error:
        raise UnsupportedError(
            "render", "SVG or PNG without the charts extra: pip install 'rulescope[charts]'"
        ) from error
