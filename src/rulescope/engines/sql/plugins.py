"""`evaluate`: the plugins that are run; all others are refused by name. Columns that depend on data are asked for first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...model import Call, Evaluate, Field, Literal, Named
from ..types import SQL_TYPES
from .aggregates import ALIAS, aggregate_value
from .expressions import check_arguments
from .frame import Frame
from .plugins_cohorts import (
    active_users_count,
    activity_engagement,
    activity_metrics,
    dcount_intersect,
    new_activity_metrics,
    rolling_percentile,
)
from .plugins_lookup import geo_lookup, ip_lookup
from .plugins_time import activity_counts_metrics, rows_near, sliding_window_counts
from .values import Value, convert, null, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def evaluate(plan: Plan, stage: Evaluate, frame: Frame | None) -> Frame:
    """The rows a plugin gives."""
    build = PLUGINS.get(stage.plugin)
    if build is None or frame is None:
        raise unsupported(f"plugin {stage.plugin}")
    check_arguments(stage.plugin, len(stage.args), "plugin")
    after = build(plan, stage, frame)
    if not stage.schema:
        return after
    declared = {typed.name for typed in stage.schema}
    passed = [c for c in after.columns if stage.open and c.name not in declared and frame.find(c.name)]
    made = [(column.value, column) for column in passed]
    for typed in stage.schema:
        found = after.find(typed.name)
        made.append(
            (convert(found.value, typed.type) if found else null(typed.type), plan.column(typed.name, typed.type))
        )
    return plan.stage(after, made)


def _options(stage: Evaluate) -> dict[str, object]:
    return {arg.name: arg.value for arg in stage.args if isinstance(arg, Named)}


def _text(expr: object, what: str) -> str:
    if isinstance(expr, Named):
        expr = expr.value
    if isinstance(expr, Literal) and isinstance(expr.value, str):
        return expr.value
    raise unsupported(f"{what} that is no constant")


def _bag_unpack(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """A column per property found in the data, after the other columns, in the order of their names."""
    args = [arg for arg in stage.args if not isinstance(arg, Named)]
    options = _options(stage)
    if not isinstance(args[0], Field):
        raise unsupported("bag_unpack of an expression")
    bag = frame.column(args[0].name)
    if bag.type != "dynamic":
        raise unsupported("bag_unpack of a column that is not dynamic")
    prefix = (
        _text(args[1], "prefix of bag_unpack")
        if len(args) > 1
        else _text(options["OutputColumnPrefix"], "prefix")
        if "OutputColumnPrefix" in options
        else ""
    )
    conflict = (
        _text(args[2], "columnsConflict")
        if len(args) > 2
        else _text(options["columnsConflict"], "columnsConflict")
        if "columnsConflict" in options
        else "error"
    )
    ignored = set()
    ignore = args[3] if len(args) > 3 else options.get("ignoredProperties")
    if isinstance(ignore, Literal) and isinstance(ignore.value, str):
        import json

        ignored = set(json.loads(ignore.value))
    elif ignore is not None:
        raise unsupported("ignoredProperties that is no constant")
    others = [column for column in frame.columns if column.name != bag.name]
    made = [(column.value, column) for column in others]
    taken = {column.name: place for place, column in enumerate(others)}
    for name, kinds in _properties(plan, frame, bag.id):
        if name in ignored:
            continue
        value = Value(f"nullif(json_extract({bag.id}, {quote(_path(name))}), 'null'::JSON)", "dynamic")
        value = convert(value, _bag_type(kinds))
        label = prefix + name
        column = plan.column(label, value.type)
        if label not in taken:
            made.append((value, column))
        elif conflict == "replace_source":
            made[taken[label]] = (value, column)
        elif conflict != "keep_source":
            raise unsupported(f"bag_unpack of a property {label!r} that is a column already")
    return plan.stage(frame, made)


def _path(name: str) -> str:
    return '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _properties(plan: Plan, frame: Frame, bag: str) -> list[tuple[str, set[str]]]:
    pairs = f"SELECT unnest(map_entries(from_json(CASE WHEN json_type({bag}) = 'OBJECT' THEN {bag} END, '\"MAP(VARCHAR, JSON)\"'))) AS k_item FROM {frame.cte}"
    rows = plan.probe(f"SELECT k_item.key, json_type(k_item.value) FROM ({pairs})", 10_000_000)
    found: dict[str, set[str]] = {}
    for name, kind in rows:
        found.setdefault(name, set()).add(kind)
    if len(found) > 10_000:
        raise unsupported("bag_unpack to more than 10,000 columns")
    return sorted(found.items())


def _bag_type(kinds: set[str]) -> str:
    kinds = kinds - {"NULL"}
    if kinds == {"VARCHAR"}:
        return "string"
    if kinds == {"BOOLEAN"}:
        return "bool"
    if kinds and kinds <= {"UBIGINT", "BIGINT"}:
        return "long"
    if kinds == {"DOUBLE"}:
        return "real"
    return "dynamic"


def _pivot(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Distinct values of a column as columns, in their order; other named columns, or all that are left, as groups."""
    args = list(stage.args)
    if not isinstance(args[0], Field):
        raise unsupported("pivot of an expression")
    pivoted = frame.column(args[0].name)
    call = args[1] if len(args) > 1 and isinstance(args[1], Call) else Call("count")
    used = {field.name for field in call.args if isinstance(field, Field)}
    if len(args) > 2:
        groups = [frame.column(arg.name) for arg in args[2:] if isinstance(arg, Field)]
    else:
        groups = [column for column in frame.columns if column.name != pivoted.name and column.name not in used]
    text = convert(pivoted.value, "string").sql
    rows = plan.probe(f"SELECT DISTINCT {text} FROM {frame.cte} WHERE {pivoted.id} IS NOT NULL ORDER BY 1", 10_000)
    best = aggregate_value(plan, frame, call)
    made = []
    for (name,) in rows:
        if not name:
            raise unsupported("pivot of empty text, which names no column")
        made.append((name, plan.column(name, best.type)))
    ids = [column.id for column in groups]
    parts = plan.cte(
        f"SELECT {', '.join([*ids, f'{text} AS k_name', f'{best.sql} AS k_value'])} FROM {frame.cte} GROUP BY {', '.join([*ids, 'k_name'])}"
    )
    blank = _blank(call.name, best)
    items = ids + [
        f"CASE WHEN count(*) FILTER (WHERE k_name = {quote(name)}) > 0"
        f" THEN any_value(k_value) FILTER (WHERE k_name = {quote(name)}) ELSE {blank} END AS {column.id}"
        for name, column in made
    ]
    cte = plan.cte(
        f"SELECT {', '.join(items) or '1 AS k_none'} FROM {parts}{' GROUP BY ' + ', '.join(ids) if ids else ''}"
    )
    return Frame(cte, (*groups, *(column for _, column in made)))


def _blank(name: str, best: Value) -> str:
    """What a cell without rows holds: nothing counted or summed, no value at all, else what the page does not say."""
    name = ALIAS.get(name, name)
    if name in ("count", "dcount", "sum", "countif", "dcountif", "sumif", "count_distinct"):
        return f"0::{SQL_TYPES[best.type]}"
    if name in ("min", "max", "take_any"):
        return null(best.type).sql
    return f"error({quote(f'UnsupportedError: pivot of {name} with a cell without rows')})::{SQL_TYPES[best.type]}"


def _narrow(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """A row per cell: row number, column name, text of the value."""
    numbered = plan.cte(f"SELECT *, row_number() {frame.over()} - 1 AS k_row FROM {frame.cte}")
    columns = (plan.column("Row", "long"), plan.column("Column", "string"), plan.column("Value", "string"))
    place = plan.fresh()
    parts = [
        f"SELECT k_row AS {columns[0].id}, {quote(c.name)} AS {columns[1].id}, {convert(c.value, 'string').sql} AS {columns[2].id}, {i} AS {place} FROM {numbered}"
        for i, c in enumerate(frame.columns)
    ]
    whole = plan.cte(" UNION ALL ".join(parts))
    from .frame import OrderKey

    return Frame(whole, columns, order=(OrderKey(columns[0].id, False, False), OrderKey(place, False, False)))


PLUGINS: dict[str, Callable[[Plan, Evaluate, Frame], Frame]] = {
    "bag_unpack": _bag_unpack, "pivot": _pivot, "narrow": _narrow, "ipv4_lookup": ip_lookup, "ipv6_lookup": ip_lookup,
    "rows_near": rows_near, "sliding_window_counts": sliding_window_counts, "activity_counts_metrics": activity_counts_metrics,
    "activity_metrics": activity_metrics, "activity_engagement": activity_engagement, "new_activity_metrics": new_activity_metrics,
    "active_users_count": active_users_count, "rolling_percentile": rolling_percentile, "dcount_intersect": dcount_intersect,
    "geo_polygon_lookup": geo_lookup, "geo_line_lookup": geo_lookup,
}  # fmt: skip
