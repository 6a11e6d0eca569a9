"""`scan`: a state machine over ordered rows, as a recursive query that takes one row a turn.

Each step holds at most one open match: the last row it took and its declared columns. A row is offered to the steps from the
last to the first; to a later step it goes when the one before holds a match, and takes that match along; to the first step
always. Source: https://learn.microsoft.com/kusto/query/scan-operator
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Expr, Field, Index, Literal, Node, ScanRows, ScanStep, rewrite
from .expressions import Expressions
from .frame import Col, Frame, OrderKey
from .stages_order import ordered
from .values import Value, convert, null, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def scan_rows(plan: Plan, stage: ScanRows, frame: Frame) -> Frame:
    """Rows that match a step, with the declared columns as that step left them."""
    if stage.partition_by or frame.groups or len(stage.steps) != 1 or stage.match_id:
        raise unsupported("operator scan with several steps, partitions or a match id")
    (step,) = stage.steps
    if step.output not in ("all", "last"):
        raise unsupported(f"scan output={step.output}")
    if stage.order_by:
        frame = ordered(plan, frame, stage.order_by)
    row = plan.column("\x00row", "long")
    numbered = plan.cte(plan.select(frame, [*plan.kept(frame), (Value(f"row_number() {frame.over()}", "long"), row)]))
    rows = replace(frame, cte=numbered)
    return _one_step(plan, stage, step, rows, row)


def _one_step(plan: Plan, stage: ScanRows, step: ScanStep, rows: Frame, row: Col) -> Frame:
    """A single step: its state is the row it took last."""
    declared = [plan.column(typed.name, typed.type) for typed in stage.declared]
    state = {column.name: plan.column(f"\x00state.{column.name}", column.type) for column in (*rows.columns, *declared)}
    start = Frame("", ())
    defaults = [
        convert(Expressions(plan, start).value(given), column.type) if given is not None else null(column.type)
        for column, given in zip(declared, stage.defaults or (None,) * len(declared), strict=True)
    ]
    wide = replace(rows, columns=(*rows.columns, *state.values()))
    at = Expressions(plan, wide)
    made = {
        column.name: convert(at.value(_stated(assigned.value, step.name)), column.type)
        for assigned in step.assignments
        for column in declared
        if assigned.name == column.name
    }
    if len(made) != len(step.assignments):
        raise unsupported("scan that assigns to a column it does not declare")
    holds = f"coalesce({at.holds(_stated(step.condition, step.name))}, FALSE)"
    hit = plan.fresh()
    name = plan.fresh("t")
    first = [f"{null(column.type).sql} AS {state[column.name].id}" for column in rows.columns]
    first += [f"{default.sql} AS {state[column.name].id}" for column, default in zip(declared, defaults, strict=True)]
    after = [f"CASE WHEN {holds} THEN {column.id} ELSE {state[column.name].id} END" for column in rows.columns]
    after += [
        f"CASE WHEN {holds} THEN {(made.get(column.name) or state[column.name].value).sql} ELSE {state[column.name].id} END"
        for column in declared
    ]
    turn = plan.fresh()
    names = ", ".join([turn, hit, *(column.id for column in state.values())])
    plan.recursive = True
    plan.ctes.append(
        f"{name}({names}) AS (SELECT 0::BIGINT, FALSE, {', '.join(first)} UNION ALL SELECT {row.id}, {holds}, {', '.join(after)}"
        f" FROM {name} JOIN {rows.cte} ON {row.id} = {turn} + 1)"
    )
    items = [f"k_r.{column.id}" for column in rows.columns]
    items += [f"k_s.{state[column.name].id} AS {column.id}" for column in declared]
    items += [f"k_r.{row.id}"] + [f"k_r.{hidden}" for hidden in rows.hidden]
    cte = plan.cte(
        f"SELECT {', '.join(dict.fromkeys(items))} FROM {rows.cte} k_r JOIN {name} k_s ON k_r.{row.id} = k_s.{turn} WHERE k_s.{hit}"
    )
    return Frame(cte, (*rows.columns, *declared), order=(OrderKey(row.id, False, False),), serialized=True)


def _stated(expr: Expr, step: str) -> Expr:
    """`expr` with `step.column` made the column that holds the state."""

    def change(node: Node) -> Node:
        if isinstance(node, Index) and node.base == Field(
            step, node.base.span if isinstance(node.base, Field) else None
        ):
            if isinstance(node.key, Literal) and isinstance(node.key.value, str):
                return Field(f"\x00state.{node.key.value}")
        return node

    changed: Expr = rewrite(expr, change)
    return changed
