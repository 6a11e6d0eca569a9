"""Functions of ordered rows: prev, next, row_number, row_cumsum, row_rank_*, row_window_session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Call
from .frame import Col, Frame
from .values import Value, convert, number, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def lower_window(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    """`frame` with a hidden column that holds the value of `call`, and that column."""
    return WINDOW[call.name](plan, frame, call)


def _added(plan: Plan, frame: Frame, value: Value, name: str = "") -> tuple[Frame, Col]:
    column = Col(name or f"\x00{plan.fresh('w')}", value.type, plan.fresh())
    return plan.stage(frame, [*plan.kept(frame), (value, column)]), column


def _shift(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    at = plan.expressions(frame)
    value = at.value(call.args[0])
    offset = plan.constant(frame, call.args[1], "long", f"offset of {call.name}").sql if len(call.args) > 1 else "1"
    name = "lag" if call.name == "prev" else "lead"
    default = ""
    if len(call.args) > 2:
        given = convert(at.value(call.args[2]), value.type)
        default = f", {given.sql}"
    sql = f"{name}({value.sql}, ({offset})::INTEGER{default}) {frame.over()}"
    return _added(plan, frame, Value(f"coalesce({sql}, '')" if value.type == "string" else sql, value.type))


def _row_number(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    start = plan.constant(frame, call.args[0], "long", "start of row_number").sql if call.args else "1"
    if len(call.args) > 1:
        frame, group = _restarts(plan, frame, plan.expressions(frame).holds(call.args[1]))
        frame, position = _position(plan, frame)
        return _added(plan, frame, Value(f"row_number() {_over(frame, group.id, position.id)} - 1 + {start}", "long"))
    return _added(plan, frame, Value(f"row_number() {frame.over()} - 1 + {start}", "long"))


def _position(plan: Plan, frame: Frame) -> tuple[Frame, Col]:
    """`frame` with a column of row numbers in its order."""
    return _added(plan, frame, Value(f"row_number() {frame.over()}", "long"))


def _over(frame: Frame, group: str, order: str = "") -> str:
    parts = ", ".join((*frame.groups, group))
    return f"OVER (PARTITION BY {parts}{f' ORDER BY {order}' if order else ''})"


def _restarts(plan: Plan, frame: Frame, condition: str) -> tuple[Frame, Col]:
    """`frame` with a column that grows by one at each row where `condition` holds."""
    frame, position = _position(plan, frame)
    groups = f"PARTITION BY {', '.join(frame.groups)} " if frame.groups else ""
    sql = f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END) OVER ({groups}ORDER BY {position.id} ROWS UNBOUNDED PRECEDING)"
    return _added(plan, frame, Value(f"({sql})::BIGINT", "long"))


def _cumulative(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    value = number(plan.expressions(frame).value(call.args[0]), "row_cumsum")
    frame, term = _added(plan, frame, value)
    partition = list(frame.groups)
    if len(call.args) > 1:
        frame, group = _restarts(plan, frame, plan.expressions(frame).holds(call.args[1]))
        partition.append(group.id)
    frame, position = _position(plan, frame)
    groups = f"PARTITION BY {', '.join(partition)} " if partition else ""
    sql = f"sum({term.id}) OVER ({groups}ORDER BY {position.id} ROWS UNBOUNDED PRECEDING)"
    kind = "long" if value.type == "int" else value.type
    return _added(plan, frame, Value(f"({sql})::BIGINT" if kind in ("long", "timespan") else sql, kind))


def _rank(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    at = plan.expressions(frame)
    term = at.value(call.args[0])
    frame, value = _added(plan, frame, term)
    frame, position = _position(plan, frame)
    groups = f"PARTITION BY {', '.join(frame.groups)} " if frame.groups else ""
    changed = f"{value.id} IS DISTINCT FROM lag({value.id}) OVER ({groups}ORDER BY {position.id})"
    restart = plan.expressions(frame).holds(call.args[1]) if len(call.args) > 1 else ""
    frame, first = _added(
        plan, frame, Value(f"({changed}) OR row_number() OVER ({groups}ORDER BY {position.id}) = 1", "bool")
    )
    partition = list(frame.groups)
    if restart:
        frame, group = _restarts(plan, frame, restart)
        partition.append(group.id)
    inner = f"PARTITION BY {', '.join(partition)} " if partition else ""
    if call.name == "row_rank_dense":
        sql = f"(sum(CASE WHEN {first.id} THEN 1 ELSE 0 END) OVER ({inner}ORDER BY {position.id} ROWS UNBOUNDED PRECEDING))::BIGINT"
        return _added(plan, frame, Value(sql, "long"))
    frame, row = _added(plan, frame, Value(f"row_number() OVER ({inner}ORDER BY {position.id})", "long"))
    sql = f"max(CASE WHEN {first.id} THEN {row.id} END) OVER ({inner}ORDER BY {position.id} ROWS UNBOUNDED PRECEDING)"
    return _added(plan, frame, Value(sql, "long"))


def _session(plan: Plan, frame: Frame, call: Call) -> tuple[Frame, Col]:
    at = plan.expressions(frame)
    moment = at.value(call.args[0])
    if moment.type != "datetime":
        raise unsupported(f"row_window_session of a {moment.type}")
    first, between = (convert(at.value(arg), "timespan").sql for arg in call.args[1:3])
    restart = at.holds(call.args[3]) if len(call.args) > 3 else "FALSE"
    frame, value = _added(plan, frame, moment)
    frame, flag = _added(plan, frame, Value(f"coalesce({restart}, FALSE)", "bool"))
    frame, position = _position(plan, frame)
    groups = ", ".join(frame.groups)
    item = f"CASE WHEN {flag.id} THEN '!' ELSE '' END || coalesce({value.id}::VARCHAR, '')"
    listed = f"list({item} ORDER BY {position.id})"
    parts = plan.cte(
        f"SELECT {groups + ', ' if groups else ''}kx_sessions({listed}, {first}, {between}) AS k_starts FROM {frame.cte}{' GROUP BY ' + groups if groups else ''}"
    )
    column = Col(f"\x00{plan.fresh('w')}", "datetime", plan.fresh())
    condition = " AND ".join(f"k_l.{name} IS NOT DISTINCT FROM k_r.{name}" for name in frame.groups) or "TRUE"
    cte = plan.cte(
        f"SELECT k_l.*, k_r.k_starts[k_l.{position.id}] AS {column.id} FROM {frame.cte} k_l JOIN {parts} k_r ON {condition}"
    )
    return replace(frame, cte=cte, columns=(*frame.columns, column)), column


WINDOW = {
    "prev": _shift, "next": _shift, "row_number": _row_number, "row_cumsum": _cumulative, "row_rank_dense": _rank,
    "row_rank_min": _rank, "row_window_session": _session,
}  # fmt: skip
