"""`top-nested` and `top-hitters`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import TopHitters, TopNested
from .aggregates import aggregate_value
from .frame import Col, Frame, OrderKey
from .values import convert, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def top_nested(plan: Plan, stage: TopNested, frame: Frame) -> Frame:
    """For each level its key and its aggregate; each level within the kept values of the one above."""
    if frame.groups:
        raise unsupported("top-nested inside a partition")
    rows = frame
    columns: list[Col] = []
    keys: list[Col] = []
    names = [name for name, _ in plan.named(stage, frame)]
    for place, level in enumerate(stage.levels):
        if level.others is not None:
            raise unsupported("top-nested with others")
        value = plan.expressions(rows).value(level.of.value)
        key = plan.column(names[2 * place], value.type)
        rows = replace(
            rows, cte=plan.cte(plan.select(rows, [*plan.kept(rows), *((c.value, c) for c in columns), (value, key)]))
        )
        best = aggregate_value(plan, rows, level.by.value)
        score = plan.column(names[2 * place + 1], best.type)
        group = ", ".join(column.id for column in (*keys, key))
        parent = f"PARTITION BY {', '.join(column.id for column in keys)} " if keys else ""
        way = "DESC" if level.descending else "ASC"
        limit = ""
        if level.count is not None:
            count = plan.constant(frame, level.count, "long", "count of top-nested")
            limit = f" QUALIFY row_number() OVER ({parent}ORDER BY {score.id} {way} NULLS LAST) <= {count.sql}"
        top = plan.cte(f"SELECT {group}, {best.sql} AS {score.id} FROM {rows.cte} GROUP BY {group}{limit}")
        same = " AND ".join(f"k_l.{column.id} IS NOT DISTINCT FROM k_r.{column.id}" for column in (*keys, key))
        rows = replace(rows, cte=plan.cte(f"SELECT k_l.*, k_r.{score.id} FROM {rows.cte} k_l JOIN {top} k_r ON {same}"))
        keys.append(key)
        columns += [key, score]
    ids = ", ".join(column.id for column in columns)
    cte = plan.cte(f"SELECT DISTINCT {ids} FROM {rows.cte}")
    order = tuple(
        OrderKey(column.id, stage.levels[spot // 2].descending if spot % 2 else False, False)
        for spot, column in sorted(enumerate(columns), key=lambda pair: (pair[0] // 2, 1 - pair[0] % 2))
    )
    return Frame(cte, tuple(columns), order=order)


def top_hitters(plan: Plan, stage: TopHitters, frame: Frame) -> Frame:
    """The most frequent values, exactly."""
    at = plan.expressions(frame)
    value = at.value(stage.of.value)
    (name, _), (label, _) = plan.named(stage, frame)
    key = plan.column(name, value.type)
    score = "count(*)" if stage.by is None else f"sum({convert(at.value(stage.by), 'real').sql})"
    total = Col(label, "long" if stage.by is None else at.value(stage.by).type, plan.fresh())
    count = plan.constant(frame, stage.count, "long", "count of top-hitters").sql
    if frame.groups:
        raise unsupported("top-hitters inside a partition")
    cast = "::BIGINT" if total.type in ("long", "int") else ""
    sql = f"SELECT {value.sql} AS {key.id}, ({score}){cast} AS {total.id} FROM {frame.cte} GROUP BY ALL ORDER BY {total.id} DESC LIMIT {count}"
    return Frame(plan.cte(sql), (key, total), order=(OrderKey(total.id, True, False),))
