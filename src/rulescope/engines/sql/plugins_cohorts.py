"""Plugins over the activity of ids: who came back, who is new, who comes often; and percentiles of windows that roll.

Where a page leaves open what its example does not show (windows without rows, where a look-back begins), the run ends if the answer
depends on it. Source: https://learn.microsoft.com/kusto/query/activity-metrics-plugin, new-activity-metrics-plugin,
active-users-count-plugin, activity-engagement-plugin, rolling-percentile-plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...binding import RowType, Scope, step_row
from ...model import Evaluate, Expr, Field, Literal, Query, Scan, ToScalar
from .frame import Col, Frame, OrderKey
from .macros import DAY
from .plugins_time import Line, id_line, width_sql
from .values import Value, convert, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of time that follow each other, numbered: the number of a moment's window, and the start of a number's."""

    number: Callable[[str], str]
    start: Callable[[str], str]


def _windows(plan: Plan, expr: Expr, line: Line, name: str) -> Windows:
    """Windows of a width from the start on, or the weeks, months or years of the calendar."""
    if isinstance(expr, Literal) and expr.type == "string":
        found = CALENDAR.get(str(expr.value).lower())
        if found is None or line.time.type != "datetime":
            raise unsupported(f"{name} by {expr.value!r}")
        number, moment = found
        first = number.format(line.start)
        return Windows(lambda sql: number.format(sql), lambda sql: moment.format(sql, line.start, first))
    width = width_sql(plan, expr, line, name)
    return Windows(
        lambda sql: f"k_floor_div({sql} - {line.start}, {width})", lambda sql: f"({line.start} + {sql} * {width})"
    )


MONTHS = "(date_part('year', k_ts({0})) * 12 + date_part('month', k_ts({0})) - 1)"
CALENDAR = {  # the number of a moment {0}; the start of a number {0}, by the first moment {1} and its number {2}
    "week": (f"(({{0}} // {DAY} + 1) // 7)", f"(({{0}} * 7 - 1) * {DAY})"),
    "month": (MONTHS, "k_month_start({1}, {0} - {2})"),
    "year": (
        "date_part('year', k_ts({0}))",
        "k_month_start({1}, ({0} - {2}) * 12 + 1 - date_part('month', k_ts({1})))",
    ),
}


def _refuse(what: str, kind: str = "BIGINT") -> str:
    return f"error({quote('UnsupportedError: ' + what)})::{kind}"


def _seen(plan: Plan, line: Line, windows: Windows) -> str:
    """The windows each id is in: id, dimensions, k_w."""
    return plan.cte(
        f"SELECT DISTINCT {line.id.id}{line.group}, {windows.number(line.time.id)} AS k_w FROM {line.cte}"
        f" WHERE {line.time.id} BETWEEN {line.start} AND {line.stop} AND {line.id.id} IS NOT NULL"
    )


def _by(line: Line) -> str:
    return f"PARTITION BY {line.group[2:]} " if line.dimensions else ""


# ---------------------------------------------------------------- one window and the one before


def activity_metrics(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per window: distinct ids, those not in the window before, and which share of that came back or did not."""
    name = stage.plugin
    if len(stage.args) < 5 or isinstance(stage.args[4], Field):
        raise unsupported(f"{name} without start and end")
    line = id_line(plan, frame, stage.args[:4], stage.args[5:], name)
    windows = _windows(plan, stage.args[4], line, name)
    known = plan.cte(
        f"SELECT *, coalesce(lag(k_w) OVER (PARTITION BY {line.id.id}{line.group} ORDER BY k_w) = k_w - 1, FALSE) AS k_known"
        f" FROM {_seen(plan, line, windows)}"
    )
    counted = plan.cte(
        f"SELECT k_w{line.group}, count(*) AS k_all, count(*) FILTER (WHERE NOT k_known) AS k_new FROM {known} GROUP BY k_w{line.group}"
    )
    moment = plan.column(line.time.name, line.time.type)
    total, new = plan.column("dcount_values", "long"), plan.column("dcount_newvalues", "long")
    retention, churn = plan.column("retention_rate", "real"), plan.column("churn_rate", "real")
    size = f"{windows.number(line.stop)} - {windows.number(line.start)} + 1"
    whole = plan.cte(
        f"SELECT *, coalesce((k_all - k_new)::DOUBLE / lag(k_all) OVER ({_by(line)}ORDER BY k_w), 'nan'::DOUBLE) AS k_kept,"
        f" count(*) OVER ({_by(line)}) = {size} AS k_whole FROM {counted}"
    )
    gap = _refuse(f"{name} over windows without ids", "BOOLEAN")
    cte = plan.cte(
        f"SELECT {windows.start('k_w')} AS {moment.id}{line.group}, k_all AS {total.id}, k_new AS {new.id},"
        f" k_kept AS {retention.id}, 1 - k_kept AS {churn.id} FROM {whole} WHERE CASE WHEN k_whole THEN TRUE ELSE {gap} END"
    )
    columns = (moment, *line.dimensions, total, new, retention, churn)
    return Frame(cte, columns, order=(OrderKey(moment.id, False, False),))


def activity_engagement(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per inner window: its distinct ids, those of the outer window that ends with it, and the ratio."""
    name = stage.plugin
    if len(stage.args) < 6 or isinstance(stage.args[4], Field) or isinstance(stage.args[5], Field):
        raise unsupported(f"{name} without start and end")
    line = id_line(plan, frame, stage.args[:4], stage.args[6:], name)
    inner, outer = (width_sql(plan, arg, line, name) for arg in stage.args[4:6])
    windows = _windows(plan, stage.args[4], line, name)
    counted = plan.cte(
        f"SELECT k_w{line.group}, count(*) AS k_inner FROM {_seen(plan, line, windows)} GROUP BY k_w{line.group}"
    )
    same = "".join(f" AND k_l.{c.id} IS NOT DISTINCT FROM k_c.{c.id}" for c in line.dimensions)
    end = f"({windows.start('k_c.k_w')} + {inner})"
    groups = "".join(f", k_c.{c.id}" for c in line.dimensions)
    ids = f"count(DISTINCT k_l.{line.id.id})"
    wide = plan.cte(
        f"SELECT k_c.k_w{groups}, any_value(k_c.k_inner) AS k_inner, {ids} AS k_ever,"
        f" {ids} FILTER (WHERE k_l.{line.time.id} BETWEEN {line.start} AND {line.stop}) AS k_outer FROM {counted} k_c"
        f" JOIN {line.cte} k_l ON k_l.{line.time.id} >= {end} - {outer} AND k_l.{line.time.id} < {end}{same} GROUP BY k_c.k_w{groups}"
    )
    moment = plan.column(line.time.name, line.time.type)
    near, far = (plan.column(f"dcount_activities_{which}", "long") for which in ("inner", "outer"))
    ratio = plan.column("activity_ratio", "real")
    early = _refuse(f"{name} with ids before its start or after its end")
    cte = plan.cte(
        f"SELECT {windows.start('k_w')} AS {moment.id}{line.group}, k_inner AS {near.id},"
        f" CASE WHEN k_ever = k_outer THEN k_outer ELSE {early} END AS {far.id}, k_inner::DOUBLE / k_outer AS {ratio.id} FROM {wide}"
    )
    return Frame(cte, (moment, *line.dimensions, near, far, ratio), order=(OrderKey(moment.id, False, False),))


# ---------------------------------------------------------------- cohorts of new ids


def new_activity_metrics(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per window and each later one: of the ids first seen there, those that came back, and the ids seen first after it."""
    name = stage.plugin
    if len(stage.args) < 5:
        raise unsupported(f"{name} with these arguments")
    rest = list(stage.args[5:])
    cohort = rest.pop(0) if rest and not _tabular(rest[0], frame) and not isinstance(rest[0], Field) else None
    before = rest.pop() if rest and _tabular(rest[-1], frame) else None
    line = id_line(plan, frame, stage.args[:4], tuple(rest), name)
    windows = _windows(plan, stage.args[4], line, name)
    seen = _seen(plan, line, windows)
    if before is not None:
        seen = plan.cte(f"SELECT * FROM {seen} WHERE {line.id.id} NOT IN ({_known(plan, before, stage.args[0], name)})")
    firsts = plan.cte(f"SELECT *, min(k_w) OVER (PARTITION BY {line.id.id}{line.group}) AS k_f FROM {seen}")
    matrix = plan.cte(f"SELECT k_f, k_w{line.group}, count(*) AS k_n FROM {firsts} GROUP BY k_f, k_w{line.group}")
    numbers = plan.cte(
        f"SELECT unnest(generate_series({windows.number(line.start)}::BIGINT, {windows.number(line.stop)}::BIGINT)) AS k_i"
    )
    groups = plan.cte(f"SELECT DISTINCT {line.group[2:] or '1 AS k_one'} FROM {matrix}")
    grid = plan.cte(
        f"SELECT k_a.k_i AS k_f, k_b.k_i AS k_w, k_g.* FROM {numbers} k_a JOIN {numbers} k_b ON k_a.k_i <= k_b.k_i CROSS JOIN {groups} k_g"
    )
    same = "".join(f" AND k_m.{c.id} IS NOT DISTINCT FROM k_g.{c.id}" for c in line.dimensions)
    filled = plan.cte(
        f"SELECT k_g.*, coalesce(k_n, 0) AS k_n FROM {grid} k_g LEFT JOIN {matrix} k_m ON k_m.k_f = k_g.k_f AND k_m.k_w = k_g.k_w{same}"
    )
    by = f", {line.group[2:]}" if line.dimensions else ""
    summed = plan.cte(
        f"SELECT *, max(k_n) FILTER (WHERE k_f = k_w) OVER (PARTITION BY k_f{by}) AS k_size,"
        f" coalesce(sum(k_n) OVER (PARTITION BY k_w{by} ORDER BY k_f DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS k_later"
        f" FROM {filled}"
    )
    start, stop = (plan.column(f"{which}_{line.time.name}", line.time.type) for which in ("from", "to"))
    new, kept, lost = (
        plan.column(label, "long") for label in ("dcount_new_values", "dcount_retained_values", "dcount_churn_values")
    )
    retention, churn = plan.column("retention_rate", "real"), plan.column("churn_rate", "real")
    none = _refuse(f"{name} for a window without new ids", "DOUBLE")
    where = ""
    if cohort is not None:
        moment = plan.constant(frame, cohort, line.time.type, f"cohort of {name}").sql
        where = f" WHERE k_f = {windows.number(moment)}"
    cte = plan.cte(
        f"SELECT {windows.start('k_f')} AS {start.id}, {windows.start('k_w')} AS {stop.id}{line.group},"
        f" (CASE WHEN k_f = k_w THEN k_size ELSE k_later END)::BIGINT AS {new.id}, k_n AS {kept.id}, k_size - k_n AS {lost.id},"
        f" CASE WHEN k_size = 0 THEN {none} ELSE k_n / k_size::DOUBLE END AS {retention.id},"
        f" CASE WHEN k_size = 0 THEN {none} ELSE (k_size - k_n) / k_size::DOUBLE END AS {churn.id} FROM {summed}{where}"
    )
    columns = (start, stop, *line.dimensions, new, kept, lost, retention, churn)
    order = (OrderKey(start.id, False, False), OrderKey(stop.id, False, False))
    return Frame(cte, columns, order=order)


def _tabular(expr: Expr, frame: Frame) -> bool:
    return isinstance(expr, ToScalar) or (isinstance(expr, Field) and frame.find(expr.name) is None)


def _known(plan: Plan, expr: Expr, who: Expr, name: str) -> str:
    """SQL of the ids of the rows given as look-back: the column named as the ids are, or the only one."""
    rows = plan.query(expr.query if isinstance(expr, ToScalar) else Query((Scan(getattr(expr, "name", "")),)))
    found = rows.find(getattr(who, "name", "")) or (rows.columns[0] if len(rows.columns) == 1 else None)
    if found is None:
        raise unsupported(f"{name} with a look-back without the column of ids")
    return f"SELECT {found.id} FROM {rows.cte} WHERE {found.id} IS NOT NULL"


# ---------------------------------------------------------------- ids that come often


def active_users_count(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per bin: the ids that, at one of their rows in it, were there in so many periods of the look-back before."""
    name = stage.plugin
    if len(stage.args) < 8:
        raise unsupported(f"{name} with these arguments")
    line = id_line(plan, frame, stage.args[:4], stage.args[8:], name)
    back, period, width = (width_sql(plan, stage.args[place], line, name) for place in (4, 5, 7))
    least = plan.constant(frame, stage.args[6], "long", f"active periods of {name}").sql
    time, who = line.time.id, line.id.id
    same = "".join(f" AND k_b.{c.id} IS NOT DISTINCT FROM k_a.{c.id}" for c in line.dimensions)
    groups = "".join(f", k_a.{c.id}" for c in line.dimensions)
    aligned = (f"k_bin(k_b.{time}, {period})", f"k_floor_div(k_b.{time} - {line.start}, {period})")
    later = f" FILTER (WHERE k_b.{time} > k_a.{time} - {back} + {period})"
    counts = [f"count(DISTINCT {sql}){where}" for sql in aligned for where in ("", later)]
    flags = ", ".join(f"{sql} >= {least} AS k_{place}" for place, sql in enumerate(counts))
    rows = plan.cte(
        f"SELECT k_a.{who}, k_a.{time}{groups}, {flags} FROM (SELECT DISTINCT {who}, {time}{line.group} FROM {line.cte}) k_a"
        f" JOIN {line.cte} k_b ON k_b.{who} = k_a.{who}{same} AND k_b.{time} <= k_a.{time} AND k_b.{time} > k_a.{time} - {back}"
        f" WHERE k_a.{time} BETWEEN {line.start} AND {line.stop} GROUP BY k_a.{who}, k_a.{time}{groups}"
    )
    moment, found = plan.column(line.time.name, line.time.type), plan.column("dcount", "long")
    ids = [f"count(DISTINCT {who}) FILTER (WHERE k_{place})" for place in range(len(counts))]
    binned = plan.cte(
        f"SELECT {line.start} + k_floor_div({time} - {line.start}, {width}) * {width} AS {moment.id}{line.group},"
        f" greatest({', '.join(ids)}) AS k_most, least({', '.join(ids)}) AS k_least FROM {rows} GROUP BY {moment.id}{line.group}"
    )
    refusal = _refuse(f"{name} where it depends on how far the look-back reaches", "BOOLEAN")
    cte = plan.cte(
        f"SELECT {moment.id}{line.group}, k_most AS {found.id} FROM {binned}"
        f" WHERE CASE WHEN k_most = k_least THEN k_most > 0 ELSE {refusal} END"
    )
    return Frame(cte, (moment, *line.dimensions, found), order=(OrderKey(moment.id, False, False),))


# ---------------------------------------------------------------- percentiles


def rolling_percentile(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per bin: the percentile of the values of so many bins that end with it."""
    from .aggregates import Site, percentile_sql
    from .plan import row_of

    name = stage.plugin
    if len(stage.args) < 5 or frame.groups:
        raise unsupported(f"{name} with these arguments")
    if any(not isinstance(arg, Field) for arg in (stage.args[0], stage.args[2], *stage.args[5:])):
        raise unsupported(f"{name} of expressions that are no columns")
    at = plan.expressions(frame)
    value, index, *dimensions = (at.value(arg) for arg in (stage.args[0], stage.args[2], *stage.args[5:]))
    share = at.value(stage.args[1]).constant
    if not isinstance(share, int | float):
        raise unsupported(f"{name} by a computed percentage")
    kind = "timespan" if index.type in ("datetime", "timespan") else index.type
    size = plan.constant(frame, stage.args[3], kind, f"bins of {name}").sql
    many = plan.constant(frame, stage.args[4], "long", f"bins of {name}").sql
    names = _bound_names(stage, row_of(frame))
    moment = plan.column(names[0], index.type)
    groups = [plan.column(label, each.type) for label, each in zip(names[1:-1], dimensions, strict=True)]
    result = plan.column(names[-1], value.type)
    by = "".join(f", {column.id}" for column in groups)
    items = "".join(f", {each.sql} AS {column.id}" for each, column in zip(dimensions, groups, strict=True))
    binned = plan.cte(
        f"SELECT k_bin({index.sql}, {size}) AS k_b, {value.sql} AS k_v{items} FROM {frame.cte} WHERE {index.sql} IS NOT NULL"
    )
    over = f"PARTITION BY {by[2:]} " if groups else ""
    gap = f"k_b - lag(k_b) OVER ({over}ORDER BY k_b) <> {size}"
    edge = f"min(k_b) OVER ({over}) <> min(k_b) OVER () OR max(k_b) OVER ({over}) <> max(k_b) OVER ()"
    points = plan.cte(
        f"SELECT *, coalesce({gap}, FALSE) OR {edge} AS k_gap FROM (SELECT DISTINCT k_b{by} FROM {binned})"
    )
    same = "".join(f" AND k_v.{c.id} IS NOT DISTINCT FROM k_p.{c.id}" for c in groups)
    keys = "".join(f", k_p.{c.id}" for c in groups)
    best = percentile_sql(Value("k_v.k_v", value.type), float(share), Site(at, "", ""))
    refusal = _refuse(f"{name} over bins without rows", "BOOLEAN")
    whole = plan.cte(f"SELECT * FROM {points} WHERE CASE WHEN k_gap THEN {refusal} ELSE TRUE END")
    cte = plan.cte(
        f"SELECT k_p.k_b AS {moment.id}{keys}, {best} AS {result.id} FROM {whole} k_p"
        f" JOIN {binned} k_v ON k_v.k_b <= k_p.k_b AND k_v.k_b > k_p.k_b - {size} * {many}{same} GROUP BY k_p.k_b{keys}"
    )
    order = (*(OrderKey(column.id, False, False) for column in groups), OrderKey(moment.id, False, False))
    return Frame(cte, (moment, *groups, result), order=order)


def _bound_names(stage: Evaluate, row: RowType) -> list[str]:
    return list(step_row(stage, row, Scope()).names)


def dcount_intersect(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Columns s0, s1, ...: distinct values of the first sketch, of the first and second, and so on."""
    at = plan.expressions(frame)
    sketches = ", ".join(convert(at.value(arg), "dynamic").sql for arg in stage.args)
    common = Value(f"kx_hll_common(json_array({sketches})::VARCHAR)::JSON", "dynamic")
    made: list[tuple[Value, Col]] = plan.kept(frame)
    for place in range(len(stage.args)):
        found = convert(Value(f"json_extract({common.sql}, '$[{place}]')", "dynamic"), "long")
        made.append((found, plan.column(f"s{place}", "long")))
    return plan.stage(frame, made)
