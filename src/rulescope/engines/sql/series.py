"""`make-series`: aggregates along an axis as arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import MakeSeries
from .aggregates import aggregate_value
from .frame import Frame
from .values import Value, convert, number, to_json, unsupported

if TYPE_CHECKING:
    from .plan import Plan


MOST_POINTS = 1 << 20
"""Points of a series; the language reference allows no more."""


def make_series(plan: Plan, stage: MakeSeries, frame: Frame) -> Frame:
    """One row a group: an array per aggregate, and the axis."""
    always = any(option.name == "kind" and option.value == "nonempty" for option in stage.properties) and not stage.by
    if always and (stage.start is None or stage.stop is None or frame.groups):
        raise unsupported("make-series kind=nonempty without from and to, or within parts")
    at = plan.expressions(frame)
    axis = number(at.value(stage.axis.value), "make-series")
    time = axis.type in ("datetime", "timespan")
    step = plan.constant(
        frame, stage.step, "timespan" if time else axis.type if axis.type == "real" else "long", "step of make-series"
    )
    kind = axis.type if time or axis.type == "real" else "long"
    axis = convert(axis, kind)
    start = plan.constant(frame, stage.start, kind, "start of make-series") if stage.start is not None else None
    stop = plan.constant(frame, stage.stop, kind, "end of make-series") if stage.stop is not None else None
    labels = [name for name, _ in plan.named(stage, frame)]
    by = []
    for name, key in zip(labels, stage.by, strict=False):
        value = at.value(key.value)
        by.append((value, plan.column(name, value.type)))
    moment = plan.column("\x00axis", kind)
    rows = replace(frame, cte=plan.cte(plan.select(frame, [*plan.kept(frame), *by, (axis, moment)])))
    floor = "k_bin" if kind != "real" else "k_real_bin"
    source = "" if start and stop else f" FROM {rows.cte}"
    bounds = plan.cte(
        f"SELECT {start.sql if start else f'{floor}(min({moment.id}), {step.sql})'} AS k_start,"
        f" {stop.sql if stop else f'{floor}(max({moment.id}), {step.sql}) + {step.sql}'} AS k_stop{source}"
    )
    keys = [*frame.groups, *(column.id for _, column in by)]
    size = f"ceil((k_stop - k_start)::DOUBLE / {step.sql})::BIGINT"
    size = f"CASE WHEN {size} > {MOST_POINTS} THEN error('make-series of more than {MOST_POINTS} points')::BIGINT ELSE {size} END"
    spot = (
        f"floor(({moment.id} - k_start)::DOUBLE / {step.sql})::BIGINT"
        if kind == "real"
        else f"k_floor_div({moment.id} - k_start, {step.sql})"
    )
    inside = plan.cte(
        f"SELECT {rows.cte}.*, {spot} AS k_spot, k_start, {size} AS k_size FROM {rows.cte}, {bounds} WHERE {moment.id} >= k_start AND {moment.id} < k_stop"
    )
    binned = replace(rows, cte=inside)
    made = [
        (name, aggregate_value(plan, binned, column.value))
        for name, column in zip(labels[len(by) :], stage.aggregates, strict=False)
    ]
    columns = [plan.column(name, "dynamic") for name, _ in made]
    group = "".join(f"{key}, " for key in keys)
    sums = plan.cte(
        f"SELECT {group}k_spot, {', '.join(f'{value.sql} AS {column.id}' for (_, value), column in zip(made, columns, strict=True))} FROM {inside} GROUP BY {group}k_spot"
    )
    groups = plan.cte(
        f"SELECT k_start, {size} AS k_size FROM {bounds}"
        if always
        else f"SELECT {group}any_value(k_start) AS k_start, any_value(k_size) AS k_size FROM {inside}{' GROUP BY ' + ', '.join(keys) if keys else ' HAVING count(*) > 0'}"
    )
    grid = plan.cte(f"SELECT k_each.*, k_spots.k_spot FROM {groups} k_each, range(k_each.k_size) k_spots(k_spot)")
    same = " AND ".join(["k_g.k_spot = k_s.k_spot", *(f"k_g.{key} IS NOT DISTINCT FROM k_s.{key}" for key in keys)])
    arrays = []
    for place, ((_, value), column) in enumerate(zip(made, columns, strict=True)):
        given = stage.defaults[place] if place < len(stage.defaults) else None
        empty = (
            to_json(convert(plan.constant(frame, given, value.type, "default of make-series"), value.type)).sql
            if given is not None
            else _default(value.type)
        )
        item = f"coalesce({to_json(Value(f'k_s.{column.id}', value.type)).sql}, {empty}, 'null'::JSON)"
        item = f"CASE WHEN k_s.k_spot IS NULL THEN coalesce({empty}, 'null'::JSON) ELSE {item} END"
        arrays.append(f"to_json(list({item} ORDER BY k_g.k_spot)) AS {column.id}")
    point = Value(f"(k_g.k_start + k_g.k_spot * {step.sql})", kind)
    line = plan.column(labels[-1], "dynamic")
    arrays.append(f"to_json(list({to_json(point).sql} ORDER BY k_g.k_spot)) AS {line.id}")
    head = "".join(f"k_g.{key}, " for key in keys)
    tail = f" GROUP BY {', '.join(f'k_g.{key}' for key in keys)}" if keys else " HAVING count(*) > 0"
    cte = plan.cte(f"SELECT {head}{', '.join(arrays)} FROM {grid} k_g LEFT JOIN {sums} k_s ON {same}{tail}")
    return Frame(cte, (*(column for _, column in by), *columns, line), groups=frame.groups)


def _default(kind: str) -> str:
    if kind in ("long", "int", "real", "decimal"):
        return "'0.0'::JSON" if kind == "real" else "'0'::JSON"
    return "'null'::JSON"
