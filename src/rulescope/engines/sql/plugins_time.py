"""Plugins over a line of time: rows near a condition, counts of ids in windows that slide or follow each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...model import Evaluate, Expr, Field
from .frame import Col, Frame, OrderKey
from .values import Value, convert, number, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def rows_near(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """The rows up to so many before and after one that satisfies the condition."""
    if not 2 <= len(stage.args) <= 3:
        raise unsupported("rows_near with these arguments")
    before = plan.constant(frame, stage.args[1], "long", "rows of rows_near").sql
    after = plan.constant(frame, stage.args[-1], "long", "rows of rows_near").sql
    holds = plan.expressions(frame).holds(stage.args[0])
    flag, place, near = plan.column("", "bool"), plan.column("", "long"), plan.fresh()
    made = [
        (Value(f"coalesce({holds}, FALSE)", "bool"), flag),
        (Value(f"row_number() {frame.over()}", "long"), place),
    ]
    numbered = plan.cte(plan.select(frame, [*plan.kept(frame), *made]))
    groups = f"PARTITION BY {', '.join(frame.groups)} " if frame.groups else ""
    window = f"({groups}ORDER BY {place.id} ROWS BETWEEN {after} PRECEDING AND {before} FOLLOWING)"
    cte = plan.cte(f"SELECT *, bool_or({flag.id}) OVER {window} AS {near} FROM {numbered}")
    return plan.filtered(replace(frame, cte=cte), near)


@dataclass(frozen=True, slots=True)
class Line:
    """What the plugins over ids and times share: a CTE of id, time and dimensions, and the bounds, in the unit of the time."""

    cte: str
    id: Col
    time: Col
    dimensions: tuple[Col, ...]
    start: str
    stop: str

    @property
    def group(self) -> str:
        return "".join(f", {column.id}" for column in self.dimensions)


def id_line(plan: Plan, frame: Frame, args: tuple[Expr, ...], dimensions: tuple[Expr, ...], name: str) -> Line:
    if frame.groups:
        raise unsupported(f"{name} inside a partition")
    at = plan.expressions(frame)
    who, when = at.value(args[0]), number(at.value(args[1]), name)
    if not isinstance(args[1], Field) or any(not isinstance(arg, Field) for arg in dimensions):
        raise unsupported(f"{name} of expressions that are no columns")
    made = [(who, plan.column("", who.type)), (when, plan.column(args[1].name, when.type))]
    for arg in dimensions:
        assert isinstance(arg, Field)
        value = at.value(arg)
        made.append((value, plan.column(arg.name, value.type)))
    cte = plan.cte(f"SELECT {', '.join(f'{value.sql} AS {column.id}' for value, column in made)} FROM {frame.cte}")
    start, stop = (plan.constant(frame, arg, when.type, f"bounds of {name}").sql for arg in args[2:4])
    return Line(cte, made[0][1], made[1][1], tuple(column for _, column in made[2:]), start, stop)


def width_sql(plan: Plan, expr: Expr, line: Line, name: str) -> str:
    value = plan.expressions(Frame("", ())).value(expr)
    if value.type == "string":
        raise unsupported(f"{name} by {value.constant}")
    kind = "timespan" if line.time.type in ("datetime", "timespan") else line.time.type
    return convert(value, kind).sql


def sliding_window_counts(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Rows and distinct ids of the windows that end with each bin from start to end; windows without rows are left out."""
    name = stage.plugin
    if len(stage.args) < 6:
        raise unsupported(f"{name} with these arguments")
    line = id_line(plan, frame, stage.args[:4], stage.args[6:], name)
    back, width = (width_sql(plan, arg, line, name) for arg in stage.args[4:6])
    moment = plan.column(line.time.name, line.time.type)
    total, distinct = plan.column("Count", "long"), plan.column("Dcount", "long")
    points = plan.cte(f"SELECT unnest(generate_series({line.start}, {line.stop}, {width})) AS {moment.id}")
    joined = f"{line.time.id} >= {moment.id} - {back} + {width} AND {line.time.id} < {moment.id} + {width}"
    cte = plan.cte(
        f"SELECT {moment.id}{line.group}, count(*) AS {total.id}, count(DISTINCT {line.id.id}) AS {distinct.id}"
        f" FROM {points} JOIN {line.cte} ON {joined} GROUP BY {moment.id}{line.group}"
    )
    return Frame(cte, (moment, *line.dimensions, total, distinct), order=(OrderKey(moment.id, False, False),))


def activity_counts_metrics(plan: Plan, stage: Evaluate, frame: Frame) -> Frame:
    """Per window: rows, distinct ids, ids not seen in a window before, and all ids seen so far."""
    name = stage.plugin
    if len(stage.args) < 5:
        raise unsupported(f"{name} with these arguments")
    line = id_line(plan, frame, stage.args[:4], stage.args[5:], name)
    width = width_sql(plan, stage.args[4], line, name)
    moment = plan.column(line.time.name, line.time.type)
    names = ("count", "dcount", "new_dcount", "aggregated_dcount")
    total, distinct, new, ever = (plan.column(label, "long") for label in names)
    binned = plan.cte(
        f"SELECT {line.id.id}{line.group}, k_bin({line.time.id} - {line.start}, {width}) + {line.start} AS {moment.id} FROM {line.cte}"
        f" WHERE {line.time.id} >= {line.start} AND {line.time.id} <= {line.stop}"
    )
    by = f"PARTITION BY {line.id.id}{line.group}"
    first = plan.cte(f"SELECT *, {moment.id} = min({moment.id}) OVER ({by}) AS k_first FROM {binned}")
    counted = plan.cte(
        f"SELECT {moment.id}{line.group}, count(*) AS {total.id}, count(DISTINCT {line.id.id}) AS {distinct.id},"
        f" count(DISTINCT {line.id.id}) FILTER (WHERE k_first) AS {new.id} FROM {first} GROUP BY {moment.id}{line.group}"
    )
    within = f"PARTITION BY {line.group[2:]} " if line.dimensions else ""
    cte = plan.cte(f"SELECT *, (sum({new.id}) OVER ({within}ORDER BY {moment.id}))::BIGINT AS {ever.id} FROM {counted}")
    columns = (moment, *line.dimensions, total, distinct, new, ever)
    return Frame(cte, columns, order=(OrderKey(moment.id, False, False),))
