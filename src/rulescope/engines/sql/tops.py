"""`top-nested` and `top-hitters`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import TopHitters, TopNested
from .aggregates import aggregate_value
from .frame import Col, Frame, OrderKey
from .values import convert, null, unsupported

if TYPE_CHECKING:
    from .plan import Plan


def top_nested(plan: Plan, stage: TopNested, frame: Frame) -> Frame:
    """For each level its key and its aggregate; each level within the kept values of the one above."""
    if any(level.others is not None for level in stage.levels):
        return _with_others(plan, stage, frame)
    rows = frame
    columns: list[Col] = []
    keys = [Col("", "", group) for group in frame.groups]  # each part has levels of its own
    names = [name for name, _ in plan.named(stage, frame)]
    for place, level in enumerate(stage.levels):
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
        top = plan.cte(
            f"SELECT {group}, {best.sql} AS {score.id} FROM {rows.cte} GROUP BY {group}{limit}", materialized=True
        )
        same = " AND ".join(f"k_l.{column.id} IS NOT DISTINCT FROM k_r.{column.id}" for column in (*keys, key))
        rows = replace(rows, cte=plan.cte(f"SELECT k_l.*, k_r.{score.id} FROM {rows.cte} k_l JOIN {top} k_r ON {same}"))
        keys.append(key)
        columns += [key, score]
    ids = ", ".join((*(column.id for column in columns), *frame.groups))
    cte = plan.cte(f"SELECT DISTINCT {ids} FROM {rows.cte}")
    order = tuple(
        OrderKey(column.id, stage.levels[spot // 2].descending if spot % 2 else False, False)
        for spot, column in sorted(enumerate(columns), key=lambda pair: (pair[0] // 2, 1 - pair[0] % 2))
    )
    return Frame(cte, tuple(columns), order=order, groups=frame.groups)


def _with_others(plan: Plan, stage: TopNested, frame: Frame) -> Frame:
    """Top-nested of which some level keeps the rest: each row knows the level where it left the top, counted from 1 (0: never).

    What left the top stays together on all levels below, where it is the rest too: with the level's label and the aggregate over
    it, or nulls on a level without label. What a last level without label or a level with nothing left to it gives is not
    documented, so both are refused, the second while the query runs. A level without label that takes all, or has nothing left, adds
    no row.
    Source: https://learn.microsoft.com/kusto/query/top-nested-operator
    """
    names = [name for name, _ in plan.named(stage, frame)]
    if frame.groups:
        raise unsupported("top-nested with others inside a partition")
    if stage.levels[-1].others is None:
        raise unsupported("top-nested with others above a level without")
    left = plan.fresh()
    rows = replace(frame, cte=plan.cte(f"SELECT *, 0 AS {left} FROM {frame.cte}"))
    columns: list[Col] = []
    keys: list[Col] = []
    empty = "error('UnsupportedError: top-nested with others where no others are')"
    for place, level in enumerate(stage.levels):
        if level.count is None and level.others is not None:
            raise unsupported("top-nested with others where a level takes all")
        value = plan.expressions(rows).value(level.of.value)
        label = null(value.type)
        if level.others is not None:
            label = plan.expressions(Frame("(SELECT 1)", ())).value(level.others)
            if label.type != value.type:
                raise unsupported(f"top-nested of {value.type} with others of {label.type}")
        own = plan.column("", value.type)
        rows = replace(rows, cte=plan.cte(f"SELECT *, {value.sql} AS {own.id} FROM {rows.cte}"))
        inside = replace(rows, cte=plan.cte(f"SELECT * FROM {rows.cte} WHERE {left} = 0"))
        group = ", ".join(column.id for column in (*keys, own))
        parent = f"PARTITION BY {', '.join(column.id for column in keys)}" if keys else ""
        best = aggregate_value(plan, inside, level.by.value)
        way = "DESC" if level.descending else "ASC"
        limit = ""
        if level.count is not None:
            count = plan.constant(frame, level.count, "long", "count of top-nested").sql
            if level.others is not None:
                count = f"CASE WHEN count(*) OVER ({parent}) <= {count} THEN {empty}::BIGINT ELSE {count} END"
            limit = f" QUALIFY row_number() OVER ({parent} ORDER BY k_best {way} NULLS LAST) <= {count}"
        top = plan.cte(
            f"SELECT {group}, {best.sql} AS k_best FROM {inside.cte} GROUP BY {group}{limit}",
            materialized=True,  # of equals the same ones each time it is read
        )
        same = " AND ".join(f"k_l.{column.id} IS NOT DISTINCT FROM k_r.{column.id}" for column in (*keys, own))
        key = plan.column(names[2 * place], value.type)
        now = plan.fresh()
        found = (
            f"SELECT k_l.*, CASE WHEN k_l.{left} > 0 THEN k_l.{left} WHEN k_r.k_in THEN 0 ELSE {place + 1} END AS {now}"
        )
        marked = plan.cte(
            f"{found} FROM {rows.cte} k_l LEFT JOIN (SELECT *, TRUE AS k_in FROM {top}) k_r ON k_l.{left} = 0 AND {same}"
        )
        left = now
        rows = replace(
            rows,
            cte=plan.cte(
                f"SELECT *, CASE WHEN {left} = 0 THEN {own.id} ELSE {label.sql} END AS {key.id} FROM {marked}"
            ),
        )
        keys.append(key)
        # --- the aggregate of the level, over what is in the top and over what is not
        group = ", ".join((left, *(column.id for column in keys)))
        best = aggregate_value(plan, rows, level.by.value)
        score = plan.column(names[2 * place + 1], best.type)
        made = best.sql if level.others is not None else f"CASE WHEN {left} = 0 THEN {best.sql} END"
        scores = plan.cte(f"SELECT {group}, {made} AS {score.id} FROM {rows.cte} GROUP BY {group}")
        same = " AND ".join(f"k_l.{name} IS NOT DISTINCT FROM k_r.{name}" for name in group.split(", "))
        rows = replace(
            rows, cte=plan.cte(f"SELECT k_l.*, k_r.{score.id} FROM {rows.cte} k_l JOIN {scores} k_r ON {same}")
        )
        columns += [key, score]
    ids = ", ".join(column.id for column in columns)
    depth = plan.fresh()
    none = f"SELECT 0, {', '.join('NULL' for _ in columns)} FROM (SELECT count(*) AS k_n FROM {frame.cte})"
    cte = plan.cte(
        f"SELECT DISTINCT CASE WHEN {left} = 0 THEN {-len(stage.levels) - 1} ELSE -{left} END AS {depth}, {ids} FROM {rows.cte}"
        f" UNION ALL {none} WHERE CASE WHEN k_n = 0 THEN {empty}::BOOLEAN ELSE FALSE END"
    )
    order = tuple(
        OrderKey(column.id, stage.levels[spot // 2].descending if spot % 2 else False, False)
        for spot, column in sorted(enumerate(columns), key=lambda pair: (pair[0] // 2, 1 - pair[0] % 2))
    )
    return Frame(cte, tuple(columns), order=(OrderKey(depth, False, False), *order))


def top_hitters(plan: Plan, stage: TopHitters, frame: Frame) -> Frame:
    """The most frequent values, exactly."""
    at = plan.expressions(frame)
    value = at.value(stage.of.value)
    (name, _), (label, _) = plan.named(stage, frame)
    key = plan.column(name, value.type)
    score = "count(*)" if stage.by is None else f"sum({convert(at.value(stage.by), 'real').sql})"
    total = Col(label, "long" if stage.by is None else at.value(stage.by).type, plan.fresh())
    count = f"greatest({plan.constant(frame, stage.count, 'long', 'count of top-hitters').sql}, 0)"
    cast = "::BIGINT" if total.type in ("long", "int") else ""
    groups = ", ".join(frame.groups)
    sql = f"SELECT {value.sql} AS {key.id}, ({score}){cast} AS {total.id}{f', {groups}' if groups else ''} FROM {frame.cte} GROUP BY ALL"
    if groups:
        sql = f"SELECT * FROM ({sql}) QUALIFY row_number() OVER (PARTITION BY {groups} ORDER BY {total.id} DESC) <= {count}"
    else:
        sql += f" ORDER BY {total.id} DESC LIMIT {count}"
    order = (OrderKey(total.id, True, False),)
    return Frame(plan.cte(sql, materialized=True), (key, total), order=order, groups=frame.groups)
